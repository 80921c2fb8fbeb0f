//! What the calls of a traced program mean for its connections, and which of them are answered in the
//! kernel's place.

use std::os::fd::{AsFd as _, BorrowedFd};

use nix::libc;
use nix::unistd::Pid;
use protocol::Time;
use rustix::fs::{OFlags, fcntl_getfl};

use super::call::{Call, Write};
use super::conversation::Conversation;
use super::draining::Draining;
use super::memory::Text;
use super::sends;
use super::tracees::Still;
use super::writing::{self, PART, Progress, Writing};
use crate::http_head::{LAST_CHUNK, Left, Rewritten, Word, with_close};
use crate::seats::{self, Number};

/// How every head begins, so that most of what is none need not be read.
const HEAD: &[u8] = b"HTTP/1.";

/// What becomes of a call that a thread is about to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is made.
    Pass,
    /// It is answered with this value.
    Answer(i64),
    /// It is answered later.
    Wait,
}

/// What a write that the kernel makes will mean, if it takes all bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    means: Means,
    /// How many bytes.
    length: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    /// A head that has the word already.
    Told(Left),
    /// A head that keeps the connection, while nobody is asked to leave.
    Answered(Left),
    /// A head that announces another.
    PutOff,
    /// A head after which the connection is something else.
    Changed,
    /// No head; whether it ends as an answer in chunks does.
    Bytes { ends: bool },
}

impl Draining {
    /// A thread is about to make a call.
    pub(super) fn enters(&mut self, thread: Pid, call: Call, now: Time) {
        if self.sends.has_thread(thread) {
            return self.tracees.keep(thread, Still::Entering(call));
        }
        let verdict = match self.tracees.process_of(thread) {
            Some(process) => self.judge(thread, process, call, now),
            None => Verdict::Pass,
        };
        match verdict {
            Verdict::Pass => self.tracees.resume(thread, 0),
            Verdict::Answer(value) => self.tracees.answer(thread, value),
            Verdict::Wait => self.tracees.keep(thread, Still::Entering(call)),
        }
    }

    fn judge(&mut self, thread: Pid, process: Pid, call: Call, now: Time) -> Verdict {
        match call {
            Call::Write(write) => match self.connection(process, write.to) {
                Some(inode) if self.adopted.contains(&inode) => GONE,
                Some(inode) => self.writes(thread, process, (inode, write), now),
                None => Verdict::Pass,
            },
            Call::Read(number) | Call::Shutdown(number) if self.is_adopted(process, number) => {
                Verdict::Answer(0)
            }
            Call::Move { to, .. } if self.is_adopted(process, to) => GONE,
            Call::Move { to: number, .. } | Call::Shutdown(number)
                if self.is_indebted(process, number) =>
            {
                self.queue(thread, process, number)
            }
            Call::Move {
                from: Some(from), ..
            } if self.is_adopted(process, from) => Verdict::Answer(0),
            Call::Close(number) => {
                self.forget(process, number, number);
                Verdict::Pass
            }
            Call::CloseRange(first, last) => {
                self.forget(process, first, last);
                Verdict::Pass
            }
            Call::Read(_)
            | Call::Shutdown(_)
            | Call::Move { .. }
            | Call::Accept
            | Call::Execute
            | Call::Other => Verdict::Pass,
        }
    }

