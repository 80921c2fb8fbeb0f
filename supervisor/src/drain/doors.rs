//! Where clients come in to a run: its listeners, as addresses and as sockets.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;

use config::Address;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::fstat;
use rustix::net::{SocketAddrUnix, getpeername, getsockname};

use crate::connections::{Family, Port};

/// The listeners of one run.
#[derive(Debug)]
pub(super) struct Doors {
    doors: Vec<Door>,
}

#[derive(Debug)]
struct Door {
    /// What it calls itself, and what comes in by it does, too. A relative path stays one.
    name: Address,
    /// Our duplicate, which keeps the listener open; none when that is over.
    socket: Option<OwnedFd>,
    /// Under which number `/proc/PID/fd` shows it.
    inode: u64,
}

impl Doors {
    /// These; what is no socket is passed over.
    pub(super) fn new(sockets: Vec<OwnedFd>) -> Self {
        let door = |socket: OwnedFd| {
            let name = name(socket.as_fd())?;
            let inode = fstat(&socket).ok()?.st_ino;
            Some(Door {
                name,
                socket: Some(socket),
                inode,
            })
        };
        let doors = sockets.into_iter().filter_map(door).collect();
        Self { doors }
    }

    /// The TCP ports, each once.
    pub(super) fn ports(&self) -> Vec<Port> {
        let mut ports: Vec<Port> = self.doors.iter().filter_map(Door::port).collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    /// Whether there are others than TCP ports, whose connections the kernel does not list for us.
    pub(super) fn has_files(&self) -> bool {
        self.doors.iter().any(|door| door.port().is_none())
    }

    /// Whether this is one of the listeners.
    pub(super) fn has(&self, inode: u64) -> bool {
        self.doors.iter().any(|door| door.inode == inode)
    }

    /// Our side's address of a connection that came in here; none for any other descriptor, also for
    /// the listeners.
    pub(super) fn entered(&self, socket: BorrowedFd<'_>) -> Option<Address> {
        getpeername(socket).ok()?;
        let local = name(socket)?;
        let is_here = self.doors.iter().any(|door| match (&door.name, &local) {
            (Address::Tcp(door), Address::Tcp(local)) => door.port() == local.port(),
            (Address::Unix(door), Address::Unix(local)) => door == local,
            (Address::Tcp(_), Address::Unix(_)) | (Address::Unix(_), Address::Tcp(_)) => false,
        });
        is_here.then_some(local)
    }

    /// Lets go of the listeners. What came in by them is known by their names for as long as this is
    /// kept.
    pub(super) fn close(&mut self) {
        self.doors.iter_mut().for_each(|door| door.socket = None);
    }

    /// Whether nobody waits to be accepted.
    pub(super) fn are_quiet(&self) -> bool {
        let sockets = self.doors.iter().filter_map(|door| door.socket.as_ref());
        let mut awaited: Vec<PollFd<'_>> = sockets
            .map(|socket| PollFd::new(socket, PollFlags::IN))
            .collect();
        let at_once = Timespec::default();
        poll(&mut awaited, Some(&at_once)).is_ok_and(|waiting| waiting == 0)
    }
}

impl Door {
    /// The port, for the kernel's list of connections.
    const fn port(&self) -> Option<Port> {
        let (family, number) = match &self.name {
            Address::Tcp(SocketAddr::V4(at)) => (Family::V4, at.port()),
            Address::Tcp(SocketAddr::V6(at)) => (Family::V6, at.port()),
            Address::Unix(_) => return None,
        };
        Some(Port { family, number })
    }
}

/// What a socket calls itself; none for what is no socket of TCP and has no path.
fn name(socket: BorrowedFd<'_>) -> Option<Address> {
    let local = getsockname(socket).ok()?;
    if let Ok(at) = SocketAddr::try_from(local.clone()) {
        return Some(Address::Tcp(at));
    }
    let file = SocketAddrUnix::try_from(local).ok()?;
    let path = OsStr::from_bytes(file.path_bytes()?);
    Some(Address::Unix(path.into()))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    #[test]
    fn only_what_came_in_is_known_as_having_entered() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let doors = Doors::new(vec![listener.try_clone().unwrap().into()]);
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        let local = Address::Tcp(accepted.local_addr().unwrap());
        assert_eq!(doors.entered(accepted.as_fd()), Some(local));
        assert_eq!(doors.entered(client.as_fd()), None);
        assert_eq!(doors.entered(listener.as_fd()), None);
        let _client = TcpStream::connect(other.local_addr().unwrap()).unwrap();
        let (foreign, _) = other.accept().unwrap();
        assert_eq!(doors.entered(foreign.as_fd()), None);
    }

    #[test]
    fn doors_are_quiet_when_nobody_waits() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("door");
        let listener = UnixListener::bind(&path).unwrap();
        let doors = Doors::new(vec![listener.try_clone().unwrap().into()]);
        assert!(doors.has_files() && doors.ports().is_empty());
        assert!(doors.are_quiet());
        let _client = UnixStream::connect(&path).unwrap();
        assert!(!doors.are_quiet());
        let (accepted, _) = listener.accept().unwrap();
        assert!(doors.are_quiet());
        assert_eq!(doors.entered(accepted.as_fd()), Some(Address::Unix(path)));
    }
}
