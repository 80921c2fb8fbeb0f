//! What is on disk, in the journal and in the view is what the fleet is.

use fleet::{Effect, Event, Fleet};
use protocol::saved::{LiveState, Saved, SavedGoal};
use protocol::view::{InstanceView, StateView};
use protocol::{Generation, Time};

use crate::journal::{Entry, Journal};
use crate::laws::life::Life;
use crate::laws::{Laws, Outcome};

/// What was sent to the disk and what it answered.
#[derive(Debug)]
pub(crate) struct Disk {
    saved: Saved,
    /// What was saved before this turn, where this turn saves.
    previous: Option<Saved>,
    pub(super) generation: Generation,
    /// Up to which generation it had written, and whether it had failed to.
    pub(super) answers: Vec<(Generation, bool)>,
}

impl Disk {
    pub(super) const fn of(saved: Saved) -> Self {
        Self {
            saved,
            previous: None,
            generation: Generation(0),
            answers: Vec::new(),
        }
    }

    pub(super) const fn saved(&self) -> &Saved {
        &self.saved
    }

    /// Whether this turn has sent something.
    pub(super) const fn has_saved(&self) -> bool {
        self.previous.is_some()
    }

    pub(super) fn told(&mut self, event: &Event) {
        self.previous = None;
        if let Event::Saved { upto, failed } = event {
            let newest = self.answers.last().map(|(upto, _)| *upto);
            if newest.is_none_or(|newest| newest < *upto) {
                self.answers.push((*upto, failed.is_some()));
            }
        }
    }

    /// That goals go to the disk first, as they are, under numbers that are counted up.
    pub(super) fn effect_law(&mut self, effect: &Effect, at: usize) -> Outcome {
        if let Effect::Save { generation, saved } = effect {
            law!(at == 0, "the goals are saved after something was done");
            law!(
                generation.0 == self.generation.0 + 1,
                "generation {generation} came out of turn"
            );
            self.generation = *generation;
            self.previous = Some(std::mem::replace(&mut self.saved, saved.clone()));
        }
        if let Effect::Dump { saved, .. } = effect {
            let was = self.previous.as_ref().unwrap_or(&self.saved);
            law!(saved == was, "what is dumped is not what was");
        }
        Ok(())
    }
}

impl Laws {
    /// That the journal amounts to the fleet, and that the disk was sent every change of a goal.
    pub(crate) fn disk_law(&self, fleet: &Fleet) -> Outcome {
        let whole = Journal::beginning_with(fleet.records());
        law!(
            self.journal == whole,
            "the journal is {:#?}\nand not {whole:#?}",
            self.journal
        );
        let saved = fleet.saved();
        law!(
            saved == *self.disk.saved(),
            "the goals are {saved:#?}\nand not {:#?}",
            self.disk.saved()
        );
        Ok(())
    }

    /// That the view shows what is, and that a boot at this moment would bring it back.
    pub(crate) fn look(&self, now: Time, fleet: &Fleet) -> Outcome {
        let view = fleet.view(now);
        let names: Vec<_> = view.apps.iter().map(|app| &app.name).collect();
        law!(
            names.iter().copied().eq(self.journal.apps.keys()),
            "the view has {names:?}"
        );
        let shown: Vec<_> = view.apps.iter().flat_map(|app| &app.instances).collect();
        law!(
            shown.len() == self.journal.instances.len(),
            "the view has {shown:?}"
        );
        for one in shown {
            let Some(entry) = self.journal.instances.get(&one.id) else {
                return Err(format!("the view has {one:?}"));
            };
            self.view_law(now, one, entry)?;
        }
        let mut next = Fleet::new(1000);
        next.restore(fleet.saved());
        restores(&next, &fleet.saved())
    }

    fn view_law(&self, now: Time, one: &InstanceView, entry: &Entry) -> Outcome {
        let (shown, beside) = match &entry.live.state {
            LiveState::Idle | LiveState::Waiting { .. } | LiveState::Failed => (None, None),
            LiveState::Up { run } => (Some(run.id), None),
            LiveState::Replacing { old, new } if self.lives[&old.id].is_in_service() => {
                (Some(old.id), Some(new.id))
            }
            LiveState::Replacing { old, new } => (Some(new.id), Some(old.id)),
        };
        law!(one.beside == beside, "{one:?} is not beside {beside:?}");
        let life = shown.and_then(|run| self.lives.get(&run));
        let state = match &entry.live.state {
            LiveState::Idle => StateView::Stopped,
            LiveState::Failed => StateView::Errored,
            LiveState::Waiting { .. } if one.next_in.is_some() => StateView::WaitingRestart,
            LiveState::Waiting { .. } => StateView::Launching,
            LiveState::Up { .. } | LiveState::Replacing { .. }
                if life.is_some_and(Life::is_leaving) =>
            {
                StateView::Stopping
            }
            LiveState::Up { .. } | LiveState::Replacing { .. }
                if life.is_some_and(|life| life.ready) =>
            {
                StateView::Online
            }
            LiveState::Up { .. } | LiveState::Replacing { .. } => StateView::Launching,
        };
        law!(one.state == state, "{one:?} is not {state:?}");
        let run = life.map(|life| life.who.run);
        let uptime = life.map(|life| now.since(life.born));
        law!(
            (one.run, one.uptime) == (run, uptime),
            "{one:?} is not {life:?}"
        );
        let has_pid = life.is_some_and(|life| life.is_launched());
        law!(
            one.pid.is_some() == has_pid,
            "{one:?} has the process of {life:?}"
        );
        if let Some(life) = life {
            let same = one.listens.iter().eq(&life.listens) && one.lacks.iter().eq(&life.lacks);
            law!(same, "{one:?} does not show {life:?}");
        }
        let counts = (
            one.restarts,
            one.failures,
            one.unstable.0 as usize,
            one.slot,
        );
        let live = &entry.live;
        let (restarts, slot) = (entry.instance.restarts, entry.instance.slot);
        let known = (restarts, live.failures, live.deaths.len(), slot);
        law!(counts == known, "{one:?} is not {known:?}");
        Ok(())
    }
}

/// That a fleet which began with these goals has the same ones. What was errored is tried again.
pub(super) fn restores(fleet: &Fleet, saved: &Saved) -> Outcome {
    let mut expected = saved.clone();
    let apps = expected.apps.iter_mut();
    for one in apps.flat_map(|app| &mut app.instances) {
        if one.goal == SavedGoal::Errored {
            one.goal = SavedGoal::Up;
        }
    }
    let restored = fleet.saved();
    law!(
        restored == expected,
        "{expected:#?}\ncame back as {restored:#?}"
    );
    Ok(())
}
