//! Which sockets share a port, and which stand in each other's way.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;

use config::Address;
use nix::libc;
use rustix::net::sockopt::{ipv6_v6only, socket_domain};
use rustix::net::{AddressFamily, getsockname};

use crate::sys::socket::{network, option};

/// What the listeners of a group have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// A port: the kernel shares out connections among them.
    Port(Port),
    /// A socket file, absolute, in our view of the files: clients find the one that has this name.
    Path(PathBuf),
}

/// What sockets have in common between which the kernel shares out connections, but for their user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Port {
    /// The address, as it was bound.
    pub(super) at: SocketAddr,
    /// Whether an IPv6 address stands for IPv4 too. Always false for an IPv4 address.
    pub(super) is_dual: bool,
    /// The interface that it is bound to; 0: none.
    pub(super) device: i32,
    /// The network; 0: unknown.
    pub(super) network: u64,
}

/// Which addresses of one family a socket takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    None,
    One(IpAddr),
    All,
}

impl Key {
    /// How it is told.
    pub(super) fn address(&self) -> Address {
        match self {
            Self::Port(port) => Address::Tcp(port.at),
            Self::Path(path) => Address::Unix(path.clone()),
        }
    }

    /// The port; none for a socket file.
    pub(super) const fn port(&self) -> Option<&Port> {
        match self {
            Self::Port(port) => Some(port),
            Self::Path(_) => None,
        }
    }

    /// Whether a connection could belong to either of two sockets.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Port(port), Self::Port(other)) => port.overlaps(other),
            (Self::Path(path), Self::Path(other)) => path == other,
            (Self::Port(_), Self::Path(_)) | (Self::Path(_), Self::Port(_)) => false,
        }
    }
}

impl Port {
    /// What this socket has once it is bound to `at`.
    ///
    /// Errors: the kernel's; it is no socket of that family.
    pub(super) fn of(socket: BorrowedFd<'_>, at: SocketAddr) -> io::Result<Self> {
        let is_dual = socket_domain(socket)? == AddressFamily::INET6 && !ipv6_v6only(socket)?;
        Ok(Self {
            at: plain(at),
            is_dual,
            device: option(socket, (libc::SOL_SOCKET, libc::SO_BINDTOIFINDEX)).unwrap_or(0),
            network: network(socket),
        })
    }

    /// That of a socket that is bound to an IP address.
    ///
    /// Errors: the kernel's; it is another kind of socket.
    pub(super) fn of_bound(socket: BorrowedFd<'_>) -> io::Result<Self> {
        let at = SocketAddr::try_from(getsockname(socket)?)?;
        Self::of(socket, at)
    }

    /// Whether a connection could belong to either of two sockets: then, as the kernel has it, the
    /// second may not be bound.
    fn overlaps(&self, other: &Self) -> bool {
        let is_same_place = self.at.port() == other.at.port()
            && self.network == other.network
            && (self.device == other.device || self.device == 0 || other.device == 0);
        let scopes = (self.scope(), other.scope());
        let is_same_scope = scopes.0 == scopes.1 || scopes.0 == 0 || scopes.1 == 0;
        is_same_place
            && is_same_scope
            && (meet(self.reach_v4(), other.reach_v4()) || meet(self.reach_v6(), other.reach_v6()))
    }

    fn scope(&self) -> u32 {
        match self.at {
            SocketAddr::V4(_) => 0,
            SocketAddr::V6(at) => at.scope_id(),
        }
    }

    fn reach_v4(&self) -> Reach {
        match self.at.ip().to_canonical() {
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) if self.is_dual => Reach::All,
            IpAddr::V6(_) => Reach::None,
            IpAddr::V4(ip) if ip.is_unspecified() => Reach::All,
            IpAddr::V4(ip) => Reach::One(ip.into()),
        }
    }

    fn reach_v6(&self) -> Reach {
        match self.at.ip().to_canonical() {
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Reach::All,
            IpAddr::V6(ip) => Reach::One(ip.into()),
            IpAddr::V4(_) => Reach::None,
        }
    }
}

fn meet(one: Reach, other: Reach) -> bool {
    match (one, other) {
        (Reach::None, _) | (_, Reach::None) => false,
        (Reach::All, _) | (_, Reach::All) => true,
        (Reach::One(one), Reach::One(other)) => one == other,
    }
}

/// Without the flow label, which is no part of an address.
fn plain(mut at: SocketAddr) -> SocketAddr {
    if let SocketAddr::V6(at) = &mut at {
        at.set_flowinfo(0);
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(at: &str, is_dual: bool) -> Port {
        Port {
            at: at.parse().unwrap(),
            is_dual,
            device: 0,
            network: 1,
        }
    }

    #[test]
    fn sockets_overlap_where_one_connection_could_be_either_ones() {
        let any = port("0.0.0.0:80", false);
        let local = port("127.0.0.1:80", false);
        let dual = port("[::]:80", true);
        let only_v6 = port("[::]:80", false);
        let local_v6 = port("[::1]:80", true);
        let mapped = port("[::ffff:127.0.0.1]:80", true);
        let other = port("127.0.0.2:80", false);
        let table = [
            (any, local, true),
            (any, dual, true),
            (any, only_v6, false),
            (any, local_v6, false),
            (local, dual, true),
            (local, mapped, true),
            (local, other, false),
            (local, port("127.0.0.1:81", false), false),
            (dual, only_v6, true),
            (only_v6, local_v6, true),
            (local_v6, mapped, false),
            (any, mapped, true),
        ];
        for (one, two, expected) in table {
            assert_eq!(one.overlaps(&two), expected, "{one:?} {two:?}");
            assert_eq!(two.overlaps(&one), expected, "{two:?} {one:?}");
            assert!(one.overlaps(&one));
        }
        let elsewhere = Port { network: 2, ..any };
        assert!(!any.overlaps(&elsewhere), "another network");
        let on = |device| Port { device, ..any };
        assert!(any.overlaps(&on(3)));
        assert!(!on(2).overlaps(&on(3)), "another interface");
    }
}
