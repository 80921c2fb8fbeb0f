//! Who is alive, who may be signalled, who must have been killed by when.

use std::sync::Arc;

use config::spec::{AppSpec, Scope};
use config::{Signal, Span};
use fleet::{Effect, Event, Fleet, LaunchOrder};
use protocol::notice::{Cause, ReadyBy, Who};
use protocol::saved::LiveState;
use protocol::{Notice, Request, RunId, Time};

use crate::laws::goals::is_taken;
use crate::laws::{Before, Laws, Outcome};

/// How long a launcher may take.
const LAUNCH_LIMIT: Span = Span::secs(10);

/// After how long a plain app counts as ready.
const READY_AFTER: Span = Span::millis(500);

/// How many launches one turn may hold.
const LAUNCHES_PER_TURN: usize = 4;

/// A run that is not over as far as the fleet was told.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) who: Who,
    pub(crate) spec: Arc<AppSpec>,
    pub(crate) born: Time,
    /// When the fleet was told that the program executes.
    launched: Option<Time>,
    /// Whether the run has said that it is ready.
    said: bool,
    /// Whether the fleet has said that it is ready.
    ready: bool,
    /// Whether the fleet was told that the leader has ended.
    leaderless: bool,
    /// When the fleet sent the signal to stop.
    signalled: Option<Time>,
    /// How long it had to become ready, where it was late.
    pub(super) had: Span,
    /// When SIGKILL is due; none while it was not asked to end.
    kill_at: Option<Time>,
    killed: bool,
}

impl Life {
    fn new(order: &LaunchOrder, born: Time) -> Self {
        Self {
            who: order.who.clone(),
            spec: Arc::clone(&order.spec),
            born,
            launched: None,
            said: false,
            ready: false,
            leaderless: false,
            signalled: None,
            had: Span::ZERO,
            kill_at: None,
            killed: false,
        }
    }

    pub(super) const fn is_ready(&self) -> bool {
        self.ready
    }

    pub(super) const fn is_launched(&self) -> bool {
        self.launched.is_some()
    }

    pub(super) const fn is_stopping(&self) -> bool {
        self.kill_at.is_some()
    }

    pub(super) const fn is_leaving(&self) -> bool {
        self.is_stopping()
    }

    /// How long it has to become ready, or to be launched at all.
    fn patience(&self) -> Span {
        if self.spec.ready.wait_ready && self.is_launched() {
            self.spec.ready.listen_timeout
        } else {
            LAUNCH_LIMIT
        }
    }

    /// When it is ready, or too late, if nothing else happens.
    fn limit(&self) -> Time {
        match self.launched {
            None => self.born + LAUNCH_LIMIT,
            Some(at) if self.spec.ready.wait_ready => at + self.spec.ready.listen_timeout,
            Some(at) => at + READY_AFTER,
        }
    }
}

impl Laws {
    /// Writes down what the fleet was told of a run.
    pub(super) fn tell_lives(&mut self, now: Time, event: &Event) {
        match event {
            Event::Launched { run, .. } => {
                if let Some(life) = self.lives.get_mut(run) {
                    life.launched.get_or_insert(now);
                }
            }
            Event::Ready { run, .. } => {
                if let Some(life) = self.lives.get_mut(run) {
                    life.said = true;
                }
            }
            Event::LeaderExited { run, .. } => {
                if let Some(life) = self.lives.get_mut(run) {
                    life.leaderless = true;
                }
            }
            Event::Exited { run, .. } | Event::LaunchFailed { run, .. } => {
                self.lives.remove(run);
            }
            _ => {}
        }
    }

