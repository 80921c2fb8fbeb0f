//! What is known of one connection, from what its program reads and writes while it is traced.
//!
//! ```text
//! Unknown ──heard──▶ Asked ──a head with the word──▶ Told, until the client has left
//!    │                 ├──other bytes──▶ Foreign           │ heard, and the answer was whole
//!    │                 └──Upgrade──▶ Changed              └──▶ Asked
//!    └─wrote─▶ Midway ──heard──▶ Asked                Fresh ──heard──▶ Asked
//!                 └──the last chunk──▶ Fresh
//! Asked ──a head without the word, while nobody is asked to leave──▶ Answered ──heard──▶ Asked
//! ```
//!
//! Unknown: nothing has happened since the tracing began; all there is to go by is what the kernel says
//! of the time before, or of a program that is not traced. Fresh: nothing is under way. Asked: a
//! request was read, at least in part. Told: the answer that goes out ends the connection. Answered: one
//! goes out that does not, or has. Midway: the rest of an answer, or a stream, whose beginning was not
//! seen. Foreign: a protocol that is not HTTP/1, or is encrypted. Changed: it was HTTP/1, and is
//! something else.
//!
//! Pure: the time comes in.

use config::Span;
use protocol::Time;

use crate::connections::Traffic;
use crate::http_head::Left;

/// Who has said something and got nothing for so long may not have asked for anything: so do those who
/// answer the pings of a WebSocket.
const LONG: Span = Span::secs(30);

/// One connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Conversation {
    phase: Phase,
    /// When something happened on it, or when the tracing began.
    since: Time,
    /// What the kernel said of it last.
    traffic: Option<Traffic>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Unknown,
    Fresh,
    Asked,
    Told {
        left: Left,
        /// Whether any of what was left after the head was written.
        has_body: bool,
    },
    Answered {
        left: Left,
        /// The same.
        has_body: bool,
    },
    Midway,
    Foreign,
    Changed,
}

/// What a connection is to a run that is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing is under way.
    Silent,
    /// Nothing has happened for a while that is too short to call it silent.
    Quiet,
    /// A request is under way.
    Busy,
    /// Something is under way, perhaps, of which nobody knows where it ends.
    Streaming,
}

impl Conversation {
    /// A connection that was there before.
    pub(super) const fn unknown(now: Time) -> Self {
        Self {
            phase: Phase::Unknown,
            since: now,
            traffic: None,
        }
    }

    /// A connection that was just accepted.
    pub(super) const fn accepted(now: Time) -> Self {
        Self {
            phase: Phase::Fresh,
            since: now,
            traffic: None,
        }
    }

    /// Whether nothing has happened since it was found.
    pub(super) const fn is_unknown(&self) -> bool {
        matches!(self.phase, Phase::Unknown)
    }

    /// The program has read something.
    pub(super) fn heard(&mut self, now: Time) {
        self.since = now;
        self.phase = match self.phase {
            Phase::Unknown | Phase::Fresh | Phase::Asked | Phase::Midway => Phase::Asked,
            // An answer to HEAD has a length and no body.
            Phase::Told { left, has_body } | Phase::Answered { left, has_body }
                if left.is_none() || !has_body =>
            {
                Phase::Asked
            }
            // Who asks again has seen the end of it.
            Phase::Answered {
                left: Left::Unsaid, ..
            } => Phase::Asked,
            Phase::Told { .. } | Phase::Answered { .. } | Phase::Foreign | Phase::Changed => {
                self.phase
            }
        };
    }

    /// Bytes are under way on it, whoever reads or writes them.
    pub(super) const fn stirred(&mut self, now: Time) {
        self.since = now;
    }

    /// The kernel says what has come and gone so far; what is new has stirred it.
    pub(super) fn counted(&mut self, now: Time, traffic: Traffic) {
        let counts = |it: Traffic| (it.came, it.sent);
        if self.traffic.is_some_and(|it| counts(it) != counts(traffic)) {
            self.stirred(now);
        }
        self.traffic = Some(traffic);
    }

    /// Whether an answer may be awaited on it or not, as far as anybody can tell.
    pub(super) fn is_unclear(&self) -> bool {
        self.is_unknown() && !self.traffic.is_some_and(|it| it.is_answered())
    }

    /// Whether what is written next may be the head of an answer. In the middle of a body nothing is,
    /// whatever it looks like.
    pub(super) const fn may_be_answered(&self) -> bool {
        match self.phase {
            Phase::Unknown | Phase::Fresh | Phase::Asked | Phase::Foreign => true,
            Phase::Told { left, .. } | Phase::Answered { left, .. } => left.is_none(),
            Phase::Midway | Phase::Changed => false,
        }
    }

    /// Whether the end of what is written next tells the end of an answer.
    pub(super) const fn may_end(&self) -> bool {
        matches!(
            self.phase,
            Phase::Midway
                | Phase::Unknown
                | Phase::Told {
                    left: Left::Chunks,
                    ..
                }
                | Phase::Answered {
                    left: Left::Chunks,
                    ..
                }
        )
    }

