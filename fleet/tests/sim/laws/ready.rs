//! When a run is ready, and what it has to do for that: less for one that is started for itself, all
//! that is asked for one whose old run serves.

use std::collections::BTreeSet;
use std::sync::Arc;

use config::spec::AppSpec;
use config::{Address, Span};
use fleet::Event;
use protocol::notice::{ReadyBy, Who};
use protocol::reply::DeathBy;
use protocol::{CheckFailure, RunId, Time};

use crate::laws::life::{Check, LAUNCH_LIMIT, Life};
use crate::laws::{Laws, Outcome};

/// After how long a plain app counts as ready.
const READY_AFTER: Span = Span::millis(500);

/// Where an earlier run of an instance listened, and what it was launched with.
#[derive(Debug)]
pub(crate) struct Listened {
    spec: Arc<AppSpec>,
    at: BTreeSet<Address>,
}

impl Laws {
    /// The program of a run executes: its time to become ready begins.
    pub(super) fn tell_launched(&mut self, now: Time, run: RunId) {
        let is_successor = self.lives.get(&run).is_some_and(|it| self.is_successor(it));
        let Some(life) = self.lives.get_mut(&run) else {
            return;
        };
        if life.launched.is_none() {
            life.launched = Some(now);
            life.limit = if is_successor || life.spec.ready.wait_ready {
                now + life.spec.ready.listen_timeout
            } else {
                now + READY_AFTER
            };
        }
    }

    /// Writes down what the fleet was told of the progress of a run.
    pub(super) fn tell_progress(&mut self, event: &Event) {
        let (Event::Ready { run, .. }
        | Event::Listening { run, .. }
        | Event::Hindered { run, .. }
        | Event::Checked { run, .. }
        | Event::Watched { run }
        | Event::Drained { run }) = event
        else {
            return;
        };
        let Some(life) = self.lives.get_mut(run) else {
            return;
        };
        match event {
            Event::Ready { .. } => life.said = true,
            Event::Listening { at, .. } => {
                life.listens.insert(at.clone());
                self.service.ever.insert(life.who.id);
            }
            Event::Hindered { lack, .. } => {
                life.lacks.insert(lack.clone());
            }
            Event::Checked { outcome, .. } if life.check == Check::Asked => {
                life.check = Check::Done(outcome.clone());
            }
            Event::Watched { .. } => {
                if let Some(watch) = &mut life.watch {
                    watch.is_done = true;
                }
            }
            Event::Drained { .. } => {
                if let Some(drain) = &mut life.drain {
                    drain.is_done = true;
                }
            }
            _ => {}
        }
    }

    /// A run is over: the next one is expected where it listened.
    pub(super) fn leave_listeners(&mut self, life: &Life) {
        let (id, run) = (life.who.id, life.who.run);
        let has_old = life.of.is_some_and(|of| self.lives.contains_key(&of));
        if !life.listens.is_empty() {
            self.service.vacated.insert(run);
            if !has_old {
                let (spec, at) = (Arc::clone(&life.spec), life.listens.clone());
                self.listened.insert(id, Listened { spec, at });
            }
        }
    }

    /// Whether its old run serves.
    pub(super) fn is_successor(&self, life: &Life) -> bool {
        let old = life.of.and_then(|of| self.lives.get(&of));
        old.is_some_and(Life::is_in_service)
    }

    /// The run that is to replace this one, as long as this one serves.
    pub(super) fn successors_of(&self, run: RunId) -> Vec<RunId> {
        let all = self.lives.values();
        let those = all.filter(|life| life.of == Some(run) && self.is_successor(life));
        those.map(|life| life.who.run).collect()
    }

    /// The old run of these serves no more: less is asked of them.
    pub(super) fn relax(&mut self, now: Time, runs: &[RunId]) {
        for run in runs {
            if let Some(life) = self.lives.get_mut(run)
                && life.is_launched()
                && !life.ready
                && !life.spec.ready.wait_ready
            {
                life.limit = now + READY_AFTER;
            }
        }
    }

    /// Whether it listens where an earlier run did, or anywhere where there was none.
    pub(super) fn covers(&self, life: &Life) -> bool {
        match self.listened.get(&life.who.id) {
            Some(earlier) => misses(life, &earlier.spec, &earlier.at).is_ok(),
            None => !life.listens.is_empty(),
        }
    }

