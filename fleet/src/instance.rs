//! One slot of an app over its many lives.
//!
//! What an instance *should be* (its goal) and what it *is* (its state) are two fields.
//!
//! ```text
//! Idle ──start──▶ Waiting ──due──▶ Up ──its run is over──┬─ goal not Up ───────▶ Idle
//!  ▲                 ▲                                   ├─ it was a restart ──▶ Waiting, due now
//!  │                 │                                   ├─ a job that ended ──▶ Idle, goal Down
//!  └──── stop ───────┤                                   ├─ it died ───────────▶ Waiting, due later
//!                    └──── start ──── Failed ◀───────────┴─ it died too often
//!
//! Up ──reload──▶ Replacing ──┬─ one of the two is over ────────────▶ Up, the other one
//!                            └─ the new one died, the old one ends ─▶ Leaving ──it is gone──▶ as after
//!                                                                                      any end
//! ```
//!
//! * `Idle`: nothing runs, nothing is due.
//! * `Waiting`: nothing runs, a launch is due.
//! * `Failed`: nothing runs; it died too often and a person must look.
//! * `Up`: one run is alive or on its way.
//! * `Replacing`: two are, for as long as a hand-over takes ([`crate::replace`]).
//! * `Leaving`: the run that is still there has nothing to do with what comes next; it only has to
//!   be gone before.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;

use config::{Address, AppName, AppSpec};
use protocol::notice::{Cause, Who};
use protocol::reply::Death;
use protocol::{ExitStatus, Handed, InstanceId, RunId, Time};

use crate::backoff::Backoff;
use crate::replace::Handing;
use crate::run::{Run, Stage};
use crate::service::{Hold, Service};
use crate::turn::Turn;

/// One slot of an app.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) id: InstanceId,
    pub(crate) app: AppName,
    pub(crate) slot: u32,
    pub(crate) goal: Goal,
    pub(crate) state: State,
    pub(crate) backoff: Backoff,
    /// How often it was started again, for whatever reason.
    pub(crate) restarts: u32,
    /// How its last run ended, whoever asked for it.
    pub(crate) last_exit: Option<ExitStatus>,
    /// The last end that nobody asked for, since it was last asked to start.
    pub(crate) last_death: Option<(RunId, Death)>,
    /// One higher each time that somebody asks something else of it.
    pub(crate) asks: u64,
    /// Where an earlier run listened, so that the next one is expected there.
    pub(crate) listened: Option<Listened>,
    /// The runs that are over and whose listeners may still be of use to the next one.
    pub(crate) vacated: Vec<RunId>,
    /// Whether a run of it serves clients, as of the end of the last turn.
    pub(crate) service: Service,
    /// Whether those who connect wait for a run that can serve them.
    pub(crate) hold: Hold,
    /// The passage from one run to the next that is under way.
    pub(crate) handing: Option<Handing>,
    /// The last such passage that came to its end, and to which run it led.
    pub(crate) handed: Option<(RunId, Handed)>,
}

/// Where a run listened.
#[derive(Debug, Clone)]
pub(crate) struct Listened {
    /// What it was launched with.
    pub(crate) spec: Arc<AppSpec>,
    /// Its addresses; not empty.
    pub(crate) at: BTreeSet<Address>,
}

/// What an instance should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    Up,
    Down,
    /// Down, and then forgotten.
    Gone,
}

/// What an instance is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    Idle,
    Waiting { until: Time, after: After },
    Failed,
    Up { run: Run },
    Replacing { old: Run, new: Run },
    Leaving { run: Run, then: Rest },
}

/// What an instance comes to when no run is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    Idle,
    Waiting { until: Time, after: After },
    Failed,
}

impl From<Rest> for State {
    fn from(rest: Rest) -> Self {
        match rest {
            Rest::Idle => Self::Idle,
            Rest::Waiting { until, after } => Self::Waiting { until, after },
            Rest::Failed => Self::Failed,
        }
    }
}

/// What a waiting instance waits after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// Somebody asked for it.
    Ask,
    /// Its run died.
    Death,
}

impl Instance {
    pub(crate) fn new(id: InstanceId, app: AppName, slot: u32) -> Self {
        Self {
            id,
            app,
            slot,
            goal: Goal::Down,
            state: State::Idle,
            backoff: Backoff::default(),
            restarts: 0,
            last_exit: None,
            last_death: None,
            asks: 0,
            listened: None,
            vacated: Vec::new(),
            service: Service::Out,
            hold: Hold::Off,
            handing: None,
            handed: None,
        }
    }

    // What people ask. To replace what runs is in `replace`.