    /// A thread is about to write to a connection.
    fn writes(
        &mut self,
        thread: Pid,
        process: Pid,
        (inode, write): (u64, Write),
        now: Time,
    ) -> Verdict {
        if !self.sends.pay(inode) {
            return self.refuse(thread, process, (inode, write));
        }
        let unknown = || Conversation::unknown(now);
        let conversation = *self.conversations.entry(inode).or_insert_with(unknown);
        let Some(text) = Text::of(process, &write) else {
            return Verdict::Pass;
        };
        if !conversation.may_be_answered() || text.read(0, HEAD.len()) != HEAD {
            let ends = conversation.may_end() && text.end(LAST_CHUNK.len()) == LAST_CHUNK;
            return self.plan(thread, Means::Bytes { ends }, &text);
        }
        let first = text.read(0, PART);
        let means = match with_close(&first) {
            Word::Rewritten(_) if self.is_watched() => {
                Means::Answered(Left::behind(&first, text.length()))
            }
            Word::Rewritten(rewritten) => {
                let first = (first.len(), rewritten);
                return match self.writing(process, &write, text, first) {
                    Some(writing) => self.write(thread, inode, (writing, write), now),
                    None => Verdict::Pass,
                };
            }
            Word::SaysClose => Means::Told(Left::behind(&first, text.length())),
            Word::Interim => Means::PutOff,
            Word::Upgrade => Means::Changed,
            Word::NotAHead => Means::Bytes { ends: false },
        };
        self.plan(thread, means, &text)
    }

    /// A thread is about to write behind what is owed: it waits if that is its way.
    fn refuse(&mut self, thread: Pid, process: Pid, (inode, write): (u64, Write)) -> Verdict {
        let handle = self.tracees.process(process).map(|it| &it.handle);
        let socket = handle.and_then(|handle| seats::duplicate(handle, write.to).ok());
        if socket.is_some_and(|socket| waits(socket.as_fd(), write.flags)) {
            self.sends.queue(thread, inode);
            return Verdict::Wait;
        }
        AGAIN
    }

    /// Whether something is owed to a connection, and cannot be paid right now.
    fn is_indebted(&mut self, process: Pid, number: Number) -> bool {
        if self.sends.is_empty() {
            return false;
        }
        let inode = self.connection(process, number);
        inode.is_some_and(|inode| !self.sends.pay(inode))
    }

    fn queue(&mut self, thread: Pid, process: Pid, number: Number) -> Verdict {
        match self.connection(process, number) {
            Some(inode) => {
                self.sends.queue(thread, inode);
                Verdict::Wait
            }
            None => Verdict::Pass,
        }
    }

    fn plan(&mut self, thread: Pid, means: Means, text: &Text) -> Verdict {
        let length = text.length();
        self.plans.insert(thread, Plan { means, length });
        Verdict::Pass
    }

    /// A write in the program's place; none where it cannot be made.
    fn writing(
        &self,
        process: Pid,
        write: &Write,
        text: Text,
        first: (usize, Rewritten),
    ) -> Option<Writing> {
        let handle = &self.tracees.process(process)?.handle;
        let socket = seats::duplicate(handle, write.to).ok()?;
        // What the number stood for when it was first looked at may have been replaced since.
        self.doors.entered(socket.as_fd())?;
        Writing::new(socket, text, first, write.flags)
    }

    /// Makes a write in the program's place.
    fn write(
        &mut self,
        thread: Pid,
        inode: u64,
        (mut writing, write): (Writing, Write),
        now: Time,
    ) -> Verdict {
        let progress = writing.push();
        let taken = writing.taken();
        let is_untouched = taken.own == 0 && taken.owed.is_empty();
        if progress == Progress::Full && waits(writing.socket(), write.flags) {
            self.sends.wait(thread, inode, writing);
            return Verdict::Wait;
        }
        match progress {
            Progress::Full if is_untouched => return AGAIN,
            // The kernel says what is the matter.
            Progress::Broken if is_untouched => return Verdict::Pass,
            Progress::Full | Progress::Broken | Progress::Whole => {}
        }
        if let Some(conversation) = self.conversations.get_mut(&inode).filter(|_| taken.said) {
            conversation.told(now, taken.left);
        }
        let value = sends::value(&taken);
        self.sends.owe(inode, writing.into_socket(), taken.owed);
        Verdict::Answer(value)
    }