    /// A head was written that has the word, and so much of the answer is still to come.
    pub(super) fn told(&mut self, now: Time, left: Left) {
        self.since = now;
        let has_body = false;
        self.phase = Phase::Told { left, has_body };
    }

    /// A head was written that does not have the word, and so much of the answer is still to come.
    pub(super) fn answered(&mut self, now: Time, left: Left) {
        self.since = now;
        let has_body = false;
        self.phase = Phase::Answered { left, has_body };
    }

    /// A head was written after which the connection is something else.
    pub(super) fn changed(&mut self, now: Time) {
        self.since = now;
        self.phase = Phase::Changed;
    }

    /// An interim answer was written: the answer is still to come.
    pub(super) fn put_off(&mut self, now: Time) {
        self.since = now;
        self.phase = Phase::Asked;
    }

    /// So many bytes were written that are no head; `ends` where the last of them can be the end of
    /// an answer in chunks.
    pub(super) fn wrote(&mut self, now: Time, bytes: u64, ends: bool) {
        self.since = now;
        self.phase = match self.phase {
            Phase::Unknown | Phase::Fresh | Phase::Midway if ends => Phase::Fresh,
            Phase::Unknown | Phase::Fresh | Phase::Midway => Phase::Midway,
            Phase::Asked | Phase::Foreign => Phase::Foreign,
            Phase::Told { left, .. } => Phase::Told {
                left: left.after(bytes, ends),
                has_body: true,
            },
            Phase::Answered { left, .. } => Phase::Answered {
                left: left.after(bytes, ends),
                has_body: true,
            },
            Phase::Changed => Phase::Changed,
        };
    }

    /// Whether a request was under way no longer ago than this.
    pub(super) fn was_busy(&self, now: Time, ago: Span) -> bool {
        let is_busy = self.standing(now, ago) == Standing::Busy;
        is_busy && now.since(self.since) < ago
    }

    /// What it is, where nothing may happen for `idle` on what is called silent.
    pub(super) fn standing(&self, now: Time, idle: Span) -> Standing {
        match self.phase {
            Phase::Fresh => Standing::Silent,
            Phase::Unknown => match self.traffic.and_then(|it| it.unanswered()) {
                None => self.silent_after(now, idle),
                Some(ago) if ago < LONG => Standing::Busy,
                Some(_) => Standing::Streaming,
            },
            Phase::Told { left, .. } if left.is_none() => self.silent_after(now, idle),
            Phase::Answered { left, .. } if left.is_none() => Standing::Silent,
            // An answer to HEAD has a length and no body.
            Phase::Answered {
                left: Left::Bytes(_),
                has_body: false,
            } => self.after(now, idle, [Standing::Busy, Standing::Silent]),
            // Where no end is told, or chunks do not begin to come, nobody knows whether any will.
            Phase::Answered {
                left: Left::Unsaid, ..
            }
            | Phase::Answered {
                left: Left::Chunks,
                has_body: false,
            } => self.after(now, idle, [Standing::Busy, Standing::Streaming]),
            Phase::Asked | Phase::Told { .. } | Phase::Answered { .. } => Standing::Busy,
            Phase::Midway | Phase::Foreign | Phase::Changed => Standing::Streaming,
        }
    }

    fn silent_after(&self, now: Time, idle: Span) -> Standing {
        self.after(now, idle, [Standing::Quiet, Standing::Silent])
    }

