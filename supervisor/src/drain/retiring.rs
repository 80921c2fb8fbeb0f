//! The end of a run that drained: what is silent is taken over, and the run is told to end.
//!
//! ```text
//! Freezing ──all stand still──▶ something under way? ──yes, and not too often──▶ Easing ─▶ Freezing
//!                                  │ no
//!                                  ▼
//!   duplicate what is silent · count what is cut · kill who has no handler, tell the others · thaw
//! ```
//!
//! Nobody reads from a connection that is taken over but whoever takes it over: a process that the
//! signal would end at once is killed while it stands still, so that it makes not one more step. One
//! that handles the signal goes on, and is made to believe that these clients are gone: their
//! connections are at an end for it when it reads, and what it does to them does not reach the wire.

use std::os::fd::AsFd as _;

use config::handover::KeepAlive;
use config::spec::Scope;
use config::{Address, Signal, Span};
use fleet::Event;
use nix::libc;
use nix::unistd::Pid;
use protocol::{Tally, Time};
use rustix::fs::fstat;
use rustix::net::{Shutdown, shutdown};

use super::Retire;
use super::conversation::{Conversation, Standing};
use super::draining::{Course, Draining};
use super::sight::{Live, Look};
use crate::connections::Connections;
use crate::proc::Status;
use crate::relay::Adopted;
use crate::seats;
use crate::sys;
use crate::sys::socket::is_near;

/// How long threads may take to stand still. What sleeps in the kernel for longer does not run the
/// program.
const FREEZE: Span = Span::millis(50);

/// How long a frozen run goes on, where something was under way, until it is frozen again: so long
/// after the first try, twice as long after the second, and so on. A machine that has much to do takes
/// long to make its threads stand still, and what came meanwhile must be served faster than it comes.
const EASE: Span = Span::millis(5);

/// How often at most; a second in all.
const TRIES: u32 = 20;

/// How far it has come.
#[derive(Debug)]
pub(super) struct Retiring {
    order: Retire,
    step: Step,
    tries: u32,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// Its threads are about to stand still, and will by this time.
    Freezing(Time),
    /// They go on, until this time.
    Easing(Time),
}

impl Retiring {
    /// Whether threads that stop are to stand still.
    pub(super) const fn is_frozen(&self) -> bool {
        matches!(self.step, Step::Freezing(_))
    }

    /// When something is due though nothing happens.
    pub(super) const fn due(&self) -> Time {
        let (Step::Freezing(time) | Step::Easing(time)) = self.step;
        time
    }
}

impl Draining {
    /// Begins to end it.
    pub(super) fn retire(&mut self, order: Retire, now: Time) {
        let step = Step::Freezing(now + FREEZE);
        let tries = 0;
        self.course = Course::Retiring(Retiring { order, step, tries });
        self.tracees.interrupt();
    }

    /// Goes on with it, after each stop and when time has passed.
    pub(super) fn go_on_retiring(&mut self, now: Time, kernel: &mut Connections) {
        let Course::Retiring(retiring) = &mut self.course else {
            return;
        };
        match retiring.step {
            Step::Easing(until) if until <= now => {
                retiring.step = Step::Freezing(now + FREEZE);
                self.tracees.interrupt();
            }
            Step::Freezing(by) if by <= now || self.tracees.are_still() => {
                self.frozen(now, kernel);
            }
            Step::Easing(_) | Step::Freezing(_) => {}
        }
    }

    /// All stand still.
    fn frozen(&mut self, now: Time, kernel: &mut Connections) {
        let Some(live) = self.look(now, kernel, Look::Thorough) else {
            return self.ease(now);
        };
        let is_busy = |it: &Live| self.standing(it, now) == Standing::Busy;
        let has_busy = live.iter().any(is_busy) || !self.sends.is_empty();
        if has_busy && self.may_try_again() {
            self.ease(now);
        } else {
            self.end(&live, now);
        }
    }

    /// Counts a try; false where there were enough.
    const fn may_try_again(&mut self) -> bool {
        let Course::Retiring(retiring) = &mut self.course else {
            return false;
        };
        retiring.tries += 1;
        retiring.tries <= TRIES
    }

    /// Lets it go on for a moment.
    fn ease(&mut self, now: Time) {
        if let Course::Retiring(retiring) = &mut self.course {
            let ease = EASE.times(retiring.tries.max(1).into());
            retiring.step = Step::Easing(now + ease);
        }
        self.thaw(now);
    }

    fn thaw(&mut self, now: Time) {
        for (thread, still) in self.tracees.still() {
            self.go_on(thread, still, now);
        }
    }

