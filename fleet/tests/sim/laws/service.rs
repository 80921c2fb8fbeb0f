//! Who gets new connections, and for whom they wait: computed once more at the end of each turn.

use std::collections::{BTreeMap, BTreeSet};

use config::AppName;
use config::handover::Handover;
use fleet::Effect;
use protocol::saved::{LiveState, SavedGoal};
use protocol::{InstanceId, Notice, RunId, Time};

use crate::journal::Entry;
use crate::laws::handover::forbids_waiting;
use crate::laws::life::Life;
use crate::laws::{Laws, Outcome};

/// What was said of connections, and since when there is nobody to take them.
#[derive(Debug, Default)]
pub(crate) struct Service {
    /// To whom they go, and whether they wait, by app.
    said: BTreeMap<AppName, (Vec<RunId>, bool)>,
    /// The instances of which a run has listened.
    pub(super) ever: BTreeSet<InstanceId>,
    /// Until when those who connect wait for an instance that does not serve them all.
    holds: BTreeMap<InstanceId, Time>,
    /// The instances that served at the end of the last turn.
    serving: BTreeSet<InstanceId>,
    /// The instances that have given up, though a run of theirs still ends.
    pub(super) gave_up: BTreeSet<InstanceId>,
    /// The runs that were still ending when their successor was over, and when the next one is due
    /// then, if there is one.
    pub(super) outlived: BTreeMap<RunId, Option<Time>>,
    /// The runs that are over and had listened.
    pub(super) vacated: BTreeSet<RunId>,
}

impl Laws {
    /// That it is said before anything is done, and only where it changes.
    pub(super) fn steer_law(
        &mut self,
        earlier: &[Effect],
        app: &AppName,
        to: &[RunId],
        held: bool,
    ) -> Outcome {
        let first = |one: &Effect| matches!(one, Effect::Save { .. } | Effect::Steer { .. });
        law!(
            earlier.iter().all(first),
            "{app} is steered after something was done"
        );
        let said = (to.to_vec(), held);
        let before = self.service.said.insert(app.clone(), said);
        let is_new = before
            .as_ref()
            .is_none_or(|(runs, was)| runs != to || *was != held);
        law!(is_new, "{app} is steered as it was");
        Ok(())
    }

    /// That listeners are given up once, of a run that is over.
    pub(super) fn release_law(&mut self, run: RunId) -> Outcome {
        law!(
            self.service.vacated.remove(&run) && !self.lives.contains_key(&run),
            "the listeners of run {run} are given up"
        );
        Ok(())
    }

    /// That connections go where they should at the end of a turn.
    pub(super) fn service_law(&mut self, now: Time, effects: &[Effect]) -> Outcome {
        self.tell_gave_up(effects);
        let journal = &self.journal;
        let is_there = |id: &InstanceId| journal.instances.contains_key(id);
        self.service.ever.retain(is_there);
        self.service.gave_up.retain(is_there);
        self.listened.retain(|id, _| is_there(id));
        self.tickets.reloads.retain(is_there);
        self.service
            .said
            .retain(|app, _| journal.apps.contains_key(app));
        let mut held = BTreeSet::new();
        for (id, entry) in &self.journal.instances {
            if self.holds_on(now, *id, entry) {
                held.insert(entry.app.clone());
            }
        }
        let begun = self.tell_holds(now);
        self.vacancy_law(now, &begun)?;
        for app in self.journal.apps.keys() {
            let serving = self.in_service(app);
            match self.service.said.get(app) {
                Some(said) => {
                    let expected = (serving, held.contains(app));
                    law!(
                        *said == expected,
                        "{app} is steered {said:?}, not {expected:?}"
                    );
                }
                None => {
                    let speaks =
                        self.specs.get(app).map(|spec| spec.handover.mode) != Some(Handover::Off);
                    let listens = |run: &RunId| !self.lives[run].listens.is_empty();
                    law!(
                        !(speaks && serving.iter().any(listens)),
                        "nobody was told of {serving:?} of {app}"
                    );
                }
            }
        }
        Ok(())
    }

    /// The runs of an app that serve, by the number of their instance.
    fn in_service(&self, app: &AppName) -> Vec<RunId> {
        let all = self.lives.values();
        let mut those: Vec<&Life> = all
            .filter(|life| life.who.app == *app && life.is_in_service())
            .collect();
        those.sort_by_key(|life| life.who.slot);
        those.into_iter().map(|life| life.who.run).collect()
    }

