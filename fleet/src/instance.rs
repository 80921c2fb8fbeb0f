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
//! ```
//!
//! * `Idle`: nothing runs, nothing is due.
//! * `Waiting`: nothing runs, a launch is due.
//! * `Failed`: nothing runs; it died too often and a person must look.
//! * `Up`: one run is alive or on its way.

use config::{AppName, Signal};
use protocol::notice::{Cause, Who};
use protocol::reply::Death;
use protocol::{ExitStatus, InstanceId, Notice, RunId, Time};

use crate::backoff::Backoff;
use crate::run::{KILL_AGAIN, Killed, Run, Stage};
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
        }
    }

    // What people ask.

    /// Brings it up; a run that is alive and not ending is left alone.
    pub(crate) fn start(&mut self, turn: &mut Turn) {
        self.set_goal(Goal::Up, turn);
        match &mut self.state {
            State::Idle | State::Failed | State::Waiting { .. } => self.start_afresh(turn),
            State::Up { run } => {
                if let Stage::Stopping { cause, .. } = &mut run.stage {
                    *cause = Cause::Restart;
                }
            }
        }
    }

    /// Ends what runs, then brings it up.
    pub(crate) fn restart(&mut self, turn: &mut Turn) {
        let is_new = |run: &Run| run.ending() != Some(Cause::Restart);
        let overtakes = self.run().is_some_and(is_new);
        self.start(turn);
        if overtakes {
            self.asks += 1;
        }
        self.backoff.reset();
        self.last_death = None;
        self.end_run(Cause::Restart, turn);
    }

    /// Brings it down. The goal is `Down` or `Gone`.
    pub(crate) fn stop(&mut self, goal: Goal, turn: &mut Turn) {
        self.set_goal(goal, turn);
        match self.state {
            State::Idle => {}
            State::Waiting { .. } | State::Failed => self.state = State::Idle,
            State::Up { .. } => self.end_run(Cause::Operator, turn),
        }
    }

    /// Brings it down and keeps the goal: the daemon ends.
    pub(crate) fn shut_down(&mut self, turn: &mut Turn) {
        turn.touch(&self.app, self.id);
        match self.state {
            State::Idle | State::Failed => {}
            State::Waiting { .. } => self.state = State::Idle,
            State::Up { .. } => self.end_run(Cause::ShutDown, turn),
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
    pub(crate) const fn deadline(&self) -> Option<(Time, &'static str)> {
        match &self.state {
            State::Idle | State::Failed => None,
            State::Waiting { until, .. } => Some((*until, "launch")),
            State::Up { run } => run.deadline(),
        }
    }

    /// Its current run.
    pub(crate) const fn run(&self) -> Option<&Run> {
        match &self.state {
            State::Up { run } => Some(run),
            State::Idle | State::Waiting { .. } | State::Failed => None,
        }
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

    fn set_goal(&mut self, goal: Goal, turn: &mut Turn) {
        if self.goal != goal {
            self.goal = goal;
            self.asks += 1;
        }
        turn.goals_changed = true;
        turn.touch(&self.app, self.id);
    }

    fn start_afresh(&mut self, turn: &Turn) {
        self.backoff.reset();
        self.last_death = None;
        self.state = State::Waiting {
            until: turn.now,
            after: After::Ask,
        };
    }

    /// Asks the run to end, if there is one; one that is ending already ends for this cause instead.
    pub(crate) fn end_run(&mut self, cause: Cause, turn: &mut Turn) {
        let State::Up { run } = &mut self.state else {
            return;
        };
        turn.touch(&self.app, self.id);
        if let Stage::Stopping { cause: earlier, .. } = &mut run.stage {
            *earlier = cause;
            return;
        }
        let rule = &run.spec.stop;
        turn.signal(run.id, rule.signal, rule.scope);
        run.stage = Stage::Stopping {
            pid: run.pid(),
            cause,
            kill_at: turn.after(rule.timeout),
            killed: Killed::NotYet,
            leader: None,
        };
        let id = run.id;
        turn.note(Notice::Stopping {
            who: self.who(id),
            cause,
        });
    }

    /// The time to end is over.
    pub(crate) fn kill(&mut self, turn: &mut Turn) {
        let State::Up { run } = &mut self.state else {
            return;
        };
        let Stage::Stopping {
            kill_at, killed, ..
        } = &mut run.stage
        else {
            return;
        };
        let first = *killed == Killed::NotYet;
        *killed = Killed::Already;
        *kill_at = turn.after(KILL_AGAIN);
        let (id, after) = (run.id, run.spec.stop.timeout);
        turn.signal(id, Signal::KILL, run.spec.stop.scope);
        turn.touch(&self.app, self.id);
        if first {
            turn.note(Notice::Killing {
                who: self.who(id),
                after,
            });
        }
    }
}
