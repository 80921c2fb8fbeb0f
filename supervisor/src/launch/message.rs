//! What daemon and launcher say to each other over their socket pair, as either side says it.
//!
//! A stream socket carries one byte with the descriptors, one byte `go`, and, the other way, either
//! a [`LaunchError`] as JSON or nothing but its end.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};

use protocol::LaunchError;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// The byte that lets the launcher execute the program.
pub(crate) const GO: u8 = b'g';

/// The byte that carries the descriptors.
const DESCRIPTORS: u8 = b'd';

/// The daemon's first word: the program's memfd and the app's end of its channel.
pub(super) fn send(
    launcher: &OwnedFd,
    program: &OwnedFd,
    channel: Option<&OwnedFd>,
) -> io::Result<()> {
    // The channel first: descriptors get the lowest free numbers in this order, and it wants 3.
    let descriptors: Vec<_> = channel
        .into_iter()
        .chain([program])
        .map(|fd| fd.as_fd())
        .collect();
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut ancillary = SendAncillaryBuffer::new(&mut room);
    ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
    let bytes = [IoSlice::new(&[DESCRIPTORS])];
    sendmsg(launcher, &bytes, &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// What the launcher hears first: the program's memfd and the channel.
pub(super) fn receive(daemon: &OwnedFd) -> io::Result<(OwnedFd, Option<OwnedFd>)> {
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut room);
    let mut byte = [0];
    let mut bytes = [IoSliceMut::new(&mut byte)];
    recvmsg(daemon, &mut bytes, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let mut descriptors: Vec<OwnedFd> = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            descriptors.extend(received);
        }
    }
    let program = descriptors.pop().ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok((program, descriptors.pop()))
}

/// Waits for `go`; false where the daemon has gone.
pub(super) fn hear_go(daemon: &OwnedFd) -> bool {
    let mut byte = [0];
    rustix::io::retry_on_intr(|| rustix::io::read(daemon, &mut byte)) == Ok(1)
}

/// The launcher's only word. Where it cannot be said, the daemon sees the launcher vanish.
pub(super) fn send_failure(daemon: &OwnedFd, why: &LaunchError) {
    if let Ok(text) = serde_json::to_vec(why) {
        rustix::io::write(daemon, &text).ok();
    }
}

/// What the launcher's words mean, once they have ended: none where it said nothing.
pub(crate) fn read_verdict(said: &[u8]) -> Option<LaunchError> {
    serde_json::from_slice(said).ok()
}
