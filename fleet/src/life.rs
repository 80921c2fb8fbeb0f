//! What happens to the run of an instance, from its launch to its end, and what follows from it.
//!
//! Each method is named after what happened. The caller has checked that it happened to the current
//! run of the instance; what happened to an earlier one changes nothing.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use config::spec::{RestartRule, Scope};
use config::{AppSpec, Signal, Span};
use protocol::notice::{Cause, ReadyBy};
use protocol::reply::{Death, DeathBy, Finish, Reached};
use protocol::{ExitStatus, LaunchError, Notice, Pid, RunId, Time};

use crate::backoff::Verdict;
use crate::instance::{After, Goal, Instance, State};
use crate::run::{Killed, LAUNCH_LIMIT, READY_AFTER, Run, Stage};
use crate::turn::Turn;
use crate::{Effect, LaunchOrder};

impl Instance {
    /// The launch is due.
    pub(crate) fn launch(&mut self, run: RunId, spec: &Arc<AppSpec>, turn: &mut Turn) {
        turn.touch(&self.app, self.id);
        turn.goals_changed = true;
        self.state = State::Up {
            run: Run {
                id: run,
                born: turn.now,
                spec: Arc::clone(spec),
                stage: Stage::Launching {
                    by: turn.after(LAUNCH_LIMIT),
                    said: None,
                },
            },
        };
        let order = LaunchOrder {
            who: self.who(run),
            spec: Arc::clone(spec),
        };
        turn.effects.push(Effect::Launch(order));
    }

    /// The program is executing.
    pub(crate) fn launched(&mut self, pid: Pid, turn: &mut Turn) {
        let State::Up { run } = &mut self.state else {
            return;
        };
        let mut word = None;
        match &mut run.stage {
            Stage::Launching { said, .. } => {
                word = *said;
                let limit = if run.spec.ready.wait_ready {
                    run.spec.ready.listen_timeout
                } else {
                    READY_AFTER
                };
                run.stage = Stage::Starting {
                    pid,
                    by: turn.after(limit),
                };
            }
            Stage::Stopping { pid: unknown, .. } => *unknown = Some(pid),
            Stage::Starting { .. } | Stage::Ready { .. } => return,
        }
        let id = run.id;
        turn.touch(&self.app, self.id);
        turn.note(Notice::Launched {
            who: self.who(id),
            pid,
        });
        if let Some(by) = word {
            self.ready(by, turn);
        }
    }

    /// The program says that it is ready. Its word may overtake the news that it was launched.
    pub(crate) fn ready(&mut self, by: ReadyBy, turn: &mut Turn) {
        let State::Up { run } = &mut self.state else {
            return;
        };
        let pid = match &mut run.stage {
            Stage::Launching { said, .. } => {
                *said = Some(by);
                return;
            }
            Stage::Starting { pid, .. } => *pid,
            Stage::Ready { .. } | Stage::Stopping { .. } => return,
        };
        run.stage = Stage::Ready { pid };
        let (id, after) = (run.id, turn.now.since(run.born));
        turn.touch(&self.app, self.id);
        turn.note(Notice::Ready {
            who: self.who(id),
            by,
            after,
        });
    }

    /// The leader has ended, and what it had started has not: that is asked to end as well.
    pub(crate) fn leader_exited(&mut self, status: ExitStatus, turn: &mut Turn) {
        let State::Up { run } = &mut self.state else {
            return;
        };
        turn.touch(&self.app, self.id);
        if let Stage::Stopping { leader, killed, .. } = &mut run.stage {
            *leader = Some((status, turn.now));
            if *killed == Killed::Already {
                turn.signal(run.id, Signal::KILL, Scope::Tree);
            }
            return;
        }
        self.end_run(Cause::LeaderGone, turn);
        if let State::Up {
            run:
                Run {
                    stage: Stage::Stopping { leader, .. },
                    ..
                },
        } = &mut self.state
        {
            *leader = Some((status, turn.now));
        }
    }

    /// Nothing of the run is left. Returns what that means for those who wait for it, where nobody
    /// had asked for its end.
    pub(crate) fn exited(
        &mut self,
        status: ExitStatus,
        turn: &mut Turn,
    ) -> Option<(RunId, Reached)> {
        self.last_exit = Some(status);
        let run = self.take_run(turn)?;
        match run.stage {
            Stage::Stopping {
                cause: Cause::NotReady,
                ..
            } => {
                let within = run.time_to_be_ready();
                self.died(&run, DeathBy::NotReady { within }, turn)
            }
            Stage::Stopping {
                cause:
                    cause @ (Cause::Operator | Cause::Restart | Cause::Replaced | Cause::ShutDown),
                ..
            } => {
                turn.note(Notice::Stopped {
                    who: self.who(run.id),
                    cause,
                    status,
                });
                self.rest(turn);
                None
            }
            Stage::Stopping {
                cause: Cause::LeaderGone,
                ..
            }
            | Stage::Launching { .. }
            | Stage::Starting { .. }
            | Stage::Ready { .. } => self.ended_by_itself(&run, status, turn),
        }
    }

