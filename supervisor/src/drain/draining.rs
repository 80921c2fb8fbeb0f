//! One run that drains: what is known of its connections, and when nothing is under way on them.
//!
//! ```text
//! Watching ──drain─▶ Draining, with what is known
//! Draining ──Drained is told──▶ goes on until it is told to serve or to end
//!    ├──serve──▶ Releasing: every thread is let go of, then this is over
//!    └──retire─▶ Retiring (`retiring.rs`): frozen, looked at ──▶ Parting until the run has ended
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

use config::Span;
use fleet::Event;
use nix::unistd::Pid;
use protocol::{LackOf, RunId, Time};

use super::call::Call;
use super::calls::Plan;
use super::conversation::Conversation;
use super::doors::Doors;
use super::finding::members;
use super::retiring::Retiring;
use super::sends::Sends;
use super::sight::Sight;
use super::tracees::{AtCall, Still, Tracees, still_after};
use super::{Drain, Outlets};
use crate::clock;
use crate::connections::Connections;
use crate::seats;
use crate::sweep::Processes;
use crate::sys::trace::Stop;

/// How long it is from one look at the connections to the next, in milliseconds.
pub(super) const ROUND: Span = Span::millis(10);

/// How long it is from one look to the next at a run that is watched, once all of it is known.
const TIDYING: Span = Span::secs(1);

/// Longer than any run drains.
const FOR_EVER: Span = Span::secs(1_000_000_000);

/// How many looks running must find nothing under way.
const ROUNDS: u32 = 3;

/// How long a run that serves on may take to be let go of, where something is owed to a client.
const DEBT: Span = Span::secs(1);

/// A run that drains.
#[derive(Debug)]
pub(super) struct Draining {
    pub(super) run: RunId,
    pub(super) leader: Pid,
    pub(super) doors: Doors,
    pub(super) tracees: Tracees,
    /// Processes that have connections and may not be traced.
    pub(super) untraced: Vec<Pid>,
    /// What was reported as missing.
    lacks: BTreeSet<LackOf>,
    pub(super) sight: Sight,
    /// By the inode of the socket.
    pub(super) conversations: BTreeMap<u64, Conversation>,
    pub(super) sends: Sends,
    /// What the writes will mean that the kernel is making, by their threads.
    pub(super) plans: BTreeMap<Pid, Plan>,
    /// The connections that were taken over, by inode: the program believes that the client is gone.
    pub(super) adopted: BTreeSet<u64>,
    /// When connections that were being made at the beginning must have been seen.
    pub(super) settled: Time,
    /// How long nothing may happen on a connection until it counts as silent.
    pub(super) idle: Span,
    pub(super) patience: Patience,
    pub(super) course: Course,
    pub(super) outlets: Outlets,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Until every connection is silent.
    Silence,
    /// Until no request is under way.
    Answers,
}

/// Where it stands.
#[derive(Debug)]
pub(super) enum Course {
    /// It serves, and is looked at; the next look is due then.
    Watching { is_told: bool, next: Time },
    /// So many looks running have found nothing under way; the next is due then.
    Draining { calm: u32, next: Time },
    /// It was told that nothing is under way.
    Drained,
    /// It is about to end.
    Retiring(Retiring),
    /// It was told to end; what was taken over is none of its business any more.
    Parting,
    /// Its threads are let go of as they stop, or at this time if something is owed.
    Releasing { by: Option<Time> },
}

impl Draining {
    /// Begins: finds the processes that have the connections, and traces them.
    pub(super) fn watch(
        order: Drain,
        now: Time,
        (processes, kernel): (&mut Processes, &mut Connections),
        outlets: Outlets,
    ) -> Self {
        let mut draining = Self {
            run: order.run,
            leader: order.leader,
            doors: Doors::new(order.sockets),
            tracees: Tracees::new(order.leader),
            untraced: Vec::new(),
            lacks: BTreeSet::new(),
            sight: Sight::default(),
            conversations: BTreeMap::new(),
            sends: Sends::default(),
            plans: BTreeMap::new(),
            adopted: BTreeSet::new(),
            settled: now,
            idle: some_or_for_ever(order.idle),
            patience: Patience::Silence,
            course: Course::Watching {
                is_told: false,
                next: now,
            },
            outlets,
        };
        let members = members(order.run, order.leader, processes);
        draining.trace(&members, kernel);
        draining
    }

