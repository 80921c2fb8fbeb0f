//! From a pipe to the files: take, cut, stamp, append.
//!
//! One buffer serves all streams, since one turn takes what it reads to its end: whole lines into
//! the files, the rest into the stream's cutter. A turn is bounded, so that no stream keeps the
//! others waiting.

use nix::errno::Errno;
use rustix::io::ioctl_fionread;

use super::files::Files;
use super::stream::Stream;

/// How much is taken from a stream in one turn, in bytes: what a pipe holds.
const TURN_MAX: usize = 64 * 1024;

/// How much rendered text is room kept for between turns, in bytes.
const PAGE_KEPT: usize = 256 * 1024;

/// What a turn found in the pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Took {
    /// So many bytes, more than none.
    Bytes(usize),
    /// Nothing, for the time being.
    Nothing,
    /// Its end: nobody holds the other side any more.
    End,
}

/// Moves bytes from pipes to files.
#[derive(Debug)]
pub(super) struct Pump {
    /// What was just read.
    buffer: Box<[u8]>,
    /// What was just rendered; empty between turns.
    page: Vec<u8>,
}

impl Pump {
    /// With its one buffer.
    pub(super) fn new() -> Self {
        Self {
            buffer: vec![0; TURN_MAX].into_boxed_slice(),
            page: Vec::new(),
        }
    }

    /// Takes what the pipe has, within the bound of a turn, and writes the lines that are whole.
    pub(super) fn turn(&mut self, stream: &mut Stream, files: &mut Files, now_ms: u64) -> Took {
        self.take(stream, files, now_ms, TURN_MAX)
    }

    /// Takes what the pipe has at this moment, all of it, and ends an unfinished line.
    ///
    /// What is printed meanwhile by a process that nobody accounts for is not waited for.
    pub(super) fn drain(&mut self, stream: &mut Stream, files: &mut Files, now_ms: u64) -> Took {
        let waiting = stream.pipe.as_ref().map(ioctl_fionread);
        let mut left = match waiting {
            Some(Ok(waiting)) => usize::try_from(waiting).unwrap_or(usize::MAX),
            Some(Err(_)) | None => 0,
        };
        while left > 0
            && let Took::Bytes(taken) = self.take(stream, files, now_ms, left)
        {
            left -= taken;
        }
        self.end_line(stream, files, now_ms);
        // One look more: only the end of file is left to be seen, or what came since.
        self.take(stream, files, now_ms, TURN_MAX)
    }

    /// Ends an unfinished line and writes it.
    pub(super) fn end_line(&mut self, stream: &mut Stream, files: &mut Files, now_ms: u64) {
        let Stream { cutter, outlet, .. } = stream;
        cutter.end(|lines| outlet.write(lines, &mut self.page, files, now_ms));
    }

    /// Takes at most `most` bytes.
    fn take(&mut self, stream: &mut Stream, files: &mut Files, now_ms: u64, most: usize) -> Took {
        let Some(pipe) = &stream.pipe else {
            return Took::End;
        };
        let room = &mut self.buffer[..most.min(TURN_MAX)];
        let taken = match nix::unistd::read(pipe, room) {
            Ok(0) => return Took::End,
            Ok(taken) => taken,
            Err(why) if [Errno::EAGAIN, Errno::EINTR].contains(&why) => return Took::Nothing,
            Err(_) => return Took::End,
        };
        let Stream { cutter, outlet, .. } = stream;
        let chunk = &self.buffer[..taken];
        cutter.take(chunk, |lines| {
            outlet.write(lines, &mut self.page, files, now_ms);
        });
        self.page.shrink_to(PAGE_KEPT);
        Took::Bytes(taken)
    }
}