    /// The run could not be launched. Returns the same, unless it had been asked to end.
    pub(crate) fn launch_failed(
        &mut self,
        why: LaunchError,
        turn: &mut Turn,
    ) -> Option<(RunId, Reached)> {
        let run = self.take_run(turn)?;
        turn.note(Notice::LaunchFailed {
            who: self.who(run.id),
            why: why.clone(),
        });
        match run.ending() {
            Some(Cause::Operator | Cause::Restart | Cause::Replaced | Cause::ShutDown) => {
                self.rest(turn);
                None
            }
            Some(Cause::NotReady) => {
                let within = run.time_to_be_ready();
                self.died(&run, DeathBy::NotReady { within }, turn)
            }
            Some(Cause::LeaderGone) | None => self.died(&run, DeathBy::Launch(why), turn),
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
        let State::Up { run } = &mut self.state else {
            return;
        };
        if run.deadline().is_none_or(|(due, _)| due > turn.now) {
            return;
        }
        match run.stage {
            Stage::Launching { .. } => self.end_run(Cause::NotReady, turn),
            Stage::Starting { .. } if run.spec.ready.wait_ready => {
                self.end_run(Cause::NotReady, turn);
            }
            Stage::Starting { .. } => self.ready(ReadyBy::Lived, turn),
            Stage::Ready { .. } => {}
            Stage::Stopping { .. } => self.kill(turn),
        }
    }

    fn take_run(&mut self, turn: &mut Turn) -> Option<Run> {
        turn.touch(&self.app, self.id);
        match core::mem::replace(&mut self.state, State::Idle) {
            State::Up { run } => Some(run),
            other @ (State::Idle | State::Waiting { .. } | State::Failed) => {
                self.state = other;
                None
            }
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

    fn ended_by_itself(
        &mut self,
        run: &Run,
        status: ExitStatus,
        turn: &mut Turn,
    ) -> Option<(RunId, Reached)> {
        let rule = &run.spec.restart;
        let is_stop_code = match status {
            ExitStatus::Code(code) => rule.stop_exit_codes.contains(&code),
            ExitStatus::Signal { .. } | ExitStatus::Unknown => false,
        };
        if rule.autorestart && !is_stop_code {
            return self.died(run, DeathBy::Exit(status), turn);
        }
        let finish = if is_stop_code || status == ExitStatus::Code(0) {
            Finish::Expected
        } else {
            Finish::Unexpected
        };
        turn.note(Notice::Finished {
            who: self.who(run.id),
            status,
        });
        if self.goal == Goal::Up {
            self.goal = Goal::Down;
            turn.goals_changed = true;
        }
        let last_lines = Vec::new();
        let reached = Reached::Finished {
            status,
            finish,
            last_lines,
        };
        Some((run.id, reached))
    }

    fn died(&mut self, run: &Run, how: DeathBy, turn: &mut Turn) -> Option<(RunId, Reached)> {
        let lived = run.lived(turn.now);
        // A program that was never executed, or never became ready, has not lived: however long a
        // busy machine took to say so, or the time was that it had.
        let counted = match how {
            DeathBy::Launch(_)
            | DeathBy::NotReady { .. }
            | DeathBy::NotListening { .. }
            | DeathBy::Unchecked { .. } => Span::ZERO,
            DeathBy::Exit(_) => lived,
        };
        let next = self.after_death(counted, &run.spec.restart, turn.now);
        let next_in = match next {
            State::Waiting { until, .. } => Some(until.since(turn.now)),
            State::Idle | State::Failed | State::Up { .. } => None,
        };
        turn.note(Notice::Died {
            who: self.who(run.id),
            how: how.clone(),
            lived,
            next_in,
        });
        if next == State::Failed {
            let deaths = self.backoff.count().max(1);
            turn.note(Notice::Errored {
                who: self.who(run.id),
                deaths,
            });
        }
        self.state = next;
        turn.goals_changed = true;
        let death = Death {
            how,
            lived,
            last_lines: Vec::new(),
        };
        self.last_death = Some((run.id, death.clone()));
        Some((run.id, Reached::Died { death }))
    }

    /// What follows. It is to be up: what is to be down was asked to end, and then it is no death.
    fn after_death(&mut self, lived: Span, rule: &RestartRule, now: Time) -> State {
        if !rule.autorestart {
            return State::Failed;
        }
        match self.backoff.died(now, lived, rule) {
            Verdict::GiveUp(_) => State::Failed,
            Verdict::Again(delay) => {
                self.restarts = self.restarts.saturating_add(1);
                State::Waiting {
                    until: now + delay,
                    after: After::Death,
                }
            }
        }
    }
}
