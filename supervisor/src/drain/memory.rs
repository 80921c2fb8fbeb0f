//! The bytes of a write, where they stand: in the memory of the process that writes.
//!
//! Whoever writes is stopped while they are read. What other threads of its do to that memory
//! meanwhile is their affair, as it is for the kernel.

use std::io::IoSliceMut;

use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;

use super::call::{Place, Write};

/// The most pieces that a write may have (`UIO_MAXIOV`).
const PIECES_MAX: usize = 1024;

/// The bytes of one write.
#[derive(Debug)]
pub(super) struct Text {
    process: Pid,
    pieces: Vec<RemoteIoVec>,
}

impl Text {
    /// The bytes that a process is about to write; none where they cannot be looked at, or where
    /// more than bytes is sent along.
    pub(super) fn of(process: Pid, write: &Write) -> Option<Self> {
        let pieces = match write.place {
            Place::Plain { at, length } => vec![piece(at, length)?],
            Place::Pieces { at, count } => pieces(process, at, count)?,
            Place::Message { at } => {
                // Name and its length, pieces and their count, control and its length; see msghdr.
                let [_, _, at, count, control, _] = words(process, at)?;
                if control != 0 {
                    return None;
                }
                pieces(process, at, count)?
            }
            Place::Unseen => return None,
        };
        Some(Self { process, pieces })
    }

    /// How many bytes these are.
    pub(super) fn length(&self) -> usize {
        let lengths = self.pieces.iter().map(|piece| piece.len);
        lengths.fold(0, usize::saturating_add)
    }

    /// Those from `from` on, `most` at most; fewer where the memory is not there.
    pub(super) fn read(&self, from: usize, most: usize) -> Vec<u8> {
        let wanted = self.part(from, most);
        let length = wanted.iter().map(|piece| piece.len).sum();
        let mut bytes = vec![0; length];
        let mut room = [IoSliceMut::new(&mut bytes)];
        let read = match wanted.as_slice() {
            [] => 0,
            wanted => process_vm_readv(self.process, &mut room, wanted).unwrap_or(0),
        };
        bytes.truncate(read);
        bytes
    }

    /// The last `most` of them.
    pub(super) fn end(&self, most: usize) -> Vec<u8> {
        self.read(self.length().saturating_sub(most), most)
    }

    /// The pieces of a part of them.
    fn part(&self, from: usize, most: usize) -> Vec<RemoteIoVec> {
        let mut skip = from;
        let mut left = most;
        let mut part = Vec::new();
        for piece in &self.pieces {
            let skipped = skip.min(piece.len);
            skip -= skipped;
            let len = (piece.len - skipped).min(left);
            left -= len;
            if len > 0 {
                // No memory is behind the last address, and nothing can be read that follows there.
                let Some(base) = piece.base.checked_add(skipped) else {
                    break;
                };
                part.push(RemoteIoVec { base, len });
            }
            if left == 0 {
                break;
            }
        }
        part
    }
}

/// The pieces that are listed in a process's memory.
fn pieces(process: Pid, at: u64, count: u64) -> Option<Vec<RemoteIoVec>> {
    let count = usize::try_from(count).ok().filter(|it| *it <= PIECES_MAX)?;
    let mut list = vec![0; count * 16];
    fill(process, at, &mut list)?;
    let pairs = list.chunks_exact(16).map(|pair| {
        let (base, len) = pair.split_at(8);
        piece(number(base)?, number(len)?)
    });
    pairs.collect()
}

fn piece(at: u64, length: u64) -> Option<RemoteIoVec> {
    Some(RemoteIoVec {
        base: usize::try_from(at).ok()?,
        len: usize::try_from(length)
            .ok()
            .filter(|it| *it <= isize::MAX.unsigned_abs())?,
    })
}

/// The first words of a structure in a process's memory.
fn words<const COUNT: usize>(process: Pid, at: u64) -> Option<[u64; COUNT]> {
    let mut bytes = vec![0; COUNT * 8];
    fill(process, at, &mut bytes)?;
    let mut words = [0; COUNT];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = number(bytes)?;
    }
    Some(words)
}

fn number(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.try_into().ok()?))
}

/// Reads all of it or nothing.
fn fill(process: Pid, at: u64, bytes: &mut [u8]) -> Option<()> {
    let wanted = bytes.len();
    let there = [piece(at, u64::try_from(wanted).ok()?)?];
    let read = if wanted == 0 {
        0
    } else {
        process_vm_readv(process, &mut [IoSliceMut::new(bytes)], &there).ok()?
    };
    (read == wanted).then_some(())
}

#[cfg(test)]
mod tests {
    use nix::unistd::getpid;

    use super::*;

    fn address<T: ?Sized>(value: &T) -> u64 {
        (&raw const *value).addr().try_into().unwrap()
    }

    fn of(place: Place) -> Option<Text> {
        let (to, flags) = (1, 0);
        Text::of(getpid(), &Write { to, place, flags })
    }

    #[test]
    fn pieces_are_read_as_one_text_from_any_place() {
        let (one, two) = (*b"HTTP/1.1 ", *b"200 OK\r\n");
        let list = [address(&one), 9, 0, 0, address(&two), 8];
        let count = 3;
        let text = of(Place::Pieces {
            at: address(&list),
            count,
        })
        .unwrap();
        assert_eq!(text.length(), 17);
        let whole = *b"HTTP/1.1 200 OK\r\n";
        for from in 0..=17 {
            for most in 0..=17 - from {
                assert_eq!(text.read(from, most), &whole[from..from + most]);
            }
        }
        assert_eq!(text.end(4), b"OK\r\n");
        assert_eq!(text.read(17, 5), b"");
    }

    #[test]
    fn a_message_with_more_than_bytes_is_not_looked_at() {
        let bytes = *b"abc";
        let list = [address(&bytes), 3];
        let message = |control| [0, 0, address(&list), 1, control, 0];
        let plain = message(0);
        let text = of(Place::Message {
            at: address(&plain),
        })
        .unwrap();
        assert_eq!(text.read(0, 100), b"abc");
        let more = message(address(&bytes));
        assert!(of(Place::Message { at: address(&more) }).is_none());
    }

    #[test]
    fn what_is_not_there_is_not_read() {
        assert!(of(Place::Pieces { at: 8, count: 1 }).is_none());
        assert!(of(Place::Message { at: 8 }).is_none());
        let text = of(Place::Plain { at: 8, length: 3 }).unwrap();
        assert_eq!(text.read(0, 3), b"");
    }

    #[test]
    fn what_would_be_behind_the_last_address_is_not_read() {
        let at = u64::MAX - 1;
        let text = of(Place::Plain { at, length: 100 }).unwrap();
        assert_eq!(text.read(50, 10), b"");
        assert_eq!(text.end(5), b"");
    }
}
