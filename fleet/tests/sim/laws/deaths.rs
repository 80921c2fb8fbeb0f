//! How long to wait after a death, and when to give up: the rules once more, from PM2's words.

use config::Span;
use config::spec::{RestartDelay, RestartRule};
use fleet::{Effect, Event};
use protocol::notice::{Cause, Who};
use protocol::reply::DeathBy;
use protocol::saved::{LiveState, SavedGoal};
use protocol::{ExitStatus, InstanceId, Notice, Request, RunId, Time};

use crate::journal::Entry;
use crate::laws::life::Life;
use crate::laws::{Before, Laws, Outcome, runs_of};

/// What the deaths of an instance so far amount to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    early: Vec<Time>,
    delay: u64,
    failures: u32,
    /// No launch may come before this.
    until: Time,
}

impl Tally {
    /// One more death. Returns the delay, none to give up.
    fn died(&mut self, now: Time, lived: u64, rule: &RestartRule) -> Option<u64> {
        let window = rule.min_uptime.0 * u64::from(rule.max_restarts);
        self.early.retain(|at| at.0 + window > now.0);
        if lived < rule.min_uptime.0 {
            self.early.push(now);
            self.failures += 1;
        } else {
            self.failures = 0;
        }
        if self.early.len() as u64 >= u64::from(rule.max_restarts) {
            return None;
        }
        self.delay = match rule.delay {
            RestartDelay::Fixed(span) => span.0,
            RestartDelay::Backoff(first) if self.delay == 0 || lived >= 30_000 => first.0,
            RestartDelay::Backoff(first) => (self.delay + self.delay / 2).min(first.0.max(15_000)),
        };
        self.until = Time(now.0 + self.delay);
        Some(self.delay)
    }
}

/// What was so of a run before the event that says it is over.
#[derive(Debug)]
pub(super) struct Was {
    who: Who,
    rule: RestartRule,
    born: Time,
    /// In which way it had failed to become ready, if it had.
    fault: Option<DeathBy>,
    /// Who was there beside it.
    beside: Beside,
    /// Why it had been asked to end.
    ending: Option<Cause>,
    /// When its leader ended, where the rest did not with it.
    leader_ended: Option<Time>,
    goal: SavedGoal,
}

/// Who is there when a run is over.
#[derive(Debug)]
enum Beside {
    Nobody,
    /// The run that it was to replace, which was not asked to end.
    Serving(Who),
    /// The run that it was to replace, which ends.
    Ending(RunId),
    /// The run that was to replace it.
    Successor,
}

impl Laws {
    /// The run that this event ends, if it is not over yet.
    pub(super) fn ending_of(&self, event: &Event) -> Option<Was> {
        let (Event::Exited { run, .. } | Event::LaunchFailed { run, .. }) = event else {
            return None;
        };
        let life = self.lives.get(run)?;
        let Life {
            who, spec, born, ..
        } = life;
        let entry = self.journal.instances.get(&who.id)?;
        let live = runs_of(&entry.live.state).into_iter();
        let live = live.into_iter().find(|one| one.id == *run);
        let (ending, leader_ended) = live.map_or((None, None), |run| {
            (run.ending.or(run.draining), run.leader_ended)
        });
        let ending = ending.or_else(|| life.watch.map(|_| Cause::Restart));
        Some(Was {
            who: who.clone(),
            rule: spec.restart.clone(),
            born: *born,
            fault: life.fault.clone(),
            beside: self.beside(life),
            ending,
            leader_ended,
            goal: entry.instance.goal,
        })
    }

    fn beside(&self, life: &Life) -> Beside {
        let mut all = self.lives.values();
        let other = all.find(|one| one.who.id == life.who.id && one.who.run != life.who.run);
        match other {
            None => Beside::Nobody,
            Some(old) if life.of == Some(old.who.run) && old.is_stopping() => {
                Beside::Ending(old.who.run)
            }
            Some(old) if life.of == Some(old.who.run) => Beside::Serving(old.who.clone()),
            Some(_) => Beside::Successor,
        }
    }

