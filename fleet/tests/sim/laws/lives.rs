//! Who is alive, who may be signalled, who must have been killed by when.

use config::spec::Scope;
use config::{Signal, Span};
use fleet::{Effect, Event, Fleet, LaunchOrder};
use protocol::notice::{Cause, Who};
use protocol::saved::LiveState;
use protocol::{Notice, Request, RunId, Time};

use crate::laws::goals::is_taken;
use crate::laws::life::{Drain, Life, Watch};
use crate::laws::{Before, Laws, Outcome};

/// How many launches one turn may hold.
const LAUNCHES_PER_TURN: usize = 4;

impl Laws {
    /// Writes down what the fleet was told of a run.
    pub(super) fn tell_lives(&mut self, now: Time, event: &Event) {
        match event {
            Event::LeaderExited { run, .. } => {
                let lone = self.successors_of(*run);
                if let Some(life) = self.lives.get_mut(run) {
                    life.leaderless = true;
                }
                self.relax(now, &lone);
            }
            Event::Exited { run, .. } | Event::LaunchFailed { run, .. } => {
                let lone = self.successors_of(*run);
                if let Some(life) = self.lives.remove(run) {
                    self.leave_listeners(&life);
                }
                self.relax(now, &lone);
            }
            Event::Launched { run, .. } => self.tell_launched(now, *run),
            _ => self.tell_progress(now, event),
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
            Effect::Steer { app, to, held } => self.steer_law(earlier, app, to, *held),
            Effect::Check { run, path, within } => self.check_law(now, *run, path, *within),
            Effect::Watch { run, idle } => self.watch_law(now, *run, *idle),
            Effect::Drain { run, settle, idle } => self.drain_law(now, *run, (*settle, *idle)),
            Effect::Serve { run } => self.serve_law(*run),
            Effect::Retire {
                run,
                signal,
                to,
                keepalive,
            } => self.retire_law(now, event, *run, (*signal, *to, *keepalive)),
            Effect::Release { run } => self.release_law(*run),
            Effect::Save { .. }
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
        let of = self.beside_law(order)?;
        let known = self.journal.instances.get(&who.id);
        let is_right = known.is_some_and(|one| one.app == who.app && one.instance.slot == who.slot);
        law!(is_right, "{who:?} is not {known:?}");
        self.spec_law(who, &order.spec)?;
        self.delay_law(now, who.id)?;
        self.last_run = who.run;
        self.lives.insert(who.run, Life::new(order, of, now));
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
            law!(
                life.drain.is_none() && life.watch.is_none(),
                "{life:?} drains or is watched and got a bare signal"
            );
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
            Notice::Ready { who, by, .. } => self.ready_law(now, who, *by)?,
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
        let fault = self.fault_of(who.run, event);
        let was_told = self.was_told_to_reload(who.id);
        let cuts = self.could_wait(who.run);
        let Some(life) = self.lives.get_mut(&who.run) else {
            return Err(format!("{who:?} is stopping after its end"));
        };
        law!(
            life.signalled == Some(now),
            "{life:?} is stopping and got no signal"
        );
        law!(life.kill_at.is_none(), "{life:?} is stopping twice");
        let failed = matches!(event, Event::Checked { run, outcome: Err(_) } if *run == who.run);
        let is_right = match (cause, event) {
            (Cause::Operator, Event::Asked { .. }) => true,
            (Cause::Restart, Event::Asked { .. }) => life.retired || !cuts,
            (Cause::Restart, _) => life.retired || was_told && !cuts,
            (Cause::LeaderGone, Event::LeaderExited { run, .. }) => *run == who.run,
            (Cause::NotReady, _) => !life.ready && (life.limit <= now || failed),
            (Cause::Replaced, _) => life.retired,
            (Cause::ShutDown, _) => self.ending,
            (Cause::Operator | Cause::LeaderGone, _) => false,
        };
        law!(
            is_right,
            "{life:?} is stopping for {cause:?} after {event:?}"
        );
        life.kill_at = Some(now + life.spec.stop.timeout);
        if cause == Cause::NotReady {
            life.fault = Some(fault);
        }
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
            law!(life.ready || life.limit > now, "{life:?} is late");
            law!(
                life.ready || self.is_starting_still(life),
                "{life:?} was not heard"
            );
            law!(!self.ending, "{life:?} runs on while the daemon ends");
            let is_drain =
                |one: &Effect| matches!(one, Effect::Drain { run, .. } if *run == life.who.run);
            let drains = effects.iter().any(is_drain);
            let overdue = |watch: Watch| watch.is_done || watch.by <= now;
            law!(
                !life.watch.is_some_and(overdue),
                "{life:?} is watched too long"
            );
            let overdue = |drain: Drain| drain.is_done || drain.by <= now && !drains;
            law!(!life.drain.is_some_and(overdue), "{life:?} drains too long");
            let to = life.drain.and_then(|drain| drain.to);
            let serves = |to: RunId| self.lives.get(&to).is_some_and(Life::is_in_service);
            law!(to.is_none_or(serves), "{life:?} drains for nobody");
        }
        self.deadline_law(now, fleet, effects)
    }

    /// That what is due next is what is known to be due, and that nothing is left undone.
    fn deadline_law(&self, now: Time, fleet: &Fleet, effects: &[Effect]) -> Outcome {
        let due = fleet.deadline();
        let no_time = |life: &Life| life.signalled == Some(now) && life.kill_at == Some(now);
        let goes_on = match due {
            Some((_, "launch" | "launch of a successor" | "hold is over" | "drained or late")) => {
                !effects.is_empty()
            }
            Some(_) | None => self.lives.values().any(no_time),
        };
        law!(
            goes_on || due.is_none_or(|(due, _)| due > now),
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
        let ends = self.lives.values().filter_map(|life| {
            let ready = (!life.ready).then_some(life.limit);
            let watched = life.watch.map(|watch| watch.by);
            let drained = life.drain.map(|drain| drain.by);
            life.kill_at.or(drained).or(watched).or(ready)
        });
        let first = launches.chain(ends).min();
        let is_known = match due {
            Some((at, "launch of a successor" | "hold is over")) => {
                first.is_none_or(|first| at <= first)
            }
            Some((at, _)) => first == Some(at),
            None => first.is_none(),
        };
        law!(is_known, "the deadline is {due:?} and not {first:?}");
        Ok(())
    }
}