    /// The first until nothing has happened for so long, then the second.
    fn after(&self, now: Time, idle: Span, [before, then]: [Standing; 2]) -> Standing {
        if now.since(self.since) < idle {
            before
        } else {
            then
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Span = Span::millis(100);

    fn at(ms: u64) -> Time {
        Time::millis(ms)
    }

    #[test]
    fn what_nobody_knows_is_silent_only_after_a_while() {
        let conversation = Conversation::unknown(at(0));
        assert_eq!(conversation.standing(at(99), IDLE), Standing::Quiet);
        assert_eq!(conversation.standing(at(100), IDLE), Standing::Silent);
    }

    #[test]
    fn what_stirs_is_not_silent_though_nobody_was_seen_to_read_or_write() {
        let mut conversation = Conversation::unknown(at(0));
        conversation.stirred(at(60));
        assert_eq!(conversation.standing(at(159), IDLE), Standing::Quiet);
        assert_eq!(conversation.standing(at(160), IDLE), Standing::Silent);
    }

    #[test]
    fn what_the_client_said_last_is_a_request_unless_it_was_long_ago() {
        let mut conversation = Conversation::unknown(at(0));
        for (ago, standing) in [(29_999, Standing::Busy), (30_000, Standing::Streaming)] {
            conversation.counted(at(0), unanswered(ago));
            assert_eq!(conversation.standing(at(9000), IDLE), standing);
            assert!(conversation.is_unclear());
        }
        conversation.wrote(at(9000), 5, true);
        assert_eq!(conversation.standing(at(9000), IDLE), Standing::Silent);
    }

    #[test]
    fn what_comes_and_goes_keeps_a_connection_from_being_silent() {
        let mut conversation = Conversation::unknown(at(0));
        let nothing = Traffic::of(&[0; 160]).unwrap();
        conversation.counted(at(50), nothing);
        assert_eq!(conversation.standing(at(100), IDLE), Standing::Silent);
        conversation.counted(at(60), unanswered(0));
        conversation.counted(at(70), nothing);
        assert_eq!(conversation.standing(at(169), IDLE), Standing::Quiet);
    }

    /// One segment came so long ago, and none was sent.
    fn unanswered(ago: u32) -> Traffic {
        let mut info = [0; 160];
        info[52..56].copy_from_slice(&ago.to_ne_bytes());
        info[152] = 1;
        Traffic::of(&info).unwrap()
    }

    #[test]
    fn what_was_accepted_and_asked_nothing_is_silent_at_once() {
        let conversation = Conversation::accepted(at(0));
        assert_eq!(conversation.standing(at(0), IDLE), Standing::Silent);
    }

    #[test]
    fn a_question_is_under_way_however_long_it_takes_until_it_is_answered_whole() {
        let mut conversation = Conversation::unknown(at(0));
        conversation.heard(at(1));
        assert_eq!(conversation.standing(at(9000), IDLE), Standing::Busy);
        conversation.told(at(9000), Left::Bytes(10));
        assert_eq!(conversation.standing(at(99_000), IDLE), Standing::Busy);
        conversation.wrote(at(99_001), 9, false);
        assert_eq!(conversation.standing(at(100_000), IDLE), Standing::Busy);
        conversation.wrote(at(100_000), 1, false);
        assert_eq!(conversation.standing(at(100_001), IDLE), Standing::Quiet);
        assert_eq!(conversation.standing(at(100_100), IDLE), Standing::Silent);
    }

    #[test]
    fn no_head_is_looked_for_within_a_body() {
        let mut conversation = Conversation::unknown(at(0));
        conversation.heard(at(1));
        assert!(conversation.may_be_answered());
        for left in [Left::Bytes(1), Left::Chunks, Left::Unsaid] {
            conversation.told(at(2), left);
            assert!(!conversation.may_be_answered());
            conversation.wrote(at(3), 0, false);
            conversation.heard(at(3));
            assert!(!conversation.may_be_answered());
        }
    }

    #[test]
    fn an_answer_to_head_has_no_body() {
        let mut conversation = Conversation::unknown(at(0));
        conversation.heard(at(1));
        conversation.told(at(2), Left::Bytes(1000));
        conversation.heard(at(3));
        assert!(conversation.may_be_answered());
    }

    #[test]
    fn what_is_answered_and_not_asked_to_leave_is_silent_at_once_and_may_ask_again() {
        let mut conversation = Conversation::unknown(at(0));
        conversation.heard(at(1));
        conversation.answered(at(2), Left::Bytes(5));
        conversation.wrote(at(3), 4, false);
        assert_eq!(conversation.standing(at(9000), IDLE), Standing::Busy);
        conversation.wrote(at(9000), 1, false);
        assert_eq!(conversation.standing(at(9000), IDLE), Standing::Silent);
        conversation.heard(at(9001));
        assert!(conversation.may_be_answered());
        assert_eq!(conversation.standing(at(99_000), IDLE), Standing::Busy);
    }

    #[test]
    fn an_answer_whose_end_is_not_told_is_under_way_for_a_while() {
        for (left, then) in [
            (Left::Bytes(5), Standing::Silent),
            (Left::Chunks, Standing::Streaming),
            (Left::Unsaid, Standing::Streaming),
        ] {
            let mut conversation = Conversation::unknown(at(0));
            conversation.heard(at(1));
            conversation.answered(at(2), left);
            assert_eq!(conversation.standing(at(101), IDLE), Standing::Busy);
            assert_eq!(conversation.standing(at(102), IDLE), then);
            conversation.heard(at(103));
            assert!(conversation.may_be_answered());
        }
    }

    #[test]
    fn a_stream_is_never_silent_and_the_last_chunk_ends_it() {
        let mut conversation = Conversation::unknown(at(0));
        conversation.wrote(at(1), 5, false);
        assert_eq!(conversation.standing(at(9000), IDLE), Standing::Streaming);
        assert!(!conversation.may_be_answered());
        conversation.wrote(at(9000), 5, true);
        assert_eq!(conversation.standing(at(9000), IDLE), Standing::Silent);
    }

    #[test]
    fn what_is_answered_by_other_bytes_is_foreign_for_good() {
        let mut conversation = Conversation::accepted(at(0));
        conversation.heard(at(1));
        conversation.wrote(at(2), 5, true);
        conversation.heard(at(3));
        assert_eq!(conversation.standing(at(9000), IDLE), Standing::Streaming);
    }

    #[test]
    fn what_was_changed_is_not_looked_at_any_more() {
        let mut conversation = Conversation::accepted(at(0));
        conversation.heard(at(1));
        conversation.changed(at(2));
        conversation.heard(at(3));
        assert!(!conversation.may_be_answered());
        assert_eq!(conversation.standing(at(9000), IDLE), Standing::Streaming);
    }
}
