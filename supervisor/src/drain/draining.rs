//! One run that drains: what is known of its connections, and when nothing is under way on them.
//!
//! ```text
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
use protocol::{Lack, LackOf, RunId, Time};

use super::call::Call;
use super::calls::Plan;
use super::conversation::Conversation;
use super::doors::Doors;
use super::finding::members;
use super::retiring::Retiring;
use super::seats;
use super::sends::Sends;
use super::sight::Sight;
use super::tracees::{AtCall, Still, Tracees, still_after};
use super::{Drain, Outlets};
use crate::clock;
use crate::connections::Connections;
use crate::sweep::Processes;
use crate::sys::trace::Stop;

/// How long it is from one look at the connections to the next, in milliseconds.
pub(super) const ROUND: Span = Span::millis(10);

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
    pub(super) idle: Span,
    pub(super) course: Course,
    pub(super) outlets: Outlets,
}

/// Where it stands.
#[derive(Debug)]
pub(super) enum Course {
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
    pub(super) fn begin(
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
            settled: now + order.settle,
            idle: order.idle,
            course: Course::Draining {
                calm: 0,
                next: now + ROUND,
            },
            outlets,
        };
        draining.see_begun(now, kernel);
        let members = members(order.run, order.leader, processes);
        draining.trace(&members, kernel);
        draining
    }

    /// Reports what is missing, once.
    pub(super) fn hinder(&mut self, of: LackOf, error: &io::Error) {
        if self.lacks.insert(of.clone()) {
            let errno = error.raw_os_error().unwrap_or(0);
            let (run, lack) = (self.run, Lack { of, errno });
            self.outlets.inbox.send(Event::Hindered { run, lack });
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

    fn is_releasing(&self) -> bool {
        matches!(self.course, Course::Releasing { by: None })
    }

    /// When something is due though nothing happens; none where nothing is.
    pub(super) fn due(&self) -> Option<Time> {
        match &self.course {
            Course::Draining { next, .. } => Some(*next),
            Course::Retiring(retiring) => Some(retiring.due()),
            Course::Releasing { by } => *by,
            Course::Drained | Course::Parting => None,
        }
    }

    /// Does what is due.
    pub(super) fn advance(&mut self, now: Time, kernel: &mut Connections) {
        match self.course {
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
            Course::Draining { .. }
            | Course::Releasing { .. }
            | Course::Drained
            | Course::Parting => {}
        }
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

    /// Sockets that wait for room.
    pub(super) fn full(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.sends.sockets()
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

/// When the next look is due after one that took from `begun` to `ended`: looks have a fifth of the
/// time at most, because the program stands still meanwhile whenever it makes a call.
fn next_round(begun: Time, ended: Time) -> Time {
    ended + ROUND.max(ended.since(begun).times(4))
}
