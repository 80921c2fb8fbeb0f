//! What the kernel offers for a port, tried on a listener of our own.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd as _, OwnedFd};

use nix::libc::{BPF_K, BPF_RET};
use rustix::net::sockopt::{set_socket_reuseport, socket_cookie};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, getsockname, listen, socket_with};

use crate::connections::{Connections, Family, Port, States};
use crate::sys::seccomp::instruction;
use crate::sys::socket::attach_selector;

/// A socket that listens as an app's does, where only this machine could connect, at a port that the
/// kernel chooses.
///
/// Errors: the kernel's; the machine may have no loopback.
pub(super) fn listener() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    set_socket_reuseport(&socket, true)?;
    bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    listen(&socket, 0)?;
    Ok(socket)
}

/// Whether the kernel tells of it when it is asked for what is at its port.
///
/// Errors: it does not, and why.
pub(super) fn is_told(listener: &OwnedFd) -> io::Result<()> {
    let at = SocketAddr::try_from(getsockname(listener)?)?;
    let port = Port {
        family: Family::V4,
        number: at.port(),
    };
    let own = socket_cookie(listener)?;
    let told = Connections::open()?.at(&[port], States::LISTEN)?;
    if told.iter().any(|row| row.cookie == own) {
        Ok(())
    } else {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// Whether the kernel lets us choose who gets its connections.
///
/// Errors: it does not, and why.
pub(super) fn is_steered(listener: &OwnedFd) -> io::Result<()> {
    let the_first = instruction(BPF_RET | BPF_K, 0, 0, 0);
    attach_selector(listener.as_fd(), &mut [the_first])
}
