//! Makes a socket that is handed to a run like the fresh one that it stands in for.

use std::io;
use std::os::fd::BorrowedFd;

use nix::libc;
use rustix::fs::{fcntl_getfl, fcntl_setfl};
use rustix::net::sockopt::{
    Timeout, set_socket_linger, set_socket_timeout, socket_linger, socket_timeout,
};

use crate::sys::socket::{IntOption, option, set_option};

/// What a program may have set before it binds and that matters to it or to what it accepts.
const OPTIONS: [IntOption; 24] = [
    (libc::SOL_SOCKET, libc::SO_REUSEADDR),
    (libc::SOL_SOCKET, libc::SO_KEEPALIVE),
    (libc::SOL_SOCKET, libc::SO_OOBINLINE),
    (libc::SOL_SOCKET, libc::SO_PRIORITY),
    (libc::SOL_SOCKET, libc::SO_RCVLOWAT),
    (libc::SOL_SOCKET, libc::SO_TIMESTAMP),
    (libc::SOL_SOCKET, libc::SO_MARK),
    (libc::SOL_SOCKET, libc::SO_INCOMING_CPU),
    (libc::SOL_SOCKET, libc::SO_ZEROCOPY),
    (libc::IPPROTO_TCP, libc::TCP_NODELAY),
    (libc::IPPROTO_TCP, libc::TCP_KEEPIDLE),
    (libc::IPPROTO_TCP, libc::TCP_KEEPINTVL),
    (libc::IPPROTO_TCP, libc::TCP_KEEPCNT),
    (libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT),
    (libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT),
    (libc::IPPROTO_TCP, libc::TCP_FASTOPEN),
    (libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT),
    (libc::IPPROTO_TCP, libc::TCP_SYNCNT),
    (libc::IPPROTO_IP, libc::IP_TOS),
    (libc::IPPROTO_IP, libc::IP_TTL),
    (libc::IPPROTO_IP, libc::IP_FREEBIND),
    (libc::IPPROTO_IPV6, libc::IPV6_TCLASS),
    (libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS),
    (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO),
];

/// Buffers, whose size the kernel tells twice as large as it was asked for.
const BUFFERS: [IntOption; 2] = [
    (libc::SOL_SOCKET, libc::SO_RCVBUF),
    (libc::SOL_SOCKET, libc::SO_SNDBUF),
];

/// Gives `to` the status flags and options of `from`. What one of them does not have, or may not be
/// set, is left as it is.
///
/// Errors: the flags cannot be set.
pub(super) fn copy(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> io::Result<()> {
    for name in OPTIONS {
        copy_option(from, to, name, |value| value);
    }
    for name in BUFFERS {
        copy_option(from, to, name, |value| value / 2);
    }
    if let (Ok(ours), Ok(theirs)) = (socket_linger(to), socket_linger(from))
        && ours != theirs
    {
        set_socket_linger(to, theirs).ok();
    }
    for kind in [Timeout::Recv, Timeout::Send] {
        copy_timeout(from, to, kind);
    }
    fcntl_setfl(to, fcntl_getfl(from)?)?;
    Ok(())
}

fn copy_option(
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    name: IntOption,
    as_asked: impl Fn(i32) -> i32,
) {
    if let (Ok(ours), Ok(theirs)) = (option(to, name), option(from, name))
        && ours != theirs
    {
        set_option(to, name, as_asked(theirs)).ok();
    }
}

fn copy_timeout(from: BorrowedFd<'_>, to: BorrowedFd<'_>, kind: Timeout) {
    if let (Ok(ours), Ok(theirs)) = (socket_timeout(to, kind), socket_timeout(from, kind))
        && ours != theirs
    {
        set_socket_timeout(to, kind, theirs).ok();
    }
}