    /// What each effect may be, after those before it.
    pub(super) fn life_law(
        &mut self,
        before: &Before,
        event: &Event,
        earlier: &[Effect],
        effect: &Effect,
    ) -> Outcome {
        let now = before.now;
        match effect {
            Effect::Launch(order) => {
                let is_launch = |one: &&Effect| matches!(one, Effect::Launch(_));
                let launches = earlier.iter().filter(is_launch).count();
                law!(
                    launches < LAUNCHES_PER_TURN,
                    "too many launches in one turn"
                );
                self.launch_law(now, order)
            }
            Effect::Signal { run, signal, to } => {
                let asked = self.is_passed_on(before, event, *run, (*signal, *to))
                    && !earlier.contains(effect);
                if asked {
                    Ok(())
                } else {
                    self.signal_law(before.now, event, *run, (*signal, *to))
                }
            }
            Effect::Note(notice) => self.note_law(now, event, notice),
            Effect::Steer { .. }
            | Effect::Check { .. }
            | Effect::Drain { .. }
            | Effect::Serve { .. }
            | Effect::Retire { .. }
            | Effect::Release { .. }
            | Effect::Save { .. }
            | Effect::Dump { .. }
            | Effect::ReadDump { .. }
            | Effect::Flush { .. }
            | Effect::Answer { .. }
            | Effect::Exit => Ok(()),
        }
    }

    fn launch_law(&mut self, now: Time, order: &LaunchOrder) -> Outcome {
        let who = &order.who;
        law!(!self.ending, "{who:?} was launched while the daemon ends");
        law!(
            who.run > self.last_run,
            "{who:?} has the id of an earlier run"
        );
        let other = self.lives.values().find(|life| life.who.id == who.id);
        law!(other.is_none(), "{who:?} was launched beside {other:?}");
        let known = self.journal.instances.get(&who.id);
        let is_right = known.is_some_and(|one| one.app == who.app && one.instance.slot == who.slot);
        law!(is_right, "{who:?} is not {known:?}");
        self.spec_law(who, &order.spec)?;
        self.delay_law(now, who.id)?;
        self.last_run = who.run;
        self.lives.insert(who.run, Life::new(order, now));
        self.tickets.runs.insert(who.run, who.id);
        Ok(())
    }

    /// Whether this is a signal that a client asked for, to somebody who can get it.
    fn is_passed_on(
        &self,
        before: &Before,
        event: &Event,
        run: RunId,
        (signal, to): (Signal, Scope),
    ) -> bool {
        let life = self.lives.get(&run);
        let is_meant = life.is_some_and(|life| {
            let has_leader = life.launched.is_some() && !life.leaderless;
            has_leader && before.meant.contains(&life.who.id)
        });
        let is_asked = matches!(event, Event::Asked { request: Request::Signal { signal: one, .. }, .. }
            if *one == signal);
        is_taken(before) && is_meant && is_asked && to == Scope::Leader
    }

    fn signal_law(
        &mut self,
        now: Time,
        event: &Event,
        run: RunId,
        (signal, to): (Signal, Scope),
    ) -> Outcome {
        let Some(life) = self.lives.get_mut(&run) else {
            return Err(format!(
                "{signal} went to run {run}, which is over or never was"
            ));
        };
        if signal != Signal::KILL {
            let rule = &life.spec.stop;
            let is_rule = (signal, to) == (rule.signal, rule.scope);
            law!(is_rule, "{signal} to {to:?} is not how to stop {life:?}");
            life.signalled = Some(now);
            return Ok(());
        }
        let orphaned = matches!(event, Event::LeaderExited { run: of, .. } if *of == run);
        let is_due = life.kill_at.is_some_and(|at| at <= now);
        let sweeps = orphaned && life.killed && to == Scope::Tree;
        law!(is_due || sweeps, "{life:?} was killed before its time");
        law!(to == life.spec.stop.scope, "{life:?} was killed by halves");
        if is_due {
            life.kill_at = Some(now + Span::secs(1));
            life.killed = true;
        }
        Ok(())
    }

    fn note_law(&mut self, now: Time, event: &Event, notice: &Notice) -> Outcome {
        match notice {
            Notice::Launched { who, .. } => {
                let told = matches!(event, Event::Launched { run, .. } if *run == who.run);
                law!(
                    told && self.lives.contains_key(&who.run),
                    "{who:?} was not launched"
                );
            }
            Notice::Ready { who, by, .. } => {
                let Some(life) = self.lives.get_mut(&who.run) else {
                    return Err(format!("{who:?} is ready after its end"));
                };
                let is_so = match by {
                    ReadyBy::Channel | ReadyBy::Notify => life.said && life.launched.is_some(),
                    ReadyBy::Listening | ReadyBy::Checked => false,
                    ReadyBy::Lived => {
                        let launched = life.launched.is_some();
                        launched && !life.spec.ready.wait_ready && life.limit() <= now
                    }
                };
                law!(is_so && !life.ready, "{life:?} is not ready by {by:?}");
                law!(
                    life.kill_at.is_none(),
                    "{life:?} became ready while stopping"
                );
                life.ready = true;
            }
            Notice::Stopping { who, cause } => self.stopping_law(now, event, who, *cause)?,
            Notice::Killing { who, .. } => {
                let life = self.lives.get(&who.run);
                law!(
                    life.is_some_and(|life| life.killed),
                    "{who:?} was not killed: {life:?}"
                );
            }
            _ => {}
        }
        Ok(())
    }