    /// That the end of a run is called what it was, and what follows from it.
    pub(super) fn death_law(
        &mut self,
        before: &Before,
        event: &Event,
        was: Option<&Was>,
        effects: &[Effect],
    ) -> Outcome {
        let notices = effects.iter().filter_map(|effect| match effect {
            Effect::Note(notice) => Some(notice),
            _ => None,
        });
        let ends: Vec<&Notice> = notices
            .filter(|one| {
                matches!(
                    one,
                    Notice::Stopped { .. }
                        | Notice::Died { .. }
                        | Notice::Finished { .. }
                        | Notice::Errored { .. }
                        | Notice::LaunchFailed { .. }
                        | Notice::Kept { .. }
                )
            })
            .collect();
        self.tell_failures(&ends);
        let Some(was) = was else {
            law!(ends.is_empty(), "{ends:?} is told of a life that was over");
            return Ok(());
        };
        let expected = self.expected_ends(before.now, event, was);
        let told: Vec<Notice> = ends.into_iter().cloned().collect();
        law!(told == expected, "told: {told:?}\nexpected: {expected:?}");
        Ok(())
    }

    fn tell_failures(&mut self, ends: &[&Notice]) {
        for one in ends {
            if let Notice::Kept { who, .. }
            | Notice::Died { who, .. }
            | Notice::Finished { who, .. } = one
            {
                let failure = (self.turns, who.app.clone());
                self.tickets.failures.push(failure);
            }
        }
    }

    fn expected_ends(&mut self, now: Time, event: &Event, was: &Was) -> Vec<Notice> {
        let who = || was.who.clone();
        let mut told = Vec::new();
        let asked = match was.ending {
            Some(
                cause @ (Cause::Operator | Cause::Restart | Cause::Replaced | Cause::ShutDown),
            ) => Some(cause),
            Some(Cause::LeaderGone | Cause::NotReady) | None => None,
        };
        let how = match event {
            Event::LaunchFailed { why, .. } => {
                told.push(Notice::LaunchFailed {
                    who: who(),
                    why: why.clone(),
                });
                if asked.is_some() {
                    return told;
                }
                let fault = was.fault.clone();
                fault.unwrap_or_else(|| DeathBy::Launch(why.clone()))
            }
            Event::Exited { status, .. } => {
                let status = *status;
                if let Some(cause) = asked {
                    told.push(Notice::Stopped {
                        who: who(),
                        cause,
                        status,
                    });
                    return told;
                }
                if let Beside::Ending(old) = was.beside {
                    self.service.outlived.insert(old, None);
                }
                let serves = matches!(was.beside, Beside::Serving(_));
                let fault = was.fault.clone();
                if fault.is_none() && !serves && may_end(status, &was.rule) {
                    told.push(Notice::Finished { who: who(), status });
                    return told;
                }
                fault.unwrap_or(DeathBy::Exit(status))
            }
            _ => return told,
        };
        if let Beside::Serving(old) = &was.beside {
            let who = old.clone();
            told.push(Notice::Kept { who, how });
            return told;
        }
        self.expected_death(now, how, was, &mut told);
        told
    }

