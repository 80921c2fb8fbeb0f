//! What happens to the runs of an instance, from launch to end, and what follows from it.
//!
//! Each method is named after what happened. What happened to a run whose life is over changes
//! nothing.

use alloc::string::String;
use alloc::sync::Arc;

use config::AppSpec;
use protocol::notice::Cause;
use protocol::reply::{DeathBy, Reached};
use protocol::{ExitStatus, LaunchError, Notice, RunId};

use crate::instance::{After, Goal, Instance, Listened, Rest, State};
use crate::run::{Run, Stage};
use crate::turn::Turn;
use crate::{Effect, LaunchOrder};

/// How a run is over.
#[derive(Debug, Clone)]
pub(crate) enum Over {
    Exited(ExitStatus),
    NotLaunched(LaunchError),
}

/// Why a run is over.
enum Why {
    /// It had been asked to end.
    Asked(Cause),
    /// Nobody had: by itself, or in this way, where it had been asked to end because it failed to
    /// become ready.
    Died(Option<DeathBy>),
}

/// Who is left when a run of an instance is over.
enum Left {
    Nobody,
    /// Nobody, and what follows was decided before.
    Then(Rest),
    /// The run that was to replace it.
    Successor(Run),
    /// The run that it was to replace.
    Predecessor(Run),
}

impl Instance {
    /// The launch is due.
    pub(crate) fn launch(&mut self, run: RunId, spec: &Arc<AppSpec>, turn: &mut Turn) {
        let run = self.order(run, spec, turn);
        self.state = State::Up { run };
    }

    /// Starts a launcher.
    pub(crate) fn order(&self, run: RunId, spec: &Arc<AppSpec>, turn: &mut Turn) -> Run {
        turn.touch(&self.app, self.id);
        turn.goals_changed = true;
        turn.effects.push(Effect::Launch(LaunchOrder {
            who: self.who(run),
            spec: Arc::clone(spec),
        }));
        Run::new(self.who(run), turn.now, spec)
    }

    /// The leader has ended, and what it had started has not: that is asked to end as well.
    pub(crate) fn leader_exited(&mut self, run: RunId, status: ExitStatus, turn: &mut Turn) {
        let had_successor = self.has_successor();
        if let Some(run) = self.run_mut(run) {
            run.leader_exited(status, turn);
        }
        self.after_leader(had_successor, turn);
    }

    /// Nothing of the run is left. Returns what that means for those who wait for it, where nobody
    /// had asked for its end.
    pub(crate) fn over(
        &mut self,
        run: RunId,
        how: &Over,
        turn: &mut Turn,
    ) -> Option<(RunId, Reached)> {
        let (run, left) = self.take(run)?;
        turn.touch(&self.app, self.id);
        self.leave_listeners(&run, &left);
        self.handing_is_over(&run, turn);
        let why = run.why_over();
        self.note_over(&run, how, &why, turn);
        match (why, left) {
            (Why::Asked(_), Left::Nobody) => {
                self.rest(turn);
                None
            }
            (Why::Asked(_), Left::Then(rest)) => {
                self.state = rest.into();
                turn.goals_changed = true;
                None
            }
            (Why::Asked(cause), Left::Successor(new)) => {
                self.state = State::Up { run: new };
                if cause == Cause::Replaced {
                    self.replaced(turn);
                }
                None
            }
            (Why::Asked(_), Left::Predecessor(old)) => {
                self.state = State::Up { run: old };
                None
            }
            (Why::Died(fault), Left::Then(rest)) => {
                let next_in = rest.next_in(turn.now);
                self.ended_beside(&run, death(fault, how), next_in, turn);
                self.state = rest.into();
                None
            }
            (Why::Died(fault), Left::Nobody) => {
                self.handing = None;
                let (rest, reached) = self.ended(&run, fault, how, turn);
                self.state = rest.into();
                Some((run.id(), reached))
            }
            (Why::Died(fault), Left::Successor(new)) => {
                self.lost_old(&run, new, death(fault, how), turn);
                None
            }
            (Why::Died(fault), Left::Predecessor(old)) => {
                self.handing = None;
                let reached = if old.ending().is_some() {
                    let (then, reached) = self.ended(&run, fault, how, turn);
                    self.state = State::Leaving { run: old, then };
                    reached
                } else {
                    self.lost_new(old, &run, death(fault, how), turn)
                };
                Some((run.id(), reached))
            }
        }
    }

    /// What the dead run had printed last.
    pub(crate) fn heard(&mut self, run: RunId, last: &[String]) {
        if let Some((of, death)) = &mut self.last_death
            && *of == run
        {
            death.last_lines = last.to_vec();
        }
    }