    /// From here on new connections go elsewhere, and clients are asked to leave.
    pub(super) fn drain(
        &mut self,
        (settle, idle): (Span, Span),
        now: Time,
        kernel: &mut Connections,
    ) {
        self.see_begun(now, kernel);
        self.settled = now + settle;
        if idle == Span::ZERO {
            self.patience = Patience::Answers;
        } else {
            self.idle = idle;
        }
        self.course = Course::Draining {
            calm: 0,
            next: now + ROUND,
        };
    }

    /// Whether it is only looked at so far.
    pub(super) const fn is_watched(&self) -> bool {
        matches!(self.course, Course::Watching { .. })
    }

    /// Reports what is missing, once.
    pub(super) fn hinder(&mut self, of: LackOf, error: &io::Error) {
        if self.lacks.insert(of.clone()) {
            self.outlets.hinder(self.run, of, error);
        }
    }

    /// A thread of the run has stopped.
    pub(super) fn stopped(&mut self, thread: Pid, stop: Stop, now: Time) {
        if self.is_releasing() {
            let signal = match stop {
                Stop::Signal(signal) => signal,
                Stop::AtCall | Stop::Interrupted | Stop::Group | Stop::Parent => 0,
            };
            return self.tracees.release(thread, signal);
        }
        let still = match stop {
            Stop::AtCall => match self.tracees.at_call(thread) {
                AtCall::Entry(call) => Still::Entering(call),
                AtCall::Exit(call, value) => {
                    self.has_left(thread, call, value, now);
                    if call == Call::Execute && value == 0 && self.is_done_with(thread) {
                        return self.tracees.release(thread, 0);
                    }
                    Still::Ready(0)
                }
                AtCall::Elsewhere => Still::Ready(0),
            },
            Stop::Signal(_) | Stop::Interrupted | Stop::Group | Stop::Parent => still_after(stop),
        };
        if self.is_frozen() {
            self.tracees.keep(thread, still);
        } else {
            self.go_on(thread, still, now);
        }
    }

    /// Whether a thread's process, which has become another program, has nothing of the run's
    /// connections any more: then it is a tool that the run uses.
    fn is_done_with(&self, thread: Pid) -> bool {
        let Some(process) = self.tracees.process_of(thread) else {
            return false;
        };
        let sockets = seats::sockets(process).unwrap_or_default();
        let is_here = |inode| self.doors.has(inode) || self.conversations.contains_key(&inode);
        process != self.leader && !sockets.iter().any(|(_, inode)| is_here(*inode))
    }

    /// Lets a thread that stands still go on.
    pub(super) fn go_on(&mut self, thread: Pid, still: Still, now: Time) {
        match still {
            Still::Entering(call) => self.enters(thread, call, now),
            Still::Ready(signal) => self.tracees.resume(thread, signal),
            Still::Stopped => self.tracees.leave_stopped(thread),
        }
    }

    /// Whether its threads are to stand still.
    const fn is_frozen(&self) -> bool {
        matches!(&self.course, Course::Retiring(retiring) if retiring.is_frozen())
    }

    /// Whether its threads are let go of.
    pub(super) const fn is_releasing(&self) -> bool {
        matches!(self.course, Course::Releasing { by: None })
    }

    /// When something is due though nothing happens; none where nothing is.
    pub(super) fn due(&self) -> Option<Time> {
        match &self.course {
            Course::Watching { next, .. } | Course::Draining { next, .. } => Some(*next),
            Course::Retiring(retiring) => Some(retiring.due()),
            Course::Releasing { by } => *by,
            Course::Drained | Course::Parting => None,
        }
    }