    fn expected_death(&mut self, now: Time, how: DeathBy, was: &Was, told: &mut Vec<Notice>) {
        let who = || was.who.clone();
        let lived = was.leader_ended.unwrap_or(now).since(was.born);
        // What was never executed, or never became ready, has not lived.
        let counted = match how {
            DeathBy::Launch(_)
            | DeathBy::NotReady { .. }
            | DeathBy::NotListening { .. }
            | DeathBy::Unchecked { .. } => 0,
            DeathBy::Exit(_) => lived.0,
        };
        let wanted = was.goal != SavedGoal::Down && !self.ending;
        let tally = self.tallies.entry(was.who.id).or_default();
        let until = tally.until;
        let decided = self.service.outlived.get(&was.who.run).copied();
        let next_in = match was.beside {
            Beside::Successor => {
                tally.died(now, counted, &was.rule);
                tally.until = until;
                Some(Span::ZERO)
            }
            Beside::Nobody if decided.is_some() => {
                tally.died(now, counted, &was.rule);
                tally.until = until;
                decided.flatten().map(|next| next.since(now))
            }
            Beside::Nobody | Beside::Serving(_) | Beside::Ending(_)
                if wanted && was.rule.autorestart =>
            {
                tally.died(now, counted, &was.rule).map(Span)
            }
            Beside::Nobody | Beside::Serving(_) | Beside::Ending(_) => None,
        };
        told.push(Notice::Died {
            who: who(),
            how,
            lived,
            next_in,
        });
        if let Beside::Ending(old) = was.beside {
            let next = next_in.map(|next_in| now + next_in);
            self.service.outlived.insert(old, next);
        }
        if wanted && next_in.is_none() && decided.is_none() {
            let deaths = u32::try_from(tally.early.len()).unwrap_or(u32::MAX).max(1);
            told.push(Notice::Errored { who: who(), deaths });
        }
    }

    /// That it is not launched before its time.
    pub(super) fn delay_law(&self, now: Time, id: InstanceId) -> Outcome {
        let until = self.tallies.get(&id).map(|tally| tally.until);
        law!(
            until.is_none_or(|until| until <= now),
            "instance {id} was to wait until {until:?}"
        );
        Ok(())
    }

    /// That the fleet counts as we do, and forgets only where somebody asked.
    pub(super) fn tally_law(
        &mut self,
        before: &Before,
        event: &Event,
        effects: &[Effect],
    ) -> Outcome {
        let journal = &self.journal.instances;
        self.tallies.retain(|id, _| journal.contains_key(id));
        for (id, entry) in journal {
            let tally = self.tallies.entry(*id).or_default();
            let live = &entry.live;
            let counts = (&live.deaths, live.delay.0, live.failures);
            if counts == (&tally.early, tally.delay, tally.failures) {
                continue;
            }
            let is_zero = counts == (&Vec::new(), 0, 0);
            let may = matches!(event, Event::Asked { request, .. } if forgets(request));
            let asked = may && before.meant.contains(id);
            // A reload forgets in its own time: when an instance's turn comes, or when it is done.
            let reloads = self.tickets.reloads.contains(id) && reloads(effects, *id, entry);
            law!(
                is_zero && (asked || reloads),
                "instance {id} counts {counts:?} and not {tally:?}"
            );
            let until = tally.until;
            *tally = Tally {
                until,
                ..Tally::default()
            };
        }
        Ok(())
    }

    /// Somebody asked for it: it need not wait any longer.
    pub(super) fn hurry(&mut self, id: InstanceId) {
        if let Some(tally) = self.tallies.get_mut(&id) {
            tally.until = Time::default();
        }
    }
}

/// Whether a reload of this instance has gone on in this turn.
fn reloads(effects: &[Effect], id: InstanceId, entry: &Entry) -> bool {
    let is_due = matches!(entry.live.state, LiveState::Waiting { .. });
    let goes_on = effects.iter().any(|effect| {
        matches!(effect, Effect::Note(Notice::Replacing { who, .. } | Notice::Replaced { who, .. })
            if who.id == id)
    });
    is_due || goes_on
}

/// Whether a run may end so without being started again.
fn may_end(status: ExitStatus, rule: &RestartRule) -> bool {
    let listed = match status {
        ExitStatus::Code(code) => rule.stop_exit_codes.contains(&code),
        ExitStatus::Signal { .. } | ExitStatus::Unknown => false,
    };
    listed || !rule.autorestart
}

/// Whether the deaths may be forgotten with this request.
const fn forgets(request: &Request) -> bool {
    matches!(
        request,
        Request::Start { .. }
            | Request::Restart { .. }
            | Request::Reload { .. }
            | Request::Reset { .. }
            | Request::Apply { .. }
    )
}
