//! How one run makes way for the next: who may have a successor, who drains, who is retired.

use config::handover::{Handover, KeepAlive};
use config::spec::Scope;
use config::{Signal, Span};
use fleet::{Event, LaunchOrder};
use protocol::saved::SavedGoal;
use protocol::{InstanceId, LackOf, Request, RunId, Time};

use crate::laws::life::{Drain, Life, Watch};
use crate::laws::{Laws, Outcome};

impl Laws {
    /// That a run is launched alone, or beside one that serves and that it may replace. Returns that
    /// one.
    pub(super) fn beside_law(&self, order: &LaunchOrder) -> Result<Option<RunId>, String> {
        let who = &order.who;
        let all = self.lives.values();
        let others: Vec<&Life> = all.filter(|life| life.who.id == who.id).collect();
        let [old] = others[..] else {
            law!(others.is_empty(), "{who:?} was launched beside {others:?}");
            return Ok(None);
        };
        let shares = old
            .lacks
            .iter()
            .all(|lack| !forbids_sharing(&lack.of) && !forbids_waiting(&lack.of));
        let overlaps = matches!(order.spec.handover.mode, Handover::Auto | Handover::Overlap);
        law!(
            old.is_staying() && !old.listens.is_empty() && shares && overlaps,
            "{who:?} was launched beside {old:?}"
        );
        law!(
            self.was_told_to_reload(who.id),
            "nobody wanted {who:?} beside {old:?}"
        );
        let replaces = |life: &&Life| life.of.is_some() && life.who.app == who.app;
        let pairs = self.lives.values().filter(replaces);
        let pairs: Vec<&Life> = pairs.filter(|life| self.is_pair(life)).collect();
        // A reload that had begun with more may go on with as many.
        let batches = pairs.iter().map(|life| life.spec.handover.batch);
        let batch = batches.fold(order.spec.handover.batch.max(1), u32::max);
        law!(
            pairs.len() < batch as usize,
            "{who:?} is replaced together with {pairs:?}"
        );
        Ok(Some(old.who.run))
    }

    /// Whether this run and the one that it is to replace are both there, and nobody asked both to
    /// end.
    fn is_pair(&self, life: &Life) -> bool {
        let old = life.of.and_then(|of| self.lives.get(&of));
        old.is_some_and(|old| life.is_staying() || old.is_staying())
    }

    /// Whether somebody may have asked for a reload of this instance.
    pub(super) fn was_told_to_reload(&self, id: InstanceId) -> bool {
        self.tickets.reloads.contains(&id)
    }

    /// Whether clients of this run could be made to wait for the next one.
    pub(super) fn could_wait(&self, run: RunId) -> bool {
        self.lives.get(&run).is_some_and(|life| {
            let is_on = |mode: Handover| mode != Handover::Off;
            let given = self.specs.get(&life.who.app);
            let hands_over = given.is_some_and(|given| is_on(given.handover.mode));
            let may = !life.lacks.iter().any(|lack| forbids_waiting(&lack.of));
            life.is_in_service() && !life.listens.is_empty() && may && hands_over
        })
    }

    /// That only a run is watched which serves and for whose next one clients can wait.
    pub(super) fn watch_law(&mut self, now: Time, run: RunId, idle: Span) -> Outcome {
        let can_wait = self.could_wait(run);
        let Some(life) = self.lives.get_mut(&run) else {
            return Err(format!("run {run} is watched, which is over or never was"));
        };
        let is_rule = idle == life.spec.handover.drain_idle && idle > Span::ZERO;
        law!(
            life.is_staying() && can_wait && is_rule,
            "{life:?} is watched"
        );
        let (by, is_done) = (now + idle, false);
        life.watch = Some(Watch { by, is_done });
        Ok(())
    }

