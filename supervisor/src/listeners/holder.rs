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

/// Who holds it besides us, as far as that can be looked into.
pub(super) fn find(socket: BorrowedFd<'_>, last: Holder) -> Option<Holder> {
    let name = name(socket).ok()?;
    let look = || {
        let at = descriptors_of(last.process).join(last.number.to_string());
        let is_there = is(&at, &name).then_some(last);
        is_there
            .or_else(|| within(last.process, &name))
            .or_else(|| anywhere(&name))
    };
    // It may pass from one process to another while it is looked for.
    look().or_else(look)
}

/// `socket:[…]`, as the kernel shows it for each of its descriptors.
fn name(socket: BorrowedFd<'_>) -> io::Result<PathBuf> {
    let about = rustix::fs::fstat(socket)?;
    Ok(PathBuf::from(format!("socket:[{}]", about.st_ino)))
}

fn descriptors_of(process: i32) -> PathBuf {
    Path::new("/proc").join(process.to_string()).join("fd")
}

fn is(descriptor: &Path, name: &Path) -> bool {
    fs::read_link(descriptor).is_ok_and(|target| target == name)
}

fn within(process: i32, name: &Path) -> Option<Holder> {
    let entries = fs::read_dir(descriptors_of(process)).into_iter().flatten();
    let found = entries.flatten().find(|entry| is(&entry.path(), name))?;
    let number = found.file_name().to_str()?.parse().ok()?;
    Some(Holder { process, number })
}

fn anywhere(name: &Path) -> Option<Holder> {
    let ours = i32::try_from(std::process::id()).ok();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|process| Some(*process) != ours)
        .find_map(|process| within(process, name))
}