    /// Where it should listen and does not; none where that is not known.
    fn missing(&self, life: &Life) -> Option<Result<(), Vec<Address>>> {
        let old = life.of.and_then(|of| self.lives.get(&of));
        let earlier = self.listened.get(&life.who.id);
        let (spec, at) = match (old, earlier) {
            (Some(old), _) => (&old.spec, &old.listens),
            (None, Some(earlier)) => (&earlier.spec, &earlier.at),
            (None, None) => return None,
        };
        Some(misses(life, spec, at))
    }

    /// Whether there is a reason why it is not ready yet.
    pub(super) fn is_starting_still(&self, life: &Life) -> bool {
        if !life.is_launched() {
            return true;
        }
        let listens = matches!(self.missing(life), Some(Ok(())));
        let waits = life.spec.ready.wait_ready;
        if !self.is_successor(life) {
            return !life.said && (waits || !listens);
        }
        let is_done = listens && (life.said || !waits);
        !is_done || life.check == Check::Asked
    }

    pub(super) fn ready_law(&mut self, now: Time, who: &Who, by: ReadyBy) -> Outcome {
        let Some(life) = self.lives.get(&who.run) else {
            return Err(format!("{who:?} is ready after its end"));
        };
        let (waits, is_successor) = (life.spec.ready.wait_ready, self.is_successor(life));
        let listens = matches!(self.missing(life), Some(Ok(())));
        let checks = is_successor && life.spec.handover.check.is_some();
        let is_so = match by {
            ReadyBy::Channel | ReadyBy::Notify => {
                let enough = !is_successor || waits && listens;
                life.said && enough && !checks
            }
            ReadyBy::Listening => listens && !waits && !checks,
            ReadyBy::Checked => {
                let passed = life.check == Check::Done(Ok(()));
                checks && passed && listens && (life.said || !waits)
            }
            ReadyBy::Lived => !is_successor && !waits && life.limit <= now,
        };
        law!(
            is_so && life.is_launched() && !life.ready,
            "{life:?} is not ready by {by:?}"
        );
        law!(!life.is_stopping(), "{life:?} became ready while stopping");
        if let Some(life) = self.lives.get_mut(&who.run) {
            life.ready = true;
        }
        Ok(())
    }

    /// That a successor, and nobody else, is asked for its path, once and in time.
    pub(super) fn check_law(&mut self, now: Time, run: RunId, path: &str, within: Span) -> Outcome {
        let life = self.lives.get(&run);
        let is_right = life.is_some_and(|life| {
            let (waits, rule) = (life.spec.ready.wait_ready, &life.spec.handover);
            let listens = matches!(self.missing(life), Some(Ok(())));
            let is_done = listens && life.is_launched() && (life.said || !waits);
            let is_path = rule.check.as_deref() == Some(path);
            let in_time = now + within == life.limit;
            let again = life.check != Check::Asked;
            self.is_successor(life) && is_done && is_path && in_time && again
        });
        law!(is_right, "{life:?} is checked at {path} within {within}");
        if let Some(life) = self.lives.get_mut(&run) {
            life.check = Check::Asked;
        }
        Ok(())
    }

    /// In which way a run has failed to become ready, if it has.
    pub(super) fn fault_of(&self, run: RunId, event: &Event) -> DeathBy {
        let Some(life) = self.lives.get(&run).filter(|life| life.is_launched()) else {
            let within = LAUNCH_LIMIT;
            return DeathBy::NotReady { within };
        };
        let within = life.spec.ready.listen_timeout;
        let path = life.spec.handover.check.clone().unwrap_or_default();
        match (event, &life.check, self.missing(life)) {
            (Event::Checked { .. }, Check::Done(Err(why)), _) => {
                let why = why.clone();
                DeathBy::Unchecked { path, why }
            }
            (_, Check::Asked, _) => {
                let why = CheckFailure::Late(within);
                DeathBy::Unchecked { path, why }
            }
            (_, _, Some(Err(at))) if self.is_successor(life) => {
                DeathBy::NotListening { within, at }
            }
            _ => DeathBy::NotReady { within },
        }
    }
}

/// Where a run of this specification listened and this one does not. Another specification may name
/// other addresses: then any will do, and none is named.
fn misses(life: &Life, spec: &AppSpec, at: &BTreeSet<Address>) -> Result<(), Vec<Address>> {
    if at.is_subset(&life.listens) {
        return Ok(());
    }
    let mut same = spec.clone();
    same.instances = life.spec.instances;
    if same.same_as(&life.spec) {
        Err(at.difference(&life.listens).cloned().collect())
    } else if life.listens.is_empty() {
        Err(Vec::new())
    } else {
        Ok(())
    }
}
