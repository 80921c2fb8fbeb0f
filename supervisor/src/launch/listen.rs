//! Listening sockets that an app is given, as systemd gives them: from number 3 on, told by
//! `LISTEN_FDS`.
//!
//! The launcher opens them itself, as the app's user and with the filter on: so they are answered as
//! the app's own calls would be, and handed over as these are.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use config::{Address, Env};
use nix::errno::Errno;
use protocol::{LaunchError, LaunchStage};
use rustix::net::addr::SocketAddrArg;
use rustix::net::sockopt::set_socket_reuseaddr;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with,
};

use super::At as _;
use crate::sys::socket::BACKLOG_MAX;

/// The number of the first one. Source: sd_listen_fds(3), `SD_LISTEN_FDS_START`.
pub(super) const FIRST: i32 = 3;

/// Opens them, in this order. They stay open across the exec, and must until then.
///
/// Errors: the address that cannot be had.
pub(super) fn open(at: &[Address]) -> Result<Vec<OwnedFd>, LaunchError> {
    let numbered = (FIRST..).zip(at);
    let opened = numbered.map(|(number, at)| {
        let socket = match at {
            Address::Tcp(at) => {
                let family = if at.is_ipv4() {
                    AddressFamily::INET
                } else {
                    AddressFamily::INET6
                };
                make(family, at)
            }
            Address::Unix(path) => make_file(path),
        };
        let socket = socket.and_then(|socket| {
            // Everything from here on was free.
            let is_there = socket.as_raw_fd() == number;
            is_there
                .then_some(socket)
                .ok_or_else(|| Errno::EBADF.into())
        });
        socket.at(LaunchStage::Listen, at)
    });
    opened.collect()
}

/// Tells the app of them.
pub(super) fn tell(env: &mut Env, at: &[Address]) {
    if at.is_empty() {
        return;
    }
    let names: Vec<String> = at.iter().map(name).collect();
    env.set("LISTEN_FDS", at.len().to_string());
    env.set("LISTEN_FDNAMES", names.join(":"));
}

/// Tells the app that they are meant for this process.
pub(super) fn tell_process(env: &mut Env, at: &[Address]) {
    if !at.is_empty() {
        env.set("LISTEN_PID", std::process::id().to_string());
    }
}

/// The port, or the name of the file. A name has no colon. Source: sd_listen_fds_with_names(3).
fn name(at: &Address) -> String {
    match at {
        Address::Tcp(at) => at.port().to_string(),
        Address::Unix(path) => {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().replace(':', "_")
        }
    }
}

/// A socket file that an earlier run has left is in the way of the first one alone: to the others
/// the daemon gives a name beside it. One at which somebody listens is not ours to take.
fn make_file(path: &Path) -> io::Result<OwnedFd> {
    let at = SocketAddrUnix::new(path)?;
    match make(AddressFamily::UNIX, &at) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_dead(path, &at) => {
            fs::remove_file(path)?;
            make(AddressFamily::UNIX, &at)
        }
        made => made,
    }
}

/// Whether this is a socket file that no socket has any more. Where that cannot be known, it is not.
fn is_dead(path: &Path, at: &SocketAddrUnix) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket());
    let refuses = || -> io::Result<bool> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let client = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        Ok(connect(&client, at) == Err(rustix::io::Errno::CONNREFUSED))
    };
    is_socket && refuses().unwrap_or(false)
}

fn make(family: AddressFamily, at: &impl SocketAddrArg) -> io::Result<OwnedFd> {
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::empty(), None)?;
    set_socket_reuseaddr(&socket, true)?;
    bind(&socket, at)?;
    listen(&socket, BACKLOG_MAX)?;
    Ok(socket)
}