    /// A thread has made a call.
    pub(super) fn has_left(&mut self, thread: Pid, call: Call, value: i64, now: Time) {
        let plan = self.plans.remove(&thread);
        let Some(process) = self.tracees.process_of(thread) else {
            return;
        };
        match call {
            Call::Read(number) if value > 0 => self.heard(process, number, now),
            Call::Write(write) if value > 0 => self.wrote(process, write.to, (plan, value), now),
            Call::Move { from, to } if value > 0 => {
                from.into_iter()
                    .for_each(|from| self.heard(process, from, now));
                self.wrote(process, to, (None, value), now);
            }
            Call::Accept => self.accepted(process, value, now),
            Call::Execute if value == 0 => self.forget(process, 0, Number::MAX),
            Call::Read(_)
            | Call::Write(_)
            | Call::Move { .. }
            | Call::Close(_)
            | Call::CloseRange(_, _)
            | Call::Shutdown(_)
            | Call::Execute
            | Call::Other => {}
        }
    }

    fn heard(&mut self, process: Pid, number: Number, now: Time) {
        if let Some(conversation) = self.conversation(process, number, now) {
            conversation.heard(now);
        }
    }

    fn wrote(&mut self, process: Pid, to: Number, (plan, value): (Option<Plan>, i64), now: Time) {
        let Some(conversation) = self.conversation(process, to, now) else {
            return;
        };
        let bytes = value.unsigned_abs();
        let written = usize::try_from(bytes).unwrap_or(usize::MAX);
        let missing = plan.map_or(0, |plan| plan.length.saturating_sub(written));
        match plan.map(|plan| plan.means) {
            Some(Means::Told(left)) => conversation.told(now, left.before(missing)),
            Some(Means::Answered(left)) => conversation.answered(now, left.before(missing)),
            Some(Means::PutOff) => conversation.put_off(now),
            Some(Means::Changed) => conversation.changed(now),
            Some(Means::Bytes { ends }) => conversation.wrote(now, bytes, ends && missing == 0),
            None => conversation.wrote(now, bytes, false),
        }
    }

    fn accepted(&mut self, process: Pid, value: i64, now: Time) {
        let Ok(number) = Number::try_from(value) else {
            return;
        };
        self.forget(process, number, number);
        let Some(conversation) = self.conversation(process, number, now) else {
            return;
        };
        if conversation.is_unknown() {
            *conversation = Conversation::accepted(now);
        }
    }

    fn conversation(
        &mut self,
        process: Pid,
        number: Number,
        now: Time,
    ) -> Option<&mut Conversation> {
        let inode = self.connection(process, number)?;
        let unknown = || Conversation::unknown(now);
        Some(self.conversations.entry(inode).or_insert_with(unknown))
    }

    /// Which connection of this run a process has under a number; none where it is something else.
    pub(super) fn connection(&mut self, process: Pid, number: Number) -> Option<u64> {
        let doors = &self.doors;
        let traced = self.tracees.process_mut(process)?;
        if let Some(known) = traced.known.get(&number) {
            return *known;
        }
        let found = seats::socket(process, number).filter(|_| {
            let socket = seats::duplicate(&traced.handle, number).ok();
            socket.is_some_and(|it| doors.entered(it.as_fd()).is_some())
        });
        traced.known.insert(number, found);
        found
    }

    fn is_adopted(&mut self, process: Pid, number: Number) -> bool {
        !self.adopted.is_empty()
            && self
                .connection(process, number)
                .is_some_and(|inode| self.adopted.contains(&inode))
    }

    /// What these numbers stand for is not known any more.
    fn forget(&mut self, process: Pid, first: Number, last: Number) {
        if let Some(traced) = self.tracees.process_mut(process) {
            traced
                .known
                .retain(|number, _| *number < first || *number > last);
        }
    }
}

/// Whether a write with these flags waits for room in this socket.
fn waits(socket: BorrowedFd<'_>, flags: i32) -> bool {
    let may_wait = |it: OFlags| !it.contains(OFlags::NONBLOCK);
    writing::may_wait(flags) && fcntl_getfl(socket).is_ok_and(may_wait)
}

/// There is no room.
const AGAIN: Verdict = Verdict::Answer(-(libc::EAGAIN as i64));
/// The client is gone, as far as the program is to know.
const GONE: Verdict = Verdict::Answer(-(libc::EPIPE as i64));
