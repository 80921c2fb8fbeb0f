//! What daemon and launcher say to each other over their socket pair, as either side says it.
//!
//! A stream socket carries one byte with the descriptors and one byte `go`. The other way come
//! [`Word`]s, each a line of JSON: at most one about the filter, then either why the launcher failed
//! or nothing but the end.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use protocol::{Lack, LaunchError};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::{Deserialize, Serialize};
use tokio::io::Interest;
use tokio::net::UnixStream;

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
    let mut descriptors = Vec::new();
    take(daemon, &mut [0], &mut descriptors)?;
    let program = descriptors.pop().ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok((program, descriptors.pop()))
}

/// Takes what has come, and the descriptors with it; returns the number of bytes.
fn take(from: impl AsFd, into: &mut [u8], descriptors: &mut Vec<OwnedFd>) -> io::Result<usize> {
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut room);
    let mut bytes = [IoSliceMut::new(into)];
    let taken = recvmsg(from, &mut bytes, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            descriptors.extend(received);
        }
    }
    Ok(taken.bytes)
}

/// Waits for `go`; false where the daemon has gone.
pub(super) fn hear_go(daemon: &OwnedFd) -> bool {
    let mut byte = [0];
    rustix::io::retry_on_intr(|| rustix::io::read(daemon, &mut byte)) == Ok(1)
}

/// What the launcher says.
#[derive(Debug, Serialize, Deserialize)]
enum Word {
    /// The filter is on, and its descriptor comes along.
    Filtered,
    /// There is no filter.
    Lacks(Lack),
    /// It did not become the program.
    Failed(LaunchError),
}

/// Hands over the filter's descriptor, or says why there is none.
///
/// Errors: the daemon is gone.
pub(super) fn send_filter(daemon: &OwnedFd, filter: Result<&OwnedFd, Lack>) -> io::Result<()> {
    match filter {
        Ok(calls) => send_word(daemon, &Word::Filtered, Some(calls)),
        Err(lack) => send_word(daemon, &Word::Lacks(lack), None),
    }
}

/// The launcher's last word. Where it cannot be said, the daemon sees the launcher vanish.
pub(super) fn send_failure(daemon: &OwnedFd, why: LaunchError) {
    send_word(daemon, &Word::Failed(why), None).ok();
}

fn send_word(daemon: &OwnedFd, word: &Word, descriptor: Option<&OwnedFd>) -> io::Result<()> {
    let mut text = serde_json::to_vec(word)?;
    text.push(b'\n');
    let descriptor = descriptor.map(AsFd::as_fd);
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut room);
    if let Some(descriptor) = &descriptor {
        ancillary.push(SendAncillaryMessage::ScmRights(std::slice::from_ref(
            descriptor,
        )));
    }
    let bytes = [IoSlice::new(&text)];
    sendmsg(daemon, &bytes, &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// What the launcher has said so far.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    text: Vec<u8>,
    descriptors: Vec<OwnedFd>,
}

/// What the launcher's words mean, once they have ended.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Why it did not become the program; none: it did, or it vanished.
    pub(crate) failure: Option<LaunchError>,
    /// Where the calls arrive that the filter passes on; none where they were asked for before.
    pub(crate) calls: Option<OwnedFd>,
    /// Why there is no filter though one was wanted.
    pub(crate) lack: Option<Lack>,
}

impl Heard {
    /// Waits for more; false at the end. Nothing is lost where it is not waited for any longer.
    pub(crate) async fn hear(&mut self, talk: &UnixStream) -> bool {
        let mut bytes = [0; 512];
        let taken = talk
            .async_io(Interest::READABLE, || {
                take(talk, &mut bytes, &mut self.descriptors)
            })
            .await;
        let taken = taken.unwrap_or(0);
        self.text.extend(bytes.iter().take(taken));
        taken > 0
    }

    /// Waits for the first word alone, on a socket that has a time limit of its own.
    ///
    /// Errors: nothing came in time; the other side has ended.
    pub(super) fn first_word(talk: impl AsFd) -> io::Result<Verdict> {
        let mut heard = Self::default();
        let mut bytes = [0; 512];
        while heard.text.last() != Some(&b'\n') {
            match take(&talk, &mut bytes, &mut heard.descriptors) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(taken) => heard.text.extend(bytes.iter().take(taken)),
                // A signal, after which the kernel does not go on where there is a time limit.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(heard.verdict())
    }

    /// Where the calls arrive that the filter passes on; once, and as soon as that has come.
    pub(crate) fn calls(&mut self) -> Option<OwnedFd> {
        self.descriptors.pop()
    }

    /// Whether a whole word has come.
    pub(crate) fn has_spoken(&self) -> bool {
        self.text.contains(&b'\n')
    }

    /// Whether the filter's descriptor was sent and is not here: there was no number for it.
    pub(crate) fn is_bereft(&self) -> bool {
        let mut words = self.text.split(|byte| *byte == b'\n');
        let first = words.next().map(serde_json::from_slice::<Word>);
        self.descriptors.is_empty() && matches!(first, Some(Ok(Word::Filtered)))
    }

    /// What it comes to.
    pub(crate) fn verdict(mut self) -> Verdict {
        let mut verdict = Verdict::default();
        for line in self.text.split(|byte| *byte == b'\n') {
            match serde_json::from_slice(line) {
                Ok(Word::Filtered) => verdict.calls = self.descriptors.pop(),
                Ok(Word::Lacks(lack)) => verdict.lack = Some(lack),
                Ok(Word::Failed(why)) => verdict.failure = Some(why),
                // What follows the last end of a line, or a word that a death has cut short.
                Err(_cut) => {}
            }
        }
        verdict
    }
}
