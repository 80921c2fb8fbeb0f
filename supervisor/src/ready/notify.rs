//! The notify socket: datagrams as sd_notify(3) sends them.
//!
//! One socket a run, in the abstract namespace, under a name that the kernel chose: a file in our
//! home could not be reached by an app of another user. Such a name has no permissions, so the
//! kernel is asked who sent each datagram, and what does not come from the run is passed over.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::Path;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, UnixCredentials, recvmsg};
use nix::unistd::Pid;
use rustix::net::sockopt::set_socket_passcred;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, getsockname, socket_with,
};

use crate::sweep::{Mark, Tree, run_of, session_of};
use crate::sys;

/// The longest datagram that is read whole, in bytes. Source: systemd reads 4096.
const DATAGRAM_BYTES_MAX: usize = 4096;

/// Who may speak for a run.
#[derive(Debug)]
pub(crate) struct Senders {
    /// The processes of the run.
    pub(crate) tree: Tree,
    /// The user it was launched as.
    pub(crate) uid: u32,
    /// The mark that its processes bear.
    pub(crate) mark: Mark,
}

/// Opens a socket; returns it with its name as `NOTIFY_SOCKET` gives it.
pub(super) fn open() -> io::Result<(OwnedFd, String)> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?;
    set_socket_passcred(&socket, true)?;
    // Bound to no name, the kernel gives it five hexadecimal digits. Source: unix(7), "Autobind".
    bind(&socket, &SocketAddrUnix::new_unnamed())?;
    let address = SocketAddrUnix::try_from(getsockname(&socket)?)?;
    let name = address
        .abstract_name()
        .ok_or(io::ErrorKind::AddrNotAvailable)?;
    let name = format!("@{}", String::from_utf8_lossy(name));
    Ok((socket, name))
}

/// Calls `ready` for each datagram of the run that says so.
pub(super) async fn hear(socket: OwnedFd, senders: Senders, mut ready: impl FnMut()) {
    let outcome: io::Result<()> = async {
        let socket = sys::watch(socket)?;
        loop {
            let mut waiting = socket.readable().await?;
            if let Ok(datagram) = waiting.try_io(|socket| receive(socket.get_ref()))
                && says_ready(&datagram?, &senders)
            {
                ready();
            }
        }
    }
    .await;
    if let Err(error) = outcome {
        tracing::debug!(%error, "a notify socket broke");
    }
}

/// A datagram and its sender.
#[derive(Debug)]
struct Datagram {
    text: Vec<u8>,
    sender: Option<UnixCredentials>,
}

/// Takes one datagram. Descriptors that come along are closed by the kernel, for which there is no
/// room; so `BARRIER=1`, which waits for that, is answered.
fn receive(socket: &OwnedFd) -> io::Result<Datagram> {
    let mut text = vec![0; DATAGRAM_BYTES_MAX];
    let mut bytes = [IoSliceMut::new(&mut text)];
    let mut room = nix::cmsg_space!(UnixCredentials);
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
    let received = recvmsg::<()>(socket.as_raw_fd(), &mut bytes, Some(&mut room), flags)?;
    let length = received.bytes;
    // Where something was left out, what is there is still whole.
    let sender = received.cmsgs().ok().and_then(|mut messages| {
        messages.find_map(|message| {
            let ControlMessageOwned::ScmCredentials(sender) = message else {
                return None;
            };
            Some(sender)
        })
    });
    text.truncate(length);
    Ok(Datagram { text, sender })
}

fn says_ready(datagram: &Datagram, senders: &Senders) -> bool {
    let is_ready = datagram
        .text
        .split(|byte| *byte == b'\n')
        .any(|line| line == b"READY=1");
    is_ready && datagram.sender.is_some_and(|sender| senders.has(&sender))
}

impl Senders {
    /// Whether this is the run's user or root, and, where the sender still lives, one of its tree.
    ///
    /// What a shell script calls to send it may be gone by now, so a dead sender is believed by its
    /// user alone.
    fn has(&self, sender: &UnixCredentials) -> bool {
        let is_user = sender.uid() == self.uid || sender.uid() == 0;
        is_user && (self.is_of_tree(sender.pid()) || !is_alive(sender.pid()))
    }

    fn is_of_tree(&self, pid: i32) -> bool {
        let pid = Pid::from_raw(pid);
        session_of(pid) == Some(self.tree.leader) || run_of(pid, &self.mark) == Some(self.tree.run)
    }
}

fn is_alive(pid: i32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[cfg(test)]
mod tests {
    use nix::libc;
    use nix::unistd::getpid;
    use protocol::RunId;

    use super::*;

    #[test]
    fn a_sender_that_is_gone_is_believed_by_its_user_and_a_living_one_must_be_of_the_run() {
        let senders = Senders {
            tree: Tree {
                run: RunId(1),
                leader: Pid::from_raw(i32::MAX),
            },
            uid: 12345,
            mark: Mark::new(Path::new("/some/home")),
        };
        let says = |pid, uid| {
            let sender = libc::ucred { pid, uid, gid: 0 };
            senders.has(&sender.into())
        };
        let gone = i32::MAX - 1;
        assert!(says(gone, 12345));
        assert!(says(gone, 0));
        assert!(!says(gone, 12346));
        assert!(!says(getpid().as_raw(), 12345));
    }
}
