//! Whether anybody but us still has a socket open.
//!
//! Our duplicate keeps a socket listening that its app has closed: one that looks whether a port is
//! free listens there, closes, and listens anew. The kernel tells nobody how many hold a socket, so
//! it is looked for among the descriptors of processes: first where it was, then in the same process,
//! last of all everywhere.

use std::fs;
use std::os::fd::BorrowedFd;

use nix::unistd::{Pid, getpid};

use crate::seats::{self, Number};

/// Where a socket was last known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holder {
    /// The process.
    pub(super) process: Pid,
    /// Its descriptor.
    pub(super) number: Number,
}

/// Who holds it besides us, as far as that can be looked into.
pub(super) fn find(socket: BorrowedFd<'_>, last: Holder) -> Option<Holder> {
    let inode = rustix::fs::fstat(socket).ok()?.st_ino;
    let look = || {
        let is_there = seats::socket(last.process, last.number) == Some(inode);
        is_there
            .then_some(last)
            .or_else(|| within(last.process, inode))
            .or_else(|| anywhere(inode))
    };
    // It may pass from one process to another while it is looked for.
    look().or_else(look)
}

fn within(process: Pid, inode: u64) -> Option<Holder> {
    let sockets = seats::sockets(process).unwrap_or_default();
    let (number, _) = sockets.into_iter().find(|(_, it)| *it == inode)?;
    Some(Holder { process, number })
}

fn anywhere(inode: u64) -> Option<Holder> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .map(Pid::from_raw)
        .filter(|process| *process != getpid())
        .find_map(|process| within(process, inode))
}
