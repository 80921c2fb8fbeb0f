//! Sockets of ours that hold connections while nobody serves them.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, OwnedFd};

use config::spec::RunAs;
use nix::libc;
use nix::unistd::{Gid, Uid, getegid, geteuid, setfsgid, setfsuid};
use rustix::net::sockopt::{set_ipv6_v6only, set_socket_reuseaddr, set_socket_reuseport};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with};

use super::key::Key;
use crate::sys::socket::{network, set_option};

/// As many connections may wait as the kernel allows.
pub(super) const BACKLOG_MAX: i32 = i32::MAX;

/// Makes a socket that listens in this group, as the user of the app: the kernel lets only sockets
/// of one user share a port.
///
/// Errors: the kernel's; see [`open`].
pub(super) fn park(key: &Key, user: Option<&RunAs>) -> io::Result<OwnedFd> {
    let socket = open(key, user)?;
    set_socket_reuseaddr(&socket, true)?;
    set_socket_reuseport(&socket, true)?;
    bind(&socket, &key.at)?;
    listen(&socket, BACKLOG_MAX)?;
    Ok(socket)
}

/// Makes a socket of the app's user for this key, neither bound nor in any group yet.
///
/// Errors: the kernel's; `EXDEV` where the key belongs to another network than ours.
pub(super) fn open(key: &Key, user: Option<&RunAs>) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let family = match key.at {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let socket = as_user(user, || {
        socket_with(family, SocketType::STREAM, flags, None)
    })?;
    if network(socket.as_fd()) != key.network {
        return Err(io::Error::from_raw_os_error(libc::EXDEV));
    }
    if key.at.is_ipv6() {
        set_ipv6_v6only(&socket, !key.is_dual)?;
    }
    if key.device != 0 {
        let device = (libc::SOL_SOCKET, libc::SO_BINDTOIFINDEX);
        set_option(socket.as_fd(), device, key.device)?;
    }
    Ok(socket)
}

/// Does something with the file access of this user, on this thread alone. Only root can; for
/// anybody else the app's user is our own.
pub(super) fn as_user<T>(user: Option<&RunAs>, deed: impl FnOnce() -> T) -> T {
    let Some(user) = user.filter(|_| geteuid().is_root()) else {
        return deed();
    };
    // They return what was set before, and never fail for root.
    setfsgid(Gid::from_raw(user.gid));
    setfsuid(Uid::from_raw(user.uid));
    let done = deed();
    setfsuid(geteuid());
    setfsgid(getegid());
    done
}
