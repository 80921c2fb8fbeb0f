//! Which descriptors of a process are sockets, and a hold on one of them.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::unistd::Pid;
use rustix::process::{PidfdGetfdFlags, pidfd_getfd};

/// A descriptor's number in a process.
pub(crate) type Number = i32;

/// The sockets of a process: under which number it has each, and which one that is.
///
/// Errors: the process is gone, or may not be looked at.
pub(crate) fn sockets(process: Pid) -> io::Result<Vec<(Number, u64)>> {
    let folder = fs::read_dir(format!("/proc/{process}/fd"))?;
    let socket = |entry: io::Result<fs::DirEntry>| {
        let entry = entry.ok()?;
        let number = entry.file_name().to_str()?.parse().ok()?;
        Some((
            number,
            inode_of(fs::read_link(entry.path()).ok()?.to_str()?)?,
        ))
    };
    Ok(folder.filter_map(socket).collect())
}

/// Which socket a process has under a number; none where that is none.
pub(crate) fn socket(process: Pid, number: Number) -> Option<u64> {
    let link = fs::read_link(format!("/proc/{process}/fd/{number}")).ok()?;
    inode_of(link.to_str()?)
}

fn inode_of(link: &str) -> Option<u64> {
    let number = link.strip_prefix("socket:[")?.strip_suffix(']')?;
    number.parse().ok()
}

/// A duplicate of what a process has under a number.
///
/// For as long as it is kept, the program's own `close` ends nothing.
///
/// Errors: `EBADF` where there is nothing, `EPERM` where that is not allowed.
pub(crate) fn duplicate(process: impl AsFd, number: Number) -> io::Result<OwnedFd> {
    Ok(pidfd_getfd(process, number, PidfdGetfdFlags::empty())?)
}
