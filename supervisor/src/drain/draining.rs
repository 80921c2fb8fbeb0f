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

use super::call::Number;
use super::calls::Plan;
use super::conversation::{Conversation, Standing};
use super::doors::Doors;
use super::retiring::Retiring;
use super::seats;
use super::sends::Sends;
use super::tracees::{AtCall, Still, Tracees, still_after};
use super::{Drain, Outlets};
use crate::connections::{Connections, State, States};
use crate::sweep::{Processes, Tree};
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
    /// By the inode of the socket.
    pub(super) conversations: BTreeMap<u64, Conversation>,
    pub(super) sends: Sends,
    /// What the writes will mean that the kernel is making, by their threads.
    pub(super) plans: BTreeMap<Pid, Plan>,
    /// The connections that were taken over, by inode: the program believes that the client is gone.
    pub(super) adopted: BTreeSet<u64>,
    /// When connections that were being made at the beginning must have been seen.
    settled: Time,
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

/// A connection that lives, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Live {
    pub(super) inode: u64,
    pub(super) process: Pid,
    pub(super) number: Number,
    /// Whether something has come that the program has not read.
    pub(super) has_waiting: bool,
    /// Whether the client has ended its half.
    pub(super) is_half_closed: bool,
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
        let members = members(order.run, order.leader, processes);
        draining.trace(&members, kernel);
        draining
    }

    /// Traces those that have a listener or a connection, and those that execute the same program:
    /// they may be given one.
    fn trace(&mut self, members: &[Pid], kernel: &mut Connections) {
        let open = kernel.at(&self.doors.ports(), States::OPEN);
        let open = self.diagnosed(open).unwrap_or_default();
        let is_here = |inode| {
            self.doors.has(inode)
                || self.doors.has_files()
                || open.iter().any(|row| row.inode == inode)
        };
        let holds = |process: &Pid| {
            let sockets = seats::sockets(*process).unwrap_or_default();
            sockets.iter().any(|(_, inode)| is_here(*inode))
        };
        let holders: Vec<Pid> = members.iter().copied().filter(holds).collect();
        let programs: Vec<_> = holders.iter().filter_map(|it| program_of(*it)).collect();
        let is_kin = |it: &Pid| program_of(*it).is_some_and(|program| programs.contains(&program));
        let kin: Vec<Pid> = members.iter().copied().filter(is_kin).collect();
        for process in holders
            .iter()
            .chain(kin.iter().filter(|it| !holders.contains(it)))
        {
            if let Err(error) = self.tracees.seize(*process) {
                self.hinder(LackOf::Trace, &error);
                self.untraced.push(*process);
            }
        }
    }

    /// What the kernel tells about connections, or that it does not.
    fn diagnosed<T>(&self, told: io::Result<T>) -> Option<T> {
        told.map_err(|error| self.hinder(LackOf::Diagnosis, &error))
            .ok()
    }

    /// Reports what is missing.
    fn hinder(&self, of: LackOf, error: &io::Error) {
        let errno = error.raw_os_error().unwrap_or(0);
        let lack = Lack { of, errno };
        self.outlets.inbox.send(Event::Hindered {
            run: self.run,
            lack,
        });
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
                Some(AtCall::Entry(call)) => Still::Entering(call),
                Some(AtCall::Exit(call, value)) => {
                    self.has_left(thread, call, value, now);
                    Still::Ready(0)
                }
                Some(AtCall::Elsewhere) => Still::Ready(0),
                None => return,
            },
            Stop::Signal(_) | Stop::Interrupted | Stop::Group | Stop::Parent => still_after(stop),
        };
        if self.is_frozen() {
            self.tracees.keep(thread, still);
        } else {
            self.go_on(thread, still, now);
        }
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
                    let next = now + ROUND;
                    Course::Draining { calm, next }
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

    /// Whether nothing is under way.
    fn is_calm(&mut self, now: Time, kernel: &mut Connections) -> bool {
        let Some(live) = self.look(now, kernel) else {
            return false;
        };
        let is_silent = |it: &Live| match self.standing(it, now) {
            Standing::Silent => !it.has_waiting,
            // Who wants to wait for nothing that is silent does not wait for streams either.
            Standing::Streaming => self.idle == Span::millis(0),
            Standing::Quiet | Standing::Busy => false,
        };
        let are_silent = live.iter().all(is_silent);
        are_silent && self.sends.is_empty() && self.doors.are_quiet() && now >= self.settled
    }

    /// What a connection is to a run that is to end.
    pub(super) fn standing(&self, live: &Live, now: Time) -> Standing {
        let known = self.conversations.get(&live.inode);
        known.map_or(Standing::Busy, |it| it.standing(now, self.idle))
    }

    /// The connections that live. None where nobody can tell.
    pub(super) fn look(&mut self, now: Time, kernel: &mut Connections) -> Option<Vec<Live>> {
        let rows = kernel.at(&self.doors.ports(), States::OPEN);
        let rows: BTreeMap<u64, _> = match rows {
            Ok(rows) => rows.into_iter().map(|row| (row.inode, row)).collect(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
            Err(error) => {
                self.hinder(LackOf::Diagnosis, &error);
                BTreeMap::new()
            }
        };
        let traced = self.tracees.processes().map(|(pid, _)| pid);
        let processes: Vec<Pid> = traced.chain(self.untraced.iter().copied()).collect();
        let mut live = BTreeMap::new();
        for process in processes {
            for (number, inode) in seats::sockets(process).unwrap_or_default() {
                let row = rows.get(&inode);
                if row.is_none() && !self.is_at_file(process, number) {
                    continue;
                }
                live.entry(inode).or_insert_with(|| Live {
                    inode,
                    process,
                    number,
                    has_waiting: row.is_some_and(|row| row.waiting_in > 0),
                    is_half_closed: row.is_some_and(|row| row.state == State::CloseWait),
                });
            }
        }
        self.conversations
            .retain(|inode, _| live.contains_key(inode));
        for inode in live.keys() {
            let unknown = || Conversation::unknown(now);
            self.conversations.entry(*inode).or_insert_with(unknown);
        }
        Some(live.into_values().collect())
    }

    /// Whether this is a connection that came in by a file.
    fn is_at_file(&mut self, process: Pid, number: Number) -> bool {
        self.doors.has_files() && self.connection(process, number).is_some()
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

    /// Sends what there is room for.
    pub(super) fn push(&mut self, now: Time) {
        self.sends
            .push(&mut self.tracees, &mut self.conversations, now);
    }

    /// Whether there is nothing left to be done.
    pub(super) fn is_over(&self) -> bool {
        self.is_releasing() && self.tracees.is_empty()
    }
}

/// The processes of a run, the leader first.
fn members(run: RunId, leader: Pid, processes: &mut Processes) -> Vec<Pid> {
    let tree = Tree { run, leader };
    let mut look = processes.look(&[]);
    processes.adopt(&[tree], &mut look);
    let others = look.seen.iter().filter(|it| tree.has(it));
    std::iter::once(leader)
        .chain(others.map(|it| it.pid))
        .collect()
}

/// The executable of a process.
fn program_of(process: Pid) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let about = std::fs::metadata(format!("/proc/{process}/exe")).ok()?;
    Some((about.dev(), about.ino()))
}