    /// That only a run drains which serves: because its successor does, or because clients can wait
    /// and it has been watched.
    pub(super) fn drain_law(
        &mut self,
        now: Time,
        run: RunId,
        (settle, idle): (Span, Span),
    ) -> Outcome {
        let Some(life) = self.lives.get(&run) else {
            return Err(format!("run {run} is to drain, which is over or never was"));
        };
        law!(life.is_in_service(), "{life:?} is to drain");
        let was_watched = match life.watch {
            Some(watch) => watch.is_done || watch.by <= now,
            None => life.spec.handover.drain_idle == Span::ZERO,
        };
        let mut all = self.lives.values();
        let successor = all.find(|one| one.of == Some(run) && one.is_in_service());
        let rule = &life.spec.handover;
        let (limit, silent) = if let Some(next) = successor {
            law!(life.watch.is_none(), "{life:?} was watched for nothing");
            let mut lacks = life.lacks.iter().chain(&next.lacks);
            law!(
                !lacks.any(|lack| forbids_sharing(&lack.of)),
                "{next:?} took over from {life:?} and shares a port"
            );
            (rule.drain_timeout, rule.drain_idle)
        } else {
            law!(
                life.watch.is_some() || self.could_wait(run),
                "nobody can wait while {life:?} drains"
            );
            law!(was_watched, "{life:?} drains before it was looked at");
            (rule.queue_pause, Span::ZERO)
        };
        law!(
            (settle, idle) == (rule.settle, silent),
            "{life:?} drains with {idle}"
        );
        let to = successor.map(|one| one.who.run);
        let (by, is_done) = (now + limit, false);
        if let Some(life) = self.lives.get_mut(&run) {
            (life.watch, life.drain) = (None, Some(Drain { by, is_done, to }));
        }
        Ok(())
    }

    /// That a run comes back only when its successor cannot serve.
    pub(super) fn serve_law(&mut self, run: RunId) -> Outcome {
        let mut all = self.lives.values();
        let successor = all.find(|one| one.of == Some(run) && one.is_in_service());
        law!(
            successor.is_none(),
            "run {run} comes back beside {successor:?}"
        );
        let Some(life) = self.lives.get_mut(&run) else {
            return Err(format!("run {run} comes back from its end"));
        };
        law!(
            (life.drain.take().is_some() || life.watch.take().is_some()) && !life.is_stopping(),
            "{life:?} comes back and was not away"
        );
        Ok(())
    }

    /// That a run is retired after it has drained, or had its time, or because somebody wants it.
    pub(super) fn retire_law(
        &mut self,
        now: Time,
        event: &Event,
        run: RunId,
        (signal, to, keepalive): (Signal, Scope, KeepAlive),
    ) -> Outcome {
        let ending = self.ending;
        let Some(life) = self.lives.get_mut(&run) else {
            return Err(format!("run {run} is retired, which is over or never was"));
        };
        let (watch, drain) = (life.watch.take(), life.drain.take());
        law!(
            watch.is_some() || drain.is_some(),
            "{life:?} is retired and did not drain"
        );
        let asked = matches!(event, Event::Asked { .. }) || ending;
        let lost = matches!(event, Event::LeaderExited { run: of, .. } if *of == run);
        law!(
            drain.is_some_and(|drain| drain.is_done || drain.by <= now) || asked || lost,
            "{life:?} is retired after {event:?}"
        );
        let rule = &life.spec.stop;
        let is_rule = (signal, to) == (rule.signal, rule.scope);
        law!(is_rule, "{signal} to {to:?} is not how to stop {life:?}");
        let entry = self.journal.instances.get(&life.who.id);
        let is_wanted = entry.is_some_and(|one| one.instance.goal == SavedGoal::Up) && !ending;
        let keeps = is_wanted && life.spec.handover.keepalive == KeepAlive::Adopt;
        law!(
            keeps == (keepalive == KeepAlive::Adopt),
            "{life:?} is retired with {keepalive:?}"
        );
        (life.retired, life.signalled) = (true, Some(now));
        Ok(())
    }

    /// Writes down who may be replaced from here on.
    pub(super) fn tell_reload(
        &mut self,
        request: &Request,
        meant: impl Iterator<Item = InstanceId>,
    ) {
        if matches!(request, Request::Reload { .. } | Request::Apply { .. }) {
            self.tickets.reloads.extend(meant);
        }
    }
}

pub(super) const fn forbids_waiting(lack: &LackOf) -> bool {
    matches!(
        lack,
        LackOf::Filter | LackOf::Unwanted | LackOf::Duplicate | LackOf::Privileged { .. }
    )
}

const fn forbids_sharing(lack: &LackOf) -> bool {
    matches!(lack, LackOf::Stranger | LackOf::Selector)
}