    /// Ends it.
    fn end(&mut self, live: &[Live], now: Time) {
        let Course::Retiring(retiring) = std::mem::replace(&mut self.course, Course::Parting)
        else {
            return;
        };
        let order = retiring.order;
        let (tally, adopted) = self.share_out(live, order.keepalive, now);
        self.outlets.inbox.send(Event::Retired {
            run: self.run,
            tally,
        });
        self.doors.close();
        if self.kill(&order) == Survivors::Some {
            // Who reads is told the end at once, and who waits for something to read is woken.
            for adopted in &adopted {
                shutdown(&adopted.socket, Shutdown::Read).ok();
            }
        } else {
            self.adopted.clear();
        }
        order.stop.fire();
        self.outlets.relay.adopt(adopted);
        self.sends.finish(&mut self.tracees);
        self.thaw(now);
    }

    /// Says of each connection what becomes of it, and duplicates what is taken over.
    fn share_out(
        &mut self,
        live: &[Live],
        keepalive: KeepAlive,
        now: Time,
    ) -> (Tally, Vec<Adopted>) {
        let mut tally = Tally::default();
        let mut adopted = Vec::new();
        for it in live {
            let is_owed = self.sends.has(it.inode);
            let standing = self.standing(it, now);
            let is_unclear = standing == Standing::Quiet && self.is_unclear(it.inode);
            match standing {
                Standing::Busy => tally.cut += 1,
                Standing::Silent | Standing::Quiet if is_owed => tally.cut += 1,
                Standing::Streaming => tally.cut_unknown += 1,
                Standing::Silent | Standing::Quiet if self.may_not_be_adopted(it, keepalive) => {
                    tally.cut_unknown += u32::from(is_unclear);
                }
                Standing::Silent | Standing::Quiet => match self.adopt(it) {
                    Some(connection) => {
                        // An answer may have been awaited, which nobody will give.
                        tally.cut_unknown += u32::from(is_unclear);
                        tally.adopted += u32::from(!is_unclear);
                        self.adopted.insert(it.inode);
                        adopted.push(connection);
                    }
                    None => tally.cut_unknown += 1,
                },
            }
        }
        (tally, adopted)
    }

    fn is_unclear(&self, inode: u64) -> bool {
        let known = self.conversations.get(&inode);
        known.is_some_and(Conversation::is_unclear)
    }

    /// A connection that nobody misses: the client has ended it, or it is to end with the run.
    const fn may_not_be_adopted(&self, live: &Live, keepalive: KeepAlive) -> bool {
        live.is_half_closed && !live.has_waiting || matches!(keepalive, KeepAlive::Close)
    }

    /// Duplicates a connection that is to be taken over; none where that is not possible.
    fn adopt(&self, live: &Live) -> Option<Adopted> {
        let handle = &self.tracees.process(live.process)?.handle;
        let socket = seats::duplicate(handle, live.number).ok()?;
        // In another network, the relay's way to the new run would lead to somebody else.
        if fstat(&socket).ok()?.st_ino != live.inode || !is_near(socket.as_fd()) {
            return None;
        }
        match self.doors.entered(socket.as_fd())? {
            Address::Tcp(local) => Some(Adopted { socket, local }),
            Address::Unix(_) => None,
        }
    }

    /// Kills the processes that the signal will reach and end at once; whether any live on.
    fn kill(&self, order: &Retire) -> Survivors {
        let mut survivors = Survivors::None;
        for (pid, process) in self.tracees.processes() {
            let is_reached = order.to == Scope::Tree || pid == self.leader;
            if is_reached && is_ended_by(pid, order.signal) {
                // One that is gone needs no signal.
                sys::signal_process(process.handle.as_fd(), Signal::KILL).ok();
            } else {
                survivors = Survivors::Some;
            }
        }
        survivors
    }
}

/// Whether something lives on that had connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Survivors {
    None,
    Some,
}

/// Whether a signal ends a process at once: it neither handles nor ignores it, nor holds it back, as
/// those do that wait for it with `sigwait` or `signalfd`.
fn is_ended_by(process: Pid, signal: Signal) -> bool {
    if IGNORED.contains(&signal.number()) {
        return false;
    }
    let Ok(status) = Status::of(process) else {
        return false;
    };
    let has = |name| {
        let mask = status.field(name);
        let mask = mask.and_then(|mask| u64::from_str_radix(mask, 16).ok());
        // What cannot be read is taken for a handler: then nothing is killed that might have one.
        mask.is_none_or(|mask| mask & 1 << (signal.number() - 1) != 0)
    };
    !["SigCgt:", "SigIgn:", "SigBlk:"].into_iter().any(has)
}

/// The signals that end nothing where they are not handled. Source: signal(7).
const IGNORED: [i32; 8] = [
    libc::SIGCHLD,
    libc::SIGCONT,
    libc::SIGURG,
    libc::SIGWINCH,
    libc::SIGSTOP,
    libc::SIGTSTP,
    libc::SIGTTIN,
    libc::SIGTTOU,
];