    /// Brings it up; a run that is alive and not ending is left alone.
    pub(crate) fn start(&mut self, turn: &mut Turn) {
        self.set_goal(Goal::Up, turn);
        match &self.state {
            State::Idle | State::Failed | State::Waiting { .. } => self.start_afresh(turn),
            State::Up { .. } | State::Replacing { .. } => {}
            State::Leaving { .. } => {
                self.backoff.reset();
                self.last_death = None;
                self.end_all(Cause::Restart, turn);
            }
        }
        for run in self.runs_mut() {
            if let Stage::Stopping { cause, .. } = &mut run.stage
                && *cause != Cause::Replaced
            {
                *cause = Cause::Restart;
            }
        }
    }

    /// Brings it down. The goal is `Down` or `Gone`.
    pub(crate) fn stop(&mut self, goal: Goal, turn: &mut Turn) {
        self.set_goal(goal, turn);
        match self.state {
            State::Idle => {}
            State::Waiting { .. } | State::Failed => self.state = State::Idle,
            State::Up { .. } | State::Replacing { .. } | State::Leaving { .. } => {
                self.end_all(Cause::Operator, turn);
            }
        }
    }

    /// Brings it down and keeps the goal: the daemon ends.
    pub(crate) fn shut_down(&mut self, turn: &mut Turn) {
        turn.touch(&self.app, self.id);
        match self.state {
            State::Idle | State::Failed => {}
            State::Waiting { .. } => self.state = State::Idle,
            State::Up { .. } | State::Replacing { .. } | State::Leaving { .. } => {
                self.end_all(Cause::ShutDown, turn);
            }
        }
    }

    /// Zeroes the counters.
    pub(crate) fn reset(&mut self, turn: &mut Turn) {
        self.restarts = 0;
        self.backoff.reset();
        turn.goals_changed = true;
        turn.touch(&self.app, self.id);
    }

    /// When something is due, and what.
    pub(crate) fn deadline(&self) -> Option<(Time, &'static str)> {
        let launch = match &self.state {
            State::Waiting { until, .. } => Some((*until, "launch")),
            State::Idle
            | State::Failed
            | State::Up { .. }
            | State::Replacing { .. }
            | State::Leaving { .. } => None,
        };
        let runs = self.runs().filter_map(Run::deadline);
        runs.chain(launch).chain(self.hold.deadline()).min()
    }

    /// Its current run: the one that serves, where there are two.
    pub(crate) const fn run(&self) -> Option<&Run> {
        match &self.state {
            State::Up { run } | State::Leaving { run, .. } => Some(run),
            State::Replacing { old, .. } if old.is_serving() => Some(old),
            State::Replacing { new, .. } => Some(new),
            State::Idle | State::Waiting { .. } | State::Failed => None,
        }
    }

    /// All its runs, the older one first.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &Run> {
        let (one, other) = match &self.state {
            State::Up { run } | State::Leaving { run, .. } => (Some(run), None),
            State::Replacing { old, new } => (Some(old), Some(new)),
            State::Idle | State::Waiting { .. } | State::Failed => (None, None),
        };
        one.into_iter().chain(other)
    }

    /// The same, to change them.
    pub(crate) fn runs_mut(&mut self) -> impl Iterator<Item = &mut Run> {
        let (one, other) = match &mut self.state {
            State::Up { run } | State::Leaving { run, .. } => (Some(run), None),
            State::Replacing { old, new } => (Some(old), Some(new)),
            State::Idle | State::Waiting { .. } | State::Failed => (None, None),
        };
        one.into_iter().chain(other)
    }

    /// The run with this id.
    pub(crate) fn run_mut(&mut self, id: RunId) -> Option<&mut Run> {
        self.runs_mut().find(|run| run.id() == id)
    }

    /// The run as notices name it.
    pub(crate) fn who(&self, run: RunId) -> Who {
        Who {
            app: self.app.clone(),
            id: self.id,
            slot: self.slot,
            run,
        }
    }

    pub(crate) fn set_goal(&mut self, goal: Goal, turn: &mut Turn) {
        if self.goal != goal {
            self.goal = goal;
            self.asks += 1;
        }
        turn.goals_changed = true;
        turn.touch(&self.app, self.id);
    }

    /// Launches it as soon as that is possible. Nothing runs.
    pub(crate) fn start_afresh(&mut self, turn: &Turn) {
        self.backoff.reset();
        self.last_death = None;
        self.state = State::Waiting {
            until: turn.now,
            after: After::Ask,
        };
    }

    /// Asks all its runs to end; those that are ending already end for this cause instead.
    pub(crate) fn end_all(&mut self, cause: Cause, turn: &mut Turn) {
        turn.touch(&self.app, self.id);
        self.handing = None;
        for run in self.runs_mut() {
            run.end(cause, turn);
        }
        self.state = match core::mem::replace(&mut self.state, State::Idle) {
            State::Leaving { run, .. } => State::Up { run },
            other @ (State::Idle
            | State::Waiting { .. }
            | State::Failed
            | State::Up { .. }
            | State::Replacing { .. }) => other,
        };
    }
}
