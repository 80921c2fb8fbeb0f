//! The client's side: a socket that somebody else had accepted.
//!
//! Its flags are shared with duplicates, so none is changed: each call says that it must not wait.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::time::Duration;

use nix::libc;
use rustix::io::Errno;
use rustix::net::{
    RecvFlags, SendFlags, Shutdown, connect_unspec, getsockname, recv, send, shutdown, sockopt,
};
use tokio::task::coop::consume_budget;
use tokio::time::timeout;

use super::ears::{Bells, Ears};
use crate::sys;

/// How long a client that was told the end is waited for, so that what it still sends does not
/// destroy what it has not yet read.
const FAREWELL: Duration = Duration::from_secs(2);

/// How much is read meanwhile at most, in bytes: whoever sends that much does not listen.
const FAREWELL_MAX: usize = 16 << 20;

/// A client.
#[derive(Debug)]
pub(super) struct Client {
    socket: OwnedFd,
    number: u64,
    bells: Rc<Bells>,
    ears: Rc<Ears>,
}

impl Client {
    /// Waits for this socket from here on.
    pub(super) fn new(ears: &Rc<Ears>, socket: OwnedFd) -> io::Result<Self> {
        let (number, bells) = ears.add(socket.as_fd())?;
        Ok(Self {
            socket,
            number,
            bells,
            ears: Rc::clone(ears),
        })
    }

    /// The server of this address, as this client sees it: one that listens at every address does
    /// so at that of this connection. IPv4 in IPv6 stays so, which reaches servers of either.
    pub(super) fn server_at(&self, local: SocketAddr) -> io::Result<SocketAddr> {
        if !local.ip().to_canonical().is_unspecified() {
            return Ok(local);
        }
        let mut own = SocketAddr::try_from(getsockname(&self.socket)?)?;
        own.set_port(local.port());
        Ok(own)
    }

    /// Has bytes sent at once, however few.
    pub(super) fn hurry(&self) {
        // Where that is refused they are only later.
        sockopt::set_tcp_nodelay(&self.socket, true).ok();
    }

    /// Waits until something has come; `false` where it is the end.
    pub(super) async fn speaks(&self) -> io::Result<bool> {
        Ok(self.receive(&mut [0], RecvFlags::PEEK).await? > 0)
    }

    /// Takes what has come, or waits for it; 0 is the end. There is room for something.
    pub(super) async fn read(&self, room: &mut [u8]) -> io::Result<usize> {
        self.receive(room, RecvFlags::empty()).await
    }

    /// Sends all of it.
    pub(super) async fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            consume_budget().await;
            match send(
                &self.socket,
                rest,
                SendFlags::DONTWAIT | SendFlags::NOSIGNAL,
            ) {
                Ok(sent) => rest = rest.get(sent..).unwrap_or(&[]),
                Err(Errno::AGAIN) => self.bells.write.notified().await,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// Tells the client the end and waits for its own, for a while.
    pub(super) async fn finish(self) {
        if shutdown(&self.socket, Shutdown::Write).is_err() {
            return;
        }
        let mut room = vec![0; 16 * 1024];
        let ending = async {
            let mut read = 0;
            while read < FAREWELL_MAX
                && let Ok(more @ 1..) = self.read(&mut room).await
            {
                read += more;
            }
        };
        // Late or not, it is over.
        drop(timeout(FAREWELL, ending).await);
    }

    /// Tells the client that something has gone wrong: what it has of an answer is not all of it.
    pub(super) fn abort(self) {
        // Where that fails, the end is told when it is dropped.
        connect_unspec(&self.socket).ok();
    }

    async fn receive(&self, room: &mut [u8], flags: RecvFlags) -> io::Result<usize> {
        let mut has_ended = false;
        loop {
            consume_budget().await;
            match recv(&self.socket, &mut *room, flags | RecvFlags::DONTWAIT) {
                Ok((_, 0)) if has_ended => return Ok(0),
                // Bytes may have come just before the end did; so one look more.
                Ok((_, 0)) if self.has_ended()? => has_ended = true,
                Ok((_, 0)) | Err(Errno::AGAIN) => self.bells.read.notified().await,
                Ok((_, length)) => return Ok(length),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Whether the client has ended its half. A read of nothing does not say that much: it may be
    /// ours that is shut.
    ///
    /// Source: tcp(7), `TCP_INFO`, whose first byte is the state; the states are those of
    /// `netinet/tcp.h`.
    fn has_ended(&self) -> io::Result<bool> {
        const ESTABLISHED: u8 = 1;
        const FIN_WAIT1: u8 = 4;
        const FIN_WAIT2: u8 = 5;
        let info = (libc::IPPROTO_TCP, libc::TCP_INFO);
        let [state, ..] = sys::socket::option(self.socket.as_fd(), info)?.to_ne_bytes();
        Ok(![ESTABLISHED, FIN_WAIT1, FIN_WAIT2].contains(&state))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.ears.remove(self.number, self.socket.as_fd());
        // Closing ends nothing while somebody holds a duplicate.
        shutdown(&self.socket, Shutdown::Both).ok();
    }
}
