//! One stream of one run: its pipe, what of it is unfinished, and where its lines go.

use std::cell::RefCell;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use protocol::RunId;

use super::cut::{Cutter, Lines};
use super::files::{FileId, Files};
use super::stamp::Stamper;
use super::tail::Tail;

/// Which of a run's two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Out,
    Err,
}

/// A stream among all: what epoll knows it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StreamId(u64);

impl StreamId {
    /// Of no stream: `RunId` counts from the bottom and never comes so far.
    pub(super) const NONE: Self = Self(u64::MAX);

    /// The stream on this side of a run.
    pub(super) const fn new(run: RunId, side: Side) -> Self {
        Self(run.0.wrapping_mul(2).wrapping_add(side as u64))
    }

    /// As epoll keeps it.
    pub(super) const fn to_data(self) -> u64 {
        self.0
    }

    /// As epoll gives it back.
    pub(super) const fn from_data(data: u64) -> Self {
        Self(data)
    }
}

/// What a stream is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Polled {
    /// Its pipe: epoll watches it.
    Watched,
    /// A file that cannot be written; epoll does not watch the pipe.
    Held,
}

/// One stream of one run.
#[derive(Debug)]
pub(super) struct Stream {
    /// The end that we read; none after the last writer has closed.
    pub(super) pipe: Option<OwnedFd>,
    /// Whether epoll watches `pipe`.
    pub(super) polled: Polled,
    /// True when `LogEnded` was sent and the stream only serves who still holds the pipe.
    pub(super) is_reported: bool,
    /// What has no newline yet.
    pub(super) cutter: Cutter,
    /// Where whole lines go.
    pub(super) outlet: Outlet,
}

/// Where the whole lines of a stream go.
#[derive(Debug)]
pub(super) struct Outlet {
    /// Puts the time before them; none: they are written as they came.
    pub(super) stamper: Option<Rc<RefCell<Stamper>>>,
    /// The stream's own file; none: nowhere.
    pub(super) own: Option<FileId>,
    /// The file of both streams; none where there is none or it is the own one.
    pub(super) combined: Option<FileId>,
    /// The last of them.
    pub(super) tail: Tail,
}

impl Outlet {
    /// Writes whole lines to all files. `page` is room to render in, empty before and after.
    pub(super) fn write(
        &mut self,
        lines: Lines<'_>,
        page: &mut Vec<u8>,
        files: &mut Files,
        now_ms: u64,
    ) {
        self.tail.push(lines);
        let mut parts = [lines.head, lines.body];
        if let Some(stamper) = &self.stamper {
            stamper.borrow_mut().stamp(now_ms, lines, page);
            parts = [page.as_slice(), &[]];
        }
        for id in self.targets() {
            files.append(id, now_ms, parts);
        }
        page.clear();
    }

    /// Whether one of the files cannot be written now.
    pub(super) fn is_blocked(&self, files: &Files) -> bool {
        self.targets().any(|id| files.is_blocked(id))
    }

    /// The files, each once.
    pub(super) fn targets(&self) -> impl Iterator<Item = FileId> + use<> {
        [self.own, self.combined].into_iter().flatten()
    }
}
