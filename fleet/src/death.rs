//! Deaths: what a run's end is called where nobody had asked for it, and what follows from it.

use alloc::vec::Vec;

use config::Span;
use config::spec::RestartRule;
use protocol::reply::{Death, DeathBy, Finish, Reached};
use protocol::{ExitStatus, Notice, Time};

use crate::backoff::Verdict;
use crate::instance::{After, Goal, Instance, Rest};
use crate::run::Run;
use crate::turn::Turn;

impl Instance {
    /// A run ended by itself: a job that has ended, or a death.
    pub(crate) fn ended_by_itself(
        &mut self,
        run: &Run,
        status: ExitStatus,
        turn: &mut Turn,
    ) -> (Rest, Reached) {
        let Some(finish) = run.finish(status) else {
            return self.died(run, DeathBy::Exit(status), turn);
        };
        turn.note(Notice::Finished {
            who: run.who.clone(),
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
        (Rest::Idle, reached)
    }

    /// A run died, and there is no other.
    pub(crate) fn died(&mut self, run: &Run, how: DeathBy, turn: &mut Turn) -> (Rest, Reached) {
        let lived = run.lived(turn.now);
        let rest = self.after_death(run.counts(&how, lived), &run.spec.restart, turn.now);
        let next_in = rest.next_in(turn.now);
        turn.note(Notice::Died {
            who: run.who.clone(),
            how: how.clone(),
            lived,
            next_in,
        });
        if rest == Rest::Failed {
            let deaths = self.backoff.count().max(1);
            turn.note(Notice::Errored {
                who: run.who.clone(),
                deaths,
            });
        }
        turn.goals_changed = true;
        let death = self.remember_death(run, how, lived);
        (rest, Reached::Died { death })
    }

    /// A run ended by itself, and what follows has been decided before, or is on its way.
    pub(crate) fn ended_beside(
        &mut self,
        run: &Run,
        how: DeathBy,
        next_in: Option<Span>,
        turn: &mut Turn,
    ) {
        let who = run.who.clone();
        turn.goals_changed = true;
        if let DeathBy::Exit(status) = how
            && run.finish(status).is_some()
        {
            turn.note(Notice::Finished { who, status });
            return;
        }
        let lived = run.lived(turn.now);
        let rule = &run.spec.restart;
        self.backoff.died(turn.now, run.counts(&how, lived), rule);
        let death = self.remember_death(run, how, lived);
        turn.note(Notice::Died {
            who,
            how: death.how,
            lived,
            next_in,
        });
    }

    /// A successor died or was ended because it had failed. The old run serves on.
    pub(crate) fn kept(&mut self, old: &Run, new: &Run, how: DeathBy, turn: &mut Turn) -> Reached {
        turn.note(Notice::Kept {
            who: old.who.clone(),
            how: how.clone(),
        });
        let lived = new.lived(turn.now);
        let death = self.remember_death(new, how, lived);
        Reached::Kept { death }
    }

    fn remember_death(&mut self, run: &Run, how: DeathBy, lived: Span) -> Death {
        let last_lines = Vec::new();
        let death = Death {
            how,
            lived,
            last_lines,
        };
        self.last_death = Some((run.id(), death.clone()));
        death
    }

    /// What follows. It is to be up: what is to be down was asked to end, and then it is no death.
    fn after_death(&mut self, lived: Span, rule: &RestartRule, now: Time) -> Rest {
        if !rule.autorestart {
            return Rest::Failed;
        }
        match self.backoff.died(now, lived, rule) {
            Verdict::GiveUp(_) => Rest::Failed,
            Verdict::Again(delay) => {
                self.restarts = self.restarts.saturating_add(1);
                Rest::Waiting {
                    until: now + delay,
                    after: After::Death,
                }
            }
        }
    }
}

impl Rest {
    /// In what time the next run starts, if there is one.
    pub(crate) const fn next_in(self, now: Time) -> Option<Span> {
        match self {
            Self::Waiting { until, .. } => Some(until.since(now)),
            Self::Idle | Self::Failed => None,
        }
    }
}

impl Run {
    /// How it may have ended, where that means that it is not started again.
    pub(crate) fn finish(&self, status: ExitStatus) -> Option<Finish> {
        let rule = &self.spec.restart;
        let is_stop_code = match status {
            ExitStatus::Code(code) => rule.stop_exit_codes.contains(&code),
            ExitStatus::Signal { .. } | ExitStatus::Unknown => false,
        };
        if rule.autorestart && !is_stop_code {
            return None;
        }
        if is_stop_code || status == ExitStatus::Code(0) {
            Some(Finish::Expected)
        } else {
            Some(Finish::Unexpected)
        }
    }

    /// How long it counts as having lived. A program that was never executed, or never became ready,
    /// has not: however long a busy machine took to say so, or the time was that it had.
    const fn counts(&self, how: &DeathBy, lived: Span) -> Span {
        match how {
            DeathBy::Launch(_)
            | DeathBy::NotReady { .. }
            | DeathBy::NotListening { .. }
            | DeathBy::Unchecked { .. } => Span::ZERO,
            DeathBy::Exit(_) => lived,
        }
    }
}
