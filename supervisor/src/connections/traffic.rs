//! What has come and gone on a connection, from the kernel's `tcp_info`, and which of both was last.
//!
//! The kernel notes, by its clock that ticks every 1 to 10 ms, when data was last sent and when it last
//! came. Whoever has asked and was not answered came last. What both happened within one tick is not
//! told apart.

use config::Span;

use super::message::number;

/// The places of the numbers in `tcp_info`, in bytes. Source: linux/tcp.h.
mod place {
    pub(super) const SENT_AGO: usize = 44;
    pub(super) const CAME_AGO: usize = 52;
    pub(super) const CAME: usize = 152;
    pub(super) const SENT: usize = 156;
}

/// The traffic of one connection so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// How many segments with data came.
    pub(crate) came: u32,
    /// How many were sent, also those that were sent again.
    pub(crate) sent: u32,
    /// How long ago the last came.
    pub(super) came_ago: Span,
    last: Last,
}

/// What happened last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Came,
    Sent,
    /// Both within one tick, or nothing at all.
    Either,
}

impl Traffic {
    /// As a `tcp_info` tells it; none where that is too short, as before Linux 4.6.
    pub(crate) fn of(info: &[u8]) -> Option<Self> {
        let came_ago = number(info, place::CAME_AGO)?;
        let sent_ago = number(info, place::SENT_AGO)?;
        let came = number(info, place::CAME)?;
        let sent = number(info, place::SENT)?;
        // Before the first, the kernel's times are those of the connection.
        let last = match (came, sent) {
            (0, 0) => Last::Either,
            (0, _) => Last::Sent,
            (_, 0) => Last::Came,
            (_, _) if came_ago < sent_ago => Last::Came,
            (_, _) if sent_ago < came_ago => Last::Sent,
            (_, _) => Last::Either,
        };
        let came_ago = Span::millis(came_ago.into());
        Some(Self {
            came,
            sent,
            came_ago,
            last,
        })
    }

    /// How long nothing was sent for certain since something came; none where something was, perhaps.
    pub(crate) fn unanswered(&self) -> Option<Span> {
        (self.last == Last::Came).then_some(self.came_ago)
    }

    /// Whether something was sent for certain since something came.
    pub(crate) fn is_answered(&self) -> bool {
        self.last == Last::Sent
    }
}