    /// A moment that was due may have come.
    pub(crate) fn tick(&mut self, turn: &mut Turn) {
        let mut starting = false;
        for run in self.runs_mut() {
            if run.deadline().is_none_or(|(due, _)| due > turn.now) {
                continue;
            }
            match run.stage {
                Stage::Launching { .. } | Stage::Starting { .. } | Stage::Checking { .. } => {
                    starting = true;
                }
                Stage::Ready { .. } => {}
                Stage::Watching { .. } => run.hold(turn),
                Stage::Draining { cause, .. } => run.retire(cause, turn),
                Stage::Stopping { .. } => run.kill(turn),
            }
        }
        if starting {
            self.starting_is_over(turn);
        }
    }

    /// Takes out the run with this id.
    fn take(&mut self, id: RunId) -> Option<(Run, Left)> {
        match core::mem::replace(&mut self.state, State::Idle) {
            State::Up { run } if run.id() == id => Some((run, Left::Nobody)),
            State::Leaving { run, then } if run.id() == id => Some((run, Left::Then(then))),
            State::Replacing { old, new } if old.id() == id => Some((old, Left::Successor(new))),
            State::Replacing { old, new } if new.id() == id => Some((new, Left::Predecessor(old))),
            other @ (State::Idle
            | State::Waiting { .. }
            | State::Failed
            | State::Up { .. }
            | State::Replacing { .. }
            | State::Leaving { .. }) => {
                self.state = other;
                None
            }
        }
    }

    /// Remembers where the run listened: the next one is expected there, and may need what it left.
    fn leave_listeners(&mut self, run: &Run, left: &Left) {
        if run.listens.is_empty() {
            return;
        }
        self.vacated.push(run.id());
        match left {
            Left::Predecessor(_) => {}
            Left::Nobody | Left::Then(_) | Left::Successor(_) => {
                self.listened = Some(Listened {
                    spec: Arc::clone(&run.spec),
                    at: run.listens.clone(),
                });
            }
        }
    }

    fn note_over(&mut self, run: &Run, how: &Over, why: &Why, turn: &mut Turn) {
        let who = run.who.clone();
        match (how, why) {
            (Over::Exited(status), Why::Asked(cause)) => {
                let (cause, status) = (*cause, *status);
                turn.note(Notice::Stopped { who, cause, status });
            }
            (Over::Exited(_), Why::Died(_)) => {}
            (Over::NotLaunched(why), Why::Asked(_) | Why::Died(_)) => {
                let why = why.clone();
                turn.note(Notice::LaunchFailed { who, why });
            }
        }
        if let Over::Exited(status) = how {
            self.last_exit = Some(*status);
        }
    }

    /// Comes to rest after an end that was asked for.
    fn rest(&mut self, turn: &mut Turn) {
        if self.goal == Goal::Up && !turn.ending {
            self.restarts = self.restarts.saturating_add(1);
            turn.goals_changed = true;
            self.state = State::Waiting {
                until: turn.now,
                after: After::Ask,
            };
        }
    }

    fn ended(
        &mut self,
        run: &Run,
        fault: Option<DeathBy>,
        how: &Over,
        turn: &mut Turn,
    ) -> (Rest, Reached) {
        match (fault, how) {
            (None, Over::Exited(status)) => self.ended_by_itself(run, *status, turn),
            (fault, Over::Exited(_) | Over::NotLaunched(_)) => {
                self.died(run, death(fault, how), turn)
            }
        }
    }
}

/// An end that nobody had asked for, as a death.
fn death(fault: Option<DeathBy>, how: &Over) -> DeathBy {
    fault.unwrap_or_else(|| match how {
        Over::Exited(status) => DeathBy::Exit(*status),
        Over::NotLaunched(why) => DeathBy::Launch(why.clone()),
    })
}

impl Run {
    /// Why it is over, as it was at its end.
    fn why_over(&self) -> Why {
        match &self.stage {
            Stage::Launching { .. }
            | Stage::Starting { .. }
            | Stage::Checking { .. }
            | Stage::Ready { .. }
            | Stage::Stopping {
                cause: Cause::LeaderGone,
                ..
            } => Why::Died(None),
            Stage::Watching { cause, .. }
            | Stage::Draining { cause, .. }
            | Stage::Stopping {
                cause:
                    cause @ (Cause::Operator | Cause::Restart | Cause::Replaced | Cause::ShutDown),
                ..
            } => Why::Asked(*cause),
            Stage::Stopping {
                cause: Cause::NotReady,
                fault,
                ..
            } => Why::Died(fault.clone()),
        }
    }
}