    /// Whether an instance is to be up, and is known to listen then.
    fn is_awaited(&self, id: InstanceId, entry: &Entry) -> bool {
        let mode = self.specs.get(&entry.app).map(|spec| spec.handover.mode);
        let comes = !matches!(entry.live.state, LiveState::Idle | LiveState::Failed);
        let ends = matches!(entry.live.state, LiveState::Up { .. });
        let given_up = ends && self.service.gave_up.contains(&id);
        let wanted = entry.instance.goal == SavedGoal::Up && comes && !given_up && !self.ending;
        let wanted = wanted && !self.stands_alone(id);
        wanted && mode != Some(Handover::Off) && self.service.ever.contains(&id)
    }

    /// Whether none of its runs serves, and the one that is to cannot take up what is held.
    fn stands_alone(&self, id: InstanceId) -> bool {
        let all = || self.lives.values().filter(|life| life.who.id == id);
        let newest = all().next_back().filter(|life| !life.is_leaving());
        !all().any(Life::is_in_service)
            && newest.is_some_and(|life| life.lacks.iter().any(|lack| forbids_waiting(&lack.of)))
    }

    /// Whether a run of it serves and listens.
    fn serves(&self, id: InstanceId) -> bool {
        let all = self.lives.values();
        let mut those = all.filter(|life| life.who.id == id);
        those.any(|life| life.is_in_service() && !life.listens.is_empty())
    }

    /// Whether its run serves wherever an earlier one did.
    fn serves_all(&self, id: InstanceId) -> bool {
        let mut all = self.lives.values();
        let serving = all.find(|life| life.who.id == id && life.is_in_service());
        serving.is_some_and(|life| self.covers(life))
    }

    /// Whether connections wait for it in this turn, be it the last one.
    fn holds_on(&self, now: Time, id: InstanceId, entry: &Entry) -> bool {
        let (on, serves) = (self.service.serving.contains(&id), self.serves(id));
        let until = self.service.holds.get(&id);
        let in_time = on && !serves || until.is_none_or(|until| *until > now);
        self.is_awaited(id, entry) && (serves || in_time)
    }

    /// Writes down until when those who connect wait. Returns for whom that begins.
    fn tell_holds(&mut self, now: Time) -> BTreeSet<InstanceId> {
        let mut holds = std::mem::take(&mut self.service.holds);
        let mut begun = BTreeSet::new();
        let was = std::mem::take(&mut self.service.serving);
        for (id, entry) in &self.journal.instances {
            let serves = self.serves(*id);
            if serves {
                self.service.serving.insert(*id);
            }
            if !self.is_awaited(*id, entry) || self.serves_all(*id) {
                holds.remove(id);
                continue;
            }
            if was.contains(id) && !serves || !holds.contains_key(id) {
                let given = self.specs.get(&entry.app);
                let timeout = given.map(|spec| spec.handover.hold_timeout);
                holds.insert(*id, now + timeout.unwrap_or_default());
                begun.insert(*id);
            }
        }
        self.service.holds = holds;
        begun
    }

    /// That listeners of runs that are over are given up when nobody is waited for any more.
    fn vacancy_law(&mut self, now: Time, begun: &BTreeSet<InstanceId>) -> Outcome {
        let held = |app: &AppName| self.service.said.get(app).is_some_and(|(_, held)| *held);
        let mut kept = BTreeSet::new();
        for run in &self.service.vacated {
            let Some((id, entry)) = self.instance_of(*run) else {
                continue;
            };
            let until = self.service.holds.get(&id);
            if begun.contains(&id) || until.is_some_and(|until| *until > now) {
                kept.insert(*run);
                continue;
            }
            law!(
                !held(&entry.app),
                "the listeners of run {run} of {entry:?} are for nobody"
            );
        }
        self.service.vacated = kept;
        Ok(())
    }

    fn instance_of(&self, run: RunId) -> Option<(InstanceId, &Entry)> {
        let id = self.tickets.runs.get(&run)?;
        let entry = self.journal.instances.get(id)?;
        Some((*id, entry))
    }

    fn tell_gave_up(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Note(Notice::Errored { who, .. }) => {
                    self.service.gave_up.insert(who.id);
                }
                Effect::Launch(order) => {
                    self.service.gave_up.remove(&order.who.id);
                }
                _ => {}
            }
        }
    }
}