    /// Does what is due.
    pub(super) fn advance(&mut self, now: Time, kernel: &mut Connections) {
        match self.course {
            Course::Watching { is_told, next } if next <= now => {
                self.go_on_watching(is_told, now, kernel);
            }
            Course::Draining { calm, next } if next <= now => {
                let calm = if self.is_calm(now, kernel) {
                    calm + 1
                } else {
                    0
                };
                self.course = if calm >= ROUNDS {
                    self.outlets.inbox.send(Event::Drained { run: self.run });
                    Course::Drained
                } else {
                    Course::Draining {
                        calm,
                        next: next_round(now, clock::boot()),
                    }
                };
            }
            Course::Retiring(_) => self.go_on_retiring(now, kernel),
            Course::Releasing { by: Some(by) } if by <= now || self.sends.is_empty() => {
                self.sends.give_up();
                self.release();
            }
            Course::Watching { .. }
            | Course::Draining { .. }
            | Course::Releasing { .. }
            | Course::Drained
            | Course::Parting => {}
        }
    }

    /// Looks, and tells once that all is known. After that only what is over is forgotten.
    fn go_on_watching(&mut self, was_told: bool, now: Time, kernel: &mut Connections) {
        let knows_all = self.knows_all(now, kernel);
        let is_told = was_told || knows_all;
        if is_told && !was_told {
            self.outlets.inbox.send(Event::Watched { run: self.run });
        }
        let next = if is_told {
            now + TIDYING
        } else {
            next_round(now, clock::boot())
        };
        self.course = Course::Watching { is_told, next };
    }

    /// The run serves on.
    pub(super) fn serve(&mut self, now: Time) {
        self.sends.finish(&mut self.tracees);
        if self.sends.is_empty() {
            self.release();
        } else {
            let by = Some(now + DEBT);
            self.course = Course::Releasing { by };
        }
    }

    /// Another takes its place: no thread may be left standing for what this one had promised.
    pub(super) fn abandon(&mut self) {
        self.sends.finish(&mut self.tracees);
        self.sends.give_up();
        self.release();
    }

    /// Nothing of the run's leader is left.
    pub(super) fn ended(&mut self) {
        self.tracees.ended(self.leader);
        self.release();
    }

    /// Lets go of every thread, as each stops.
    fn release(&mut self) {
        self.course = Course::Releasing { by: None };
        self.tracees.interrupt();
        for (thread, still) in self.tracees.still() {
            let signal = match still {
                Still::Ready(signal) => signal,
                Still::Entering(_) | Still::Stopped => 0,
            };
            self.tracees.release(thread, signal);
        }
    }

    /// Its processes, readable when they have ended.
    pub(super) fn handles(&self) -> impl Iterator<Item = (RunId, Pid, BorrowedFd<'_>)> {
        let handles = self.tracees.processes();
        handles.map(|(pid, process)| (self.run, pid, process.handle.as_fd()))
    }

    /// Sockets that wait for room; none while all is to stand still, when none of it is used.
    pub(super) fn full(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let sends = (!self.is_frozen()).then_some(&self.sends);
        sends.into_iter().flat_map(Sends::sockets)
    }

    /// Sends what there is room for, unless all is to stand still.
    pub(super) fn push(&mut self, now: Time) {
        if self.is_frozen() || self.sends.is_empty() {
            return;
        }
        self.sends
            .push(&mut self.tracees, &mut self.conversations, now);
        for thread in self.sends.freed() {
            if let Some(still) = self.tracees.still_of(thread) {
                self.go_on(thread, still, now);
            }
        }
    }

    /// Whether there is nothing left to be done.
    pub(super) fn is_over(&self) -> bool {
        self.is_releasing() && self.tracees.is_empty()
    }
}

/// Where no time is told, nothing counts as silent for having waited.
fn some_or_for_ever(idle: Span) -> Span {
    if idle == Span::ZERO { FOR_EVER } else { idle }
}

/// When the next look is due after one that took from `begun` to `ended`: looks have a fifth of the
/// time at most, because the program stands still meanwhile whenever it makes a call.
fn next_round(begun: Time, ended: Time) -> Time {
    ended + ROUND.max(ended.since(begun).times(4))
}
