//! One life of a program, from its launch to its end.
//!
//! ```text
//! Launching ──launched──▶ Starting ◀──▶ Checking ──▶ Ready ◀──serve─────────────── Draining
//!     │                      │ └────────────│─────────▶ │ ─────────────drain────────▶ │
//!     │                      │              │           │ ──▶ Watching ──seen, late──▶│
//!     │ late                 │ late, stop,  │ failed,   │ stop, │                     │ drained, late,
//!     ▼                      ▼ leader gone  ▼ likewise  ▼ leader gone                 ▼ likewise
//!     └───────────────▶ Stopping(cause) ◀───┴───────────┴───────┴─────────────────────┘
//!                         kill_at passed: SIGKILL, again every second
//! ```
//!
//! * `Launching`: the launcher was started; the program is not executing yet.
//! * `Starting`: the program is executing and has not become ready.
//! * `Checking`: it would be ready, and is asked whether it answers; back where the old run is lost or
//!   has come to listen elsewhere too.
//! * `Ready`: the program is ready.
//! * `Watching`: it serves as before, and is to drain as soon as it is known which of its connections
//!   are silent: who connects then waits for requests that are under way, and for nothing else.
//! * `Draining`: it gets no new connections, and ends what it has begun.
//! * `Stopping`: it was asked to end, or its leader has ended and the rest was asked.
//!
//! From each stage the run is over as soon as nothing of it is left (`Exited`, `LaunchFailed`). How it
//! passes from one stage to the next is in [`crate::ready`] and [`crate::ending`].

use alloc::collections::BTreeSet;
use alloc::sync::Arc;

use config::{Address, AppSpec, Span};
use protocol::notice::{Cause, ReadyBy, Who};
use protocol::reply::DeathBy;
use protocol::{ExitStatus, Lack, Pid, RunId, Time};

/// How long a launcher may take; longer is a failure.
pub(crate) const LAUNCH_LIMIT: Span = Span::secs(10);

/// How long a run must live to count as ready, where it need not say so itself.
pub(crate) const READY_AFTER: Span = Span::millis(500);

/// How long until a run that was killed and is not gone is killed again.
pub(crate) const KILL_AGAIN: Span = Span::secs(1);

/// One life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// Its id, and whose it is.
    pub(crate) who: Who,
    /// When it was launched.
    pub(crate) born: Time,
    /// What it was launched with. The rules by which it becomes ready and ends are these, whatever
    /// the app's specification has become since.
    pub(crate) spec: Arc<AppSpec>,
    pub(crate) stage: Stage,
    /// Where it listens.
    pub(crate) listens: BTreeSet<Address>,
    /// What is missing to hand it over without loss.
    pub(crate) lacks: BTreeSet<Lack>,
}

/// Where in its life a run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    Launching {
        /// When it is too late.
        by: Time,
        /// That it is ready, where this came before the news of the launch.
        said: Option<ReadyBy>,
    },
    Starting {
        pid: Pid,
        /// When it is ready by having lived; or, where more is asked of it, too late.
        by: Time,
        /// That it is ready, where its word alone is not enough.
        said: Option<ReadyBy>,
    },
    Checking {
        pid: Pid,
        /// When it is too late.
        by: Time,
        /// That it is ready, where it has said so.
        said: Option<ReadyBy>,
    },
    Ready {
        pid: Pid,
    },
    Watching {
        pid: Pid,
        /// When it drains, whatever is known by then.
        by: Time,
        cause: Cause,
    },
    Draining {
        pid: Pid,
        /// When it is retired, whatever is still under way.
        by: Time,
        cause: Cause,
    },
    Stopping {
        /// None where the launcher was still at work.
        pid: Option<Pid>,
        cause: Cause,
        /// In which way it failed to become ready, where that is the cause.
        fault: Option<DeathBy>,
        /// When SIGKILL is due.
        kill_at: Time,
        /// Whether it was sent already.
        killed: Killed,
        /// How and when the leader ended, where it has and the rest has not.
        leader: Option<(ExitStatus, Time)>,
    },
}

/// Whether a run that is stopping got SIGKILL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Killed {
    NotYet,
    Already,
}

