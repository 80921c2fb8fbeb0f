//! One life of a program, from its launch to its end.
//!
//! ```text
//! Launching ──launched──▶ Starting ──ready──▶ Ready
//!     │                      │                  │
//!     │ late                 │ late, stop,      │ stop, its leader gone
//!     ▼                      ▼ its leader gone  ▼
//!     └───────────────▶ Stopping(cause) ◀───────┘     kill_at passed: SIGKILL, again every second
//! ```
//!
//! * `Launching`: the launcher was started; the program is not executing yet.
//! * `Starting`: the program is executing and has not become ready.
//! * `Ready`: the program is ready.
//! * `Stopping`: it was asked to end, or its leader has ended and the rest was asked.
//!
//! From each stage the run is over as soon as nothing of it is left (`Exited`, `LaunchFailed`).

use alloc::sync::Arc;

use config::{AppSpec, Span};
use protocol::notice::{Cause, ReadyBy};
use protocol::{ExitStatus, Pid, RunId, Time};

/// How long a launcher may take; longer is a failure.
pub(crate) const LAUNCH_LIMIT: Span = Span::secs(10);

/// How long a run must live to count as ready, where it need not say so itself.
pub(crate) const READY_AFTER: Span = Span::millis(500);

/// How long until a run that was killed and is not gone is killed again.
pub(crate) const KILL_AGAIN: Span = Span::secs(1);

/// One life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    /// When it was launched.
    pub(crate) born: Time,
    /// What it was launched with. The rules by which it becomes ready and ends are these, whatever
    /// the app's specification has become since.
    pub(crate) spec: Arc<AppSpec>,
    pub(crate) stage: Stage,
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
        /// When it is ready by having lived; or, where it must say so, too late.
        by: Time,
    },
    Ready {
        pid: Pid,
    },
    Stopping {
        /// None where the launcher was still at work.
        pid: Option<Pid>,
        cause: Cause,
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
    /// The process of its leader, alive or ended and not reaped.
    pub(crate) const fn pid(&self) -> Option<Pid> {
        match self.stage {
            Stage::Launching { .. } => None,
            Stage::Starting { pid, .. } | Stage::Ready { pid } => Some(pid),
            Stage::Stopping { pid, .. } => pid,
        }
    }

    /// How long it had to become ready, or to be launched at all.
    pub(crate) fn time_to_be_ready(&self) -> Span {
        if self.spec.ready.wait_ready && self.pid().is_some() {
            self.spec.ready.listen_timeout
        } else {
            LAUNCH_LIMIT
        }
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
            | Stage::Ready { .. } => None,
        }
    }

    /// Whether its leader can get a signal: it was launched, and has not ended as far as is known.
    pub(crate) const fn has_leader(&self) -> bool {
        match self.stage {
            Stage::Launching { .. } => false,
            Stage::Starting { .. } | Stage::Ready { .. } => true,
            Stage::Stopping { pid, leader, .. } => pid.is_some() && leader.is_none(),
        }
    }

    /// When something is due, and what.
    pub(crate) const fn deadline(&self) -> Option<(Time, &'static str)> {
        match self.stage {
            Stage::Launching { by, .. } => Some((by, "launch is late")),
            Stage::Starting { by, .. } => Some((by, "ready or late")),
            Stage::Ready { .. } => None,
            Stage::Stopping { kill_at, .. } => Some((kill_at, "kill")),
        }
    }

    /// Why it was asked to end, where it was.
    pub(crate) const fn ending(&self) -> Option<Cause> {
        match self.stage {
            Stage::Launching { .. } | Stage::Starting { .. } | Stage::Ready { .. } => None,
            Stage::Stopping { cause, .. } => Some(cause),
        }
    }
}
