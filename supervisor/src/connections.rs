//! Which TCP sockets there are at a port, asked of the kernel (`sock_diag(7)`).
//!
//! The kernel is told port, family and states, and answers with these alone: the thousands of
//! closed connections in TIME_WAIT that a busy port leaves behind cost next to nothing, where the
//! text of `/proc/net/tcp` would have to be written and read for all of them.
//!
//! One dump walks one table and is a picture taken while things move: a connection that comes or
//! goes meanwhile is in it or not. One that stays is in it, once. The socket to the kernel is kept.

mod message;
mod traffic;

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with,
};

use message::Part;
pub(crate) use traffic::Traffic;

/// How much the kernel puts into one message at most is less than this, in bytes.
const MESSAGE_MAX: usize = 64 * 1024;

/// How often a dump is begun again that the kernel calls inconsistent.
const TRIES_MAX: usize = 3;

/// The way to ask.
#[derive(Debug)]
pub(crate) struct Connections {
    kernel: OwnedFd,
    /// Room for one message.
    buffer: Box<[u8]>,
    /// The number of the dump; what belongs to an earlier one is passed over.
    dump: u32,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Port {
    /// Of which sockets. Those of IPv6 include what comes in over IPv4 to a listener for both.
    pub(crate) family: Family,
    /// The local port; not 0.
    pub(crate) number: u16,
}

/// A family of sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    /// IPv4.
    V4,
    /// IPv6, of both kinds.
    V6,
}

/// Some of the states of TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct States(u32);

/// The state of a socket, as far as it is told apart here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Both sides may send.
    Established,
    /// The other side has ended its half.
    CloseWait,
    /// It takes new connections.
    Listen,
    /// Another, by the kernel's number.
    Other(u8),
}

/// One socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// The number under which `/proc/PID/fd` shows it; 0 where no process has it yet: the
    /// connection waits to be accepted.
    pub(crate) inode: u64,
    /// What `SO_COOKIE` says of it; no two sockets have the same.
    pub(crate) cookie: u64,
    /// Its own address. IPv4 in IPv6 stays so.
    pub(crate) local: SocketAddr,
    /// The other side's; the unspecified one for a listener.
    pub(crate) remote: SocketAddr,
    /// Its state.
    pub(crate) state: State,
    /// Bytes that came and were not read; for a listener, connections that wait to be accepted.
    pub(crate) waiting_in: u32,
    /// Bytes that were written and not acknowledged; for a listener, how many may wait.
    pub(crate) waiting_out: u32,
    /// Whose it is.
    pub(crate) uid: u32,
    /// What has come and gone on it so far; none for a listener, and before Linux 4.6.
    pub(crate) traffic: Option<Traffic>,
}

impl States {
    /// Connections on which something may still come or go.
    pub(crate) const OPEN: Self = Self(1 << message::ESTABLISHED | 1 << message::CLOSE_WAIT);
    /// Connections that are being made, by the server's side.
    pub(crate) const BEGUN: Self = Self(1 << message::SYN_RECV);
    /// Listeners.
    pub(crate) const LISTEN: Self = Self(1 << message::LISTEN);
}

/// Why a dump has to be begun again or cannot be.
enum Broken {
    /// What the kernel has said so far is no consistent whole.
    Inconsistent,
    Failed(io::Error),
}

impl Connections {
    /// Opens the way.
    ///
    /// Errors: the kernel has no such sockets, or there is no descriptor left.
    pub(crate) fn open() -> io::Result<Self> {
        let kernel = socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            Some(netlink::SOCK_DIAG),
        )?;
        Ok(Self {
            kernel,
            buffer: vec![0; MESSAGE_MAX].into_boxed_slice(),
            dump: 0,
        })
    }

    /// The sockets at these ports in these states, in no particular order.
    ///
    /// Errors: `ENOENT` where the kernel cannot tell about TCP; `EAGAIN` where things moved so
    /// much that it gave no consistent answer three times running.
    pub(crate) fn at(&mut self, ports: &[Port], states: States) -> io::Result<Vec<Row>> {
        let mut rows = Vec::new();
        for port in ports {
            self.dump(*port, states, &mut rows)?;
        }
        Ok(rows)
    }

    /// Adds what is at one port.
    fn dump(&mut self, port: Port, states: States, rows: &mut Vec<Row>) -> io::Result<()> {
        let before = rows.len();
        for _ in 0..TRIES_MAX {
            self.dump = self.dump.wrapping_add(1);
            let request = message::request(port, states, self.dump);
            send(&self.kernel, &request, SendFlags::empty())?;
            match self.receive(rows) {
                Ok(()) => return Ok(()),
                Err(Broken::Failed(error)) => return Err(error),
                Err(Broken::Inconsistent) => rows.truncate(before),
            }
        }
        Err(Errno::AGAIN.into())
    }

    /// Receives one dump to its end.
    fn receive(&mut self, rows: &mut Vec<Row>) -> Result<(), Broken> {
        let mut is_consistent = true;
        loop {
            let length = self.receive_message()?;
            let Some(message) = self.buffer.get(..length) else {
                // Longer than the room for it, which the kernel never makes one. What follows
                // belongs to a dump that is over, by its number.
                return Err(Broken::Inconsistent);
            };
            for part in message::parts(message, self.dump) {
                match part {
                    Part::Row(row) => rows.push(row),
                    Part::Interrupted => is_consistent = false,
                    Part::Failed(errno) => return Err(Broken::Failed(errno.into())),
                    Part::End if is_consistent => return Ok(()),
                    Part::End => return Err(Broken::Inconsistent),
                }
            }
        }
    }

    /// The length of the next message, which is in the buffer as far as it has room.
    fn receive_message(&mut self) -> Result<usize, Broken> {
        loop {
            match recv(&self.kernel, &mut *self.buffer, RecvFlags::TRUNC) {
                Ok((_, length)) => return Ok(length),
                Err(Errno::INTR) => {}
                // Messages were lost for want of memory.
                Err(Errno::NOBUFS) => return Err(Broken::Inconsistent),
                Err(errno) => return Err(Broken::Failed(errno.into())),
            }
        }
    }
}

#[cfg(test)]
mod tests;
