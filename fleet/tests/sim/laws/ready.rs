//! When a run is ready, and what it has to do for that: less for one that is started for itself, all
//! that is asked for one whose old run serves.

use std::collections::BTreeSet;
use std::sync::Arc;

use config::spec::AppSpec;
use config::{Address, Span};
use fleet::Event;
use protocol::notice::{ReadyBy, Who};
use protocol::reply::DeathBy;
use protocol::{CheckFailure, InstanceId, RunId, Time};

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

/// Whether a run is where it is expected.
enum Place {
    Unknown,
    There,
    /// There, by nothing that it did itself.
    Given,
    Missing(Vec<Address>),
}

impl Laws {
    /// The program of a run executes: its time to become ready begins.
    pub(super) fn tell_launched(&mut self, now: Time, run: RunId) {
        let by_age = self.lives.get(&run).is_some_and(|it| self.is_by_age(it));
        let Some(life) = self.lives.get_mut(&run) else {
            return;
        };
        if life.launched.is_none() {
            life.launched = Some(now);
            life.limit = now + limit(life, by_age);
        }
    }

    /// Whether it is ready as soon as it has lived for a while, if not before.
    fn is_by_age(&self, life: &Life) -> bool {
        let alone = !self.is_successor(life);
        let given = || matches!(self.place(life), Place::Given);
        !life.spec.ready.wait_ready && (alone || life.spec.handover.check.is_none() && given())
    }

    /// The runs of an instance that are starting, and whether that is so of them.
    fn by_age(&self, id: Option<InstanceId>) -> Vec<(RunId, bool)> {
        let all = self.lives.values();
        let those = all.filter(|life| {
            let starts = life.is_launched() && !life.ready && !life.is_stopping();
            Some(life.who.id) == id && starts
        });
        those
            .map(|life| (life.who.run, self.is_by_age(life)))
            .collect()
    }

    /// A run listens somewhere: more may be expected of it or of its successor with that, or less.
    fn tell_listening(&mut self, now: Time, run: RunId, at: &Address) {
        let id = self.lives.get(&run).map(|life| life.who.id);
        let before = self.by_age(id);
        if let Some(life) = self.lives.get_mut(&run) {
            life.listens.insert(at.clone());
            self.service.ever.insert(life.who.id);
        }
        let after = self.by_age(id);
        for ((run, was), (_, is)) in before.into_iter().zip(after) {
            if let Some(life) = self.lives.get_mut(&run)
                && was != is
                && life.check != Check::Asked
            {
                life.limit = now + limit(life, is);
            }
        }
    }

    /// Writes down what the fleet was told of the progress of a run.
    pub(super) fn tell_progress(&mut self, now: Time, event: &Event) {
        if let Event::Listening { run, at } = event {
            return self.tell_listening(now, *run, at);
        }
        let (Event::Ready { run, .. }
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

    /// Whether it is where it should be.
    fn place(&self, life: &Life) -> Place {
        let old = life.of.and_then(|of| self.lives.get(&of));
        let earlier = self.listened.get(&life.who.id);
        let (spec, at) = match (old, earlier) {
            (Some(old), _) => (&old.spec, &old.listens),
            (None, Some(earlier)) => (&earlier.spec, &earlier.at),
            (None, None) => return Place::Unknown,
        };
        let given = &life.spec.handover.listen;
        let shows = life.listens.iter().any(|at| !given.contains(at));
        let moves = given.iter().any(|at| !spec.handover.listen.contains(at));
        match misses(life, spec, at) {
            Err(missing) => Place::Missing(missing),
            Ok(()) if !at.is_subset(&life.listens) && shows => Place::There,
            Ok(()) if !at.is_subset(&life.listens) && moves => Place::Given,
            Ok(()) if !at.is_subset(&life.listens) => Place::Missing(Vec::new()),
            Ok(()) if at.iter().all(|at| given.contains(at)) => Place::Given,
            Ok(()) => Place::There,
        }
    }

    /// Whether there is a reason why it is not ready yet.
    pub(super) fn is_starting_still(&self, life: &Life) -> bool {
        if !life.is_launched() {
            return true;
        }
        let place = self.place(life);
        let waits = life.spec.ready.wait_ready;
        let checks = life.spec.handover.check.is_some();
        if !self.is_successor(life) {
            return !life.said && (waits || !matches!(place, Place::There));
        }
        let is_done = match place {
            Place::Unknown | Place::Missing(_) => false,
            Place::There => life.said || !waits,
            Place::Given => life.said || !waits && checks,
        };
        !is_done || life.check == Check::Asked
    }

    pub(super) fn ready_law(&mut self, now: Time, who: &Who, by: ReadyBy) -> Outcome {
        let Some(life) = self.lives.get(&who.run) else {
            return Err(format!("{who:?} is ready after its end"));
        };
        let (waits, is_successor) = (life.spec.ready.wait_ready, self.is_successor(life));
        let place = self.place(life);
        let (listens, given) = (matches!(place, Place::There), matches!(place, Place::Given));
        let checks = is_successor && life.spec.handover.check.is_some();
        let is_so = match by {
            ReadyBy::Channel | ReadyBy::Notify => {
                let enough = !is_successor || waits && listens || given;
                life.said && enough && !checks
            }
            ReadyBy::Listening => listens && !waits && !checks,
            ReadyBy::Checked => {
                let passed = life.check == Check::Done(Ok(()));
                checks && passed && (listens || given) && (life.said || !waits)
            }
            ReadyBy::Lived => self.is_by_age(life) && life.limit <= now,
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
            let listens = matches!(self.place(life), Place::There | Place::Given);
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
        match (event, &life.check, self.place(life)) {
            (Event::Checked { .. }, Check::Done(Err(why)), _) => {
                let why = why.clone();
                DeathBy::Unchecked { path, why }
            }
            (_, Check::Asked, _) => {
                let why = CheckFailure::Late(within);
                DeathBy::Unchecked { path, why }
            }
            (_, _, Place::Missing(at)) if self.is_successor(life) => {
                DeathBy::NotListening { within, at }
            }
            _ => DeathBy::NotReady { within },
        }
    }
}

/// How long it may take to become ready, or has to live for that.
fn limit(life: &Life, by_age: bool) -> Span {
    if by_age {
        READY_AFTER
    } else {
        life.spec.ready.listen_timeout
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
