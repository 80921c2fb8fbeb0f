//! Whether anybody but us still has a socket open.
//!
//! Our duplicate keeps a socket listening that its app has closed: one that looks whether a port is
//! free listens there, closes, and listens anew. The kernel tells nobody how many hold a socket, so
//! it is looked for among the descriptors of processes: first where it was, then in the same process,
//! last of all everywhere.

use std::fs;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

/// Where a socket was last known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holder {
    /// The process.
    pub(super) process: i32,
    /// Its descriptor.
    pub(super) number: i32,
}

/// Whether somebody holds it besides us.
///
/// What cannot be looked into counts as not holding it.
pub(super) fn is_held(socket: BorrowedFd<'_>, by: Holder) -> bool {
    let Ok(name) = name(socket) else {
        return false;
    };
    let folder = descriptors_of(&by.process.to_string());
    is(&folder.join(by.number.to_string()), &name) || has(&folder, &name) || anybody_has(&name)
}

/// `socket:[…]`, as the kernel shows it for each of its descriptors.
fn name(socket: BorrowedFd<'_>) -> io::Result<PathBuf> {
    let about = rustix::fs::fstat(socket)?;
    Ok(PathBuf::from(format!("socket:[{}]", about.st_ino)))
}

fn descriptors_of(process: &str) -> PathBuf {
    Path::new("/proc").join(process).join("fd")
}

fn is(descriptor: &Path, name: &Path) -> bool {
    fs::read_link(descriptor).is_ok_and(|target| target == name)
}

fn has(folder: &Path, name: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| is(&entry.path(), name))
}

fn anybody_has(name: &Path) -> bool {
    let ours = std::process::id().to_string();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let names = processes.filter_map(|entry| entry.file_name().into_string().ok());
    names
        .filter(|process| process.starts_with(|it: char| it.is_ascii_digit()) && *process != ours)
        .any(|process| has(&descriptors_of(&process), name))
}
