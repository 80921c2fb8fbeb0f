//! Sockets of ours that hold connections while nobody serves them.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, OwnedFd};

use config::spec::RunAs;
use nix::libc;
use rustix::net::sockopt::{set_ipv6_v6only, set_socket_reuseaddr, set_socket_reuseport};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with};

use super::key::Port;
use super::rights::as_user;
use crate::sys::socket::{BACKLOG_MAX, network, set_option};

/// Makes a socket that listens in this group, as the user of the app: the kernel lets only sockets
/// of one user share a port.
///
/// Errors: the kernel's; see [`open`].
pub(super) fn park(port: &Port, user: Option<&RunAs>) -> io::Result<OwnedFd> {
    let socket = open(port, user)?;
    set_socket_reuseaddr(&socket, true)?;
    set_socket_reuseport(&socket, true)?;
    bind(&socket, &port.at)?;
    listen(&socket, BACKLOG_MAX)?;
    Ok(socket)
}

/// Makes a socket of the app's user for this port, neither bound nor in any group yet.
///
/// Errors: the kernel's; `EXDEV` where the port belongs to another network than ours.
pub(super) fn open(port: &Port, user: Option<&RunAs>) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let family = match port.at {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let socket = as_user(user, || {
        socket_with(family, SocketType::STREAM, flags, None)
    })?;
    if network(socket.as_fd()) != port.network {
        return Err(io::Error::from_raw_os_error(libc::EXDEV));
    }
    if port.at.is_ipv6() {
        set_ipv6_v6only(&socket, !port.is_dual)?;
    }
    if port.device != 0 {
        let device = (libc::SOL_SOCKET, libc::SO_BINDTOIFINDEX);
        set_option(socket.as_fd(), device, port.device)?;
    }
    Ok(socket)
}