    fn stopping_law(&mut self, now: Time, event: &Event, who: &Who, cause: Cause) -> Outcome {
        let Some(life) = self.lives.get_mut(&who.run) else {
            return Err(format!("{who:?} is stopping after its end"));
        };
        law!(
            life.signalled == Some(now),
            "{life:?} is stopping and got no signal"
        );
        law!(life.kill_at.is_none(), "{life:?} is stopping twice");
        let is_right = match (cause, event) {
            (Cause::Operator | Cause::Restart, Event::Asked { .. }) => true,
            (Cause::LeaderGone, Event::LeaderExited { run, .. }) => *run == who.run,
            (Cause::NotReady, _) => !life.ready && life.limit() <= now,
            (Cause::ShutDown, _) => self.ending,
            (Cause::Operator | Cause::Restart | Cause::Replaced | Cause::LeaderGone, _) => false,
        };
        law!(
            is_right,
            "{life:?} is stopping for {cause:?} after {event:?}"
        );
        life.kill_at = Some(now + life.spec.stop.timeout);
        life.had = life.patience();
        Ok(())
    }

    /// That what a killed leader left behind is killed too.
    pub(super) fn orphans_law(&self, event: &Event, effects: &[Effect]) -> Outcome {
        let Event::LeaderExited { run, .. } = event else {
            return Ok(());
        };
        let kill = Effect::Signal {
            run: *run,
            signal: Signal::KILL,
            to: Scope::Tree,
        };
        let killed = self.lives.get(run).is_some_and(|life| life.killed);
        law!(
            !killed || effects.contains(&kill),
            "run {run} left others behind, who live on"
        );
        Ok(())
    }

    /// What must be so of all lives at the end of a turn.
    pub(super) fn lives_law(&self, now: Time, fleet: &Fleet, effects: &[Effect]) -> Outcome {
        for life in self.lives.values() {
            if let Some(at) = life.kill_at {
                // Where there is no time to end, the kill comes with the next tick.
                let is_fresh = life.signalled == Some(now);
                law!(at > now || is_fresh, "{life:?} should have been killed");
                continue;
            }
            law!(
                !life.leaderless,
                "{life:?} lost its leader and is not stopped"
            );
            law!(life.ready || life.limit() > now, "{life:?} is late");
            let said = life.said && life.launched.is_some();
            law!(life.ready || !said, "{life:?} was not heard");
            law!(!self.ending, "{life:?} runs on while the daemon ends");
        }
        let is_launch = |one: &&Effect| matches!(one, Effect::Launch(_));
        let full = effects.iter().filter(is_launch).count() == LAUNCHES_PER_TURN;
        let no_time = |life: &Life| life.signalled == Some(now) && life.kill_at == Some(now);
        let goes_on = full || self.lives.values().any(no_time);
        let due = fleet.deadline().map(|(due, _)| due);
        law!(
            goes_on || due.is_none_or(|due| due > now),
            "what was due at {due:?} is still due at {now:?}"
        );
        let waits = |one: &LiveState| match one {
            LiveState::Waiting { until } => Some(*until),
            LiveState::Idle
            | LiveState::Failed
            | LiveState::Up { .. }
            | LiveState::Replacing { .. } => None,
        };
        let all = self.journal.instances.values();
        let launches = all.filter_map(|one| waits(&one.live.state));
        let lives = self.lives.values();
        let ends = lives.filter_map(|life| match life.kill_at {
            Some(at) => Some(at),
            None if life.ready => None,
            None => Some(life.limit()),
        });
        let first = launches.chain(ends).min();
        law!(due == first, "the deadline is {due:?} and not {first:?}");
        Ok(())
    }
}
