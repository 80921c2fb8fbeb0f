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
        self.push_by(|socket, part, flags| send(socket, part, flags))
    }

    fn push_by(
        &mut self,
        mut send: impl FnMut(BorrowedFd<'_>, &[u8], SendFlags) -> Result<usize, Errno>,
    ) -> Progress {
        loop {
            let part = self.next();
            if part.is_empty() {
                return self.end();
            }
            match send(self.socket.as_fd(), &part, self.flags) {
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

/// Whether a write with these flags waits for room where the socket lets it.
pub(super) fn may_wait(flags: i32) -> bool {
    flags.cast_unsigned() & DONT_WAIT == 0
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use nix::unistd::getpid;
    use proptest::prelude::*;

    use super::super::call::{Place, Write};
    use super::*;
    use crate::http_head::{Word, with_close};

    const WORD: &str = "Connection: close\r\n";

    /// A socket that has room for so many bytes at a time, in turn, and then for all.
    struct Wire {
        rooms: VecDeque<usize>,
        bytes: Vec<u8>,
    }

    impl Wire {
        fn send(&mut self, part: &[u8]) -> Result<usize, Errno> {
            let room = self.rooms.pop_front().unwrap_or(part.len());
            if room == 0 {
                return Err(Errno::AGAIN);
            }
            let sent = room.min(part.len());
            self.bytes.extend_from_slice(&part[..sent]);
            // What is not full takes all.
            if sent < part.len() {
                self.rooms.push_front(0);
            }
            Ok(sent)
        }

        fn send_all(&mut self, mut bytes: &[u8]) {
            while !bytes.is_empty() {
                match self.send(bytes) {
                    Ok(sent) => bytes = &bytes[sent..],
                    Err(_) => continue,
                }
            }
        }
    }

    fn writing(own: &[u8]) -> Option<Writing> {
        let write = Write {
            to: 0,
            place: Place::Plain {
                at: own.as_ptr().addr() as u64,
                length: own.len() as u64,
            },
            flags: 0,
        };
        let text = Text::of(getpid(), &write).unwrap();
        let first = text.read(0, PART);
        let Word::Rewritten(rewritten) = with_close(&first) else {
            return None;
        };
        let socket = rustix::io::dup(std::io::stderr()).unwrap();
        Writing::new(socket, text, (first.len(), rewritten), 0)
    }

    /// What a program does that gets short writes: it writes the rest. Each call that would be a head
    /// again is made in its place again.
    fn write_out(own: &[u8], wire: &mut Wire) {
        let mut rest = own;
        let mut is_told = false;
        while !rest.is_empty() {
            if is_told {
                wire.send_all(rest);
                return;
            }
            let Some(mut writing) = writing(rest) else {
                wire.send_all(rest);
                return;
            };
            let progress = writing.push_by(|_, part, _| wire.send(part));
            let taken = writing.taken();
            assert!(progress != Progress::Whole || taken.own == rest.len());
            assert!(taken.owed.is_empty() || taken.own > 0);
            wire.send_all(&taken.owed);
            is_told |= taken.said;
            rest = &rest[taken.own..];
        }
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_or_sent_twice_however_little_room_there_is(
            fields in prop::collection::vec("[A-Z][a-z]{0,8}: [a-z]{0,20}\r\n", 0..5),
            body in prop::collection::vec(any::<u8>(), 0..PART * 2),
            rooms in prop::collection::vec(prop_oneof![0..3_usize, 0..90_usize, 0..PART * 2], 0..40),
        ) {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\n{}Content-Length: {length}\r\n\r\n",
                fields.concat(),
            );
            let own = [head.as_bytes(), &body].concat();
            let mut wire = Wire { rooms: rooms.into(), bytes: Vec::new() };
            write_out(&own, &mut wire);
            let line = b"HTTP/1.1 200 OK\r\n".len();
            let expected = [&own[..line], WORD.as_bytes(), &own[line..]].concat();
            prop_assert!(wire.bytes == expected);
        }
    }

    #[test]
    fn what_asks_for_more_than_sending_is_left_alone() {
        let own = b"HTTP/1.1 200 OK\r\n\r\n";
        let out_of_band = 1;
        let text = |flags| {
            let writing = writing(own).unwrap();
            let Writing {
                socket,
                text,
                rewritten,
                covered,
                ..
            } = writing;
            Writing::new(socket, text, (covered, rewritten), flags)
        };
        assert!(text(0x40 | 0x4000 | 0x8000).is_some());
        assert!(text(out_of_band).is_none());
    }
}