impl Run {
    /// One whose launcher is started at this moment.
    pub(crate) fn new(who: Who, born: Time, spec: &Arc<AppSpec>) -> Self {
        Self {
            who,
            born,
            spec: Arc::clone(spec),
            stage: Stage::Launching {
                by: born + LAUNCH_LIMIT,
                said: None,
            },
            listens: BTreeSet::new(),
            lacks: BTreeSet::new(),
        }
    }

    pub(crate) const fn id(&self) -> RunId {
        self.who.run
    }

    /// The process of its leader, alive or ended and not reaped.
    pub(crate) const fn pid(&self) -> Option<Pid> {
        match self.stage {
            Stage::Launching { .. } => None,
            Stage::Starting { pid, .. }
            | Stage::Checking { pid, .. }
            | Stage::Ready { pid }
            | Stage::Watching { pid, .. }
            | Stage::Draining { pid, .. } => Some(pid),
            Stage::Stopping { pid, .. } => pid,
        }
    }

    /// Whether it is ready and was not asked to leave.
    pub(crate) const fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Ready { .. })
    }

    /// Whether it is ready and was not taken out of service.
    pub(crate) const fn is_serving(&self) -> bool {
        matches!(self.stage, Stage::Ready { .. } | Stage::Watching { .. })
    }

    /// How long its program has lived. What it had started and is still ending does not count.
    pub(crate) const fn lived(&self, now: Time) -> Span {
        match self.leader_ended() {
            Some(at) => at.since(self.born),
            None => now.since(self.born),
        }
    }

    /// When its leader ended, where it has and the rest has not.
    pub(crate) const fn leader_ended(&self) -> Option<Time> {
        match self.stage {
            Stage::Stopping {
                leader: Some((_, at)),
                ..
            } => Some(at),
            Stage::Stopping { leader: None, .. }
            | Stage::Launching { .. }
            | Stage::Starting { .. }
            | Stage::Checking { .. }
            | Stage::Ready { .. }
            | Stage::Watching { .. }
            | Stage::Draining { .. } => None,
        }
    }

    /// Whether its leader can get a signal: it was launched, and has not ended as far as is known.
    pub(crate) const fn has_leader(&self) -> bool {
        self.pid().is_some() && self.leader_ended().is_none()
    }

    /// When something is due, and what.
    pub(crate) const fn deadline(&self) -> Option<(Time, &'static str)> {
        match self.stage {
            Stage::Launching { by, .. } => Some((by, "launch is late")),
            Stage::Starting { by, .. } => Some((by, "ready or late")),
            Stage::Checking { by, .. } => Some((by, "check is late")),
            Stage::Ready { .. } => None,
            Stage::Watching { by, .. } => Some((by, "watched or late")),
            Stage::Draining { by, .. } => Some((by, "drained or late")),
            Stage::Stopping { kill_at, .. } => Some((kill_at, "kill")),
        }
    }

    /// Why it was asked to end, where it was.
    pub(crate) const fn ending(&self) -> Option<Cause> {
        match self.stage {
            Stage::Launching { .. }
            | Stage::Starting { .. }
            | Stage::Checking { .. }
            | Stage::Ready { .. }
            | Stage::Watching { .. }
            | Stage::Draining { .. } => None,
            Stage::Stopping { cause, .. } => Some(cause),
        }
    }

    /// Why it drains, where it does.
    pub(crate) const fn draining(&self) -> Option<Cause> {
        match self.stage {
            Stage::Launching { .. }
            | Stage::Starting { .. }
            | Stage::Checking { .. }
            | Stage::Ready { .. }
            | Stage::Watching { .. }
            | Stage::Stopping { .. } => None,
            Stage::Draining { cause, .. } => Some(cause),
        }
    }

    /// Why it is to drain, drains or was asked to end, where one of these is so.
    pub(crate) const fn leaving(&self) -> Option<Cause> {
        match self.stage {
            Stage::Launching { .. }
            | Stage::Starting { .. }
            | Stage::Checking { .. }
            | Stage::Ready { .. } => None,
            Stage::Watching { cause, .. }
            | Stage::Draining { cause, .. }
            | Stage::Stopping { cause, .. } => Some(cause),
        }
    }
}
