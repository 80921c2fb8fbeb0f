//! A write that is made in a program's place, because its bytes are not quite the program's.
//!
//! The program's call is not made. What is sent goes out through a duplicate of its socket, and never
//! waits; the program is told how many of *its* bytes that were. It learns that there is no more room
//! only where there is none: many a program waits for room then, and would wait for ever where
//! there is plenty.
//!
//! Where the room ends within the word itself, the rest of it is owed: it must go out before
//! anything else does.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{SendFlags, send};

use super::memory::Text;
use crate::http_head::{Left, Rewritten};

/// How many bytes are looked at and sent at a time.
pub(super) const PART: usize = 64 * 1024;

/// The flag of `send` that says that more follows at once.
const MORE: u32 = 0x8000;
/// The flag that says not to wait.
const DONT_WAIT: u32 = 0x40;
/// Flags that change nothing in what is sent here: not to wait, no signal, more follows.
const HARMLESS: u32 = MORE | DONT_WAIT | 0x4000;

/// One write.
#[derive(Debug)]
pub(super) struct Writing {
    /// Our duplicate of the socket.
    socket: OwnedFd,
    /// The program's bytes.
    text: Text,
    /// The first of them, rewritten.
    rewritten: Rewritten,
    /// How many of the program's bytes were rewritten.
    covered: usize,
    /// How many of the rewritten ones were sent.
    sent: usize,
    /// How many were sent of those that follow.
    followed: usize,
    flags: SendFlags,
}

/// How far a write has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// To its end.
    Whole,
    /// To where there was no more room.
    Full,
    /// To where it cannot go on: the client is gone.
    Broken,
}

/// What was sent, as the program understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    /// How many of its bytes are done with.
    pub(super) own: usize,
    /// What must be sent before those that follow.
    pub(super) owed: Vec<u8>,
    /// Whether the client gets the word.
    pub(super) said: bool,
    /// What of the answer is still to come.
    pub(super) left: Left,
}

impl Writing {
    /// A write of which nothing was sent yet. `first` is what was rewritten; none where the flags ask
    /// for something that cannot be done in the program's place.
    pub(super) fn new(
        socket: OwnedFd,
        text: Text,
        (covered, rewritten): (usize, Rewritten),
        flags: i32,
    ) -> Option<Self> {
        let asked = flags.cast_unsigned();
        if asked & !HARMLESS != 0 {
            return None;
        }
        let more = SendFlags::from_bits_retain(asked & MORE);
        Some(Self {
            socket,
            text,
            rewritten,
            covered,
            sent: 0,
            followed: 0,
            flags: more | SendFlags::DONTWAIT | SendFlags::NOSIGNAL,
        })
    }

    /// Sends as much as there is room for.
    pub(super) fn push(&mut self) -> Progress {
        loop {
            let part = self.next();
            if part.is_empty() {
                return self.end();
            }
            match send(&self.socket, &part, self.flags) {
                Ok(sent) => self.went(sent),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Progress::Full,
                Err(_) => return Progress::Broken,
            }
        }
    }

    fn next(&self) -> Vec<u8> {
        match self.rewritten.bytes().get(self.sent..) {
            Some(rest) if !rest.is_empty() => rest.to_vec(),
            Some(_) | None => self.text.read(self.covered + self.followed, PART),
        }
    }

    fn went(&mut self, bytes: usize) {
        if self.sent < self.rewritten.bytes().len() {
            self.sent += bytes;
        } else {
            self.followed += bytes;
        }
    }

    /// There is nothing more to be read: because that was all, or because the memory is not there.
    fn end(&self) -> Progress {
        if self.covered + self.followed == self.text.length() {
            Progress::Whole
        } else {
            Progress::Broken
        }
    }

    /// What was sent so far.
    pub(super) fn taken(&self) -> Taken {
        let first = self.rewritten.sent(self.sent);
        let own = first.own + self.followed;
        let length = self.text.length();
        let seen = self.text.read(0, PART);
        Taken {
            own,
            owed: first.owed.to_vec(),
            said: first.said,
            left: Left::behind(&seen, length).before(length - own),
        }
    }

    /// The socket, for whoever waits for room.
    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// The socket, for what is owed.
    pub(super) fn into_socket(self) -> OwnedFd {
        self.socket
    }
}

/// Whether a write with these flags waits for room, where the socket itself does.
pub(super) fn waits(flags: i32) -> bool {
    flags.cast_unsigned() & DONT_WAIT == 0
}
