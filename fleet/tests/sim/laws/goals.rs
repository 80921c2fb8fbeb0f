//! What was asked for is what is wanted, and what is wanted is what is pursued.

use config::spec::AppSpec;
use fleet::Event;
use protocol::notice::{Cause, Who};
use protocol::request::{Existing, ScaleTo};
use protocol::saved::{LiveRun, LiveState, SavedGoal};
use protocol::{InstanceId, Request};

use crate::journal::Entry;
use crate::laws::tickets::Admission;
use crate::laws::{Before, Laws, Outcome, runs_of};

impl Laws {
    /// Writes down which specification each app was given, and who need not wait any longer.
    pub(super) fn take_specs(&mut self, before: &Before, event: &Event) {
        match event {
            Event::Asked { request, .. } if is_taken(before) => {
                if let Request::Apply { apps, existing } = request {
                    let kept = |spec: &&AppSpec| {
                        *existing != Existing::Skip || !before.apps.contains(&spec.name)
                    };
                    for spec in apps.iter().filter(kept) {
                        self.specs.insert(spec.name.clone(), spec.clone());
                    }
                }
                let starts = matches!(
                    request,
                    Request::Apply { .. }
                        | Request::Start { .. }
                        | Request::Restart { .. }
                        | Request::Reload { .. }
                );
                for id in before.meant.iter().filter(|_| starts) {
                    self.hurry(*id);
                    self.service.gave_up.remove(id);
                }
                self.tell_reload(request, before.meant.iter().copied());
            }
            Event::DumpRead { dump: Ok(dump), .. } if !self.ending => {
                for app in &dump.apps {
                    if !before.apps.contains(&app.spec.name) {
                        let spec = (*app.spec).clone();
                        self.specs.insert(spec.name.clone(), spec);
                    }
                }
            }
            _ => {}
        }
    }

    /// That a run is launched with the specification that its app was given last.
    pub(super) fn spec_law(&self, who: &Who, spec: &AppSpec) -> Outcome {
        let Some(given) = self.specs.get(&who.app) else {
            return Err(format!("{who:?} has a specification that nobody gave"));
        };
        let same = spec.exec == given.exec
            && spec.restart == given.restart
            && spec.stop == given.stop
            && spec.ready == given.ready
            && spec.handover == given.handover;
        law!(same, "{who:?} was launched with an older specification");
        Ok(())
    }

    /// What must be so of all instances at the end of a turn.
    pub(super) fn goal_law(&self, before: &Before, event: &Event) -> Outcome {
        if let Event::Asked { request, .. } = event
            && is_taken(before)
        {
            self.request_law(before, request)?;
        }
        let mut alive = 0;
        for (id, entry) in &self.journal.instances {
            law!(
                self.journal.apps.contains_key(&entry.app),
                "{entry:?} is of no app"
            );
            alive += runs_of(&entry.live.state).len();
            self.instance_law(*id, entry)?;
        }
        law!(
            alive == self.lives.len(),
            "these are alive: {:?}",
            self.lives
        );
        for name in self.journal.apps.keys() {
            let has = |one: &Entry| one.app == *name;
            law!(
                self.journal.instances.values().any(has),
                "app {name} has no instance"
            );
        }
        Ok(())
    }

    /// The daemon is asked to end: from here on nobody's goal changes any more.
    pub(super) fn begin_end(&mut self) {
        if !self.ending {
            let all = self.journal.instances.iter();
            self.kept = all.map(|(id, one)| (*id, one.instance.goal)).collect();
        }
        self.ending = true;
    }

    fn instance_law(&self, id: InstanceId, entry: &Entry) -> Outcome {
        let goal = entry.instance.goal;
        let kept = self.kept.get(&id).is_none_or(|kept| *kept == goal);
        law!(kept, "{entry:?} was to keep its goal over the end");
        match &entry.live.state {
            LiveState::Idle => {
                let rests = goal == SavedGoal::Down || self.ending;
                law!(rests, "{entry:?} should be up and nothing is done");
            }
            LiveState::Failed => law!(goal == SavedGoal::Errored, "{entry:?} is errored"),
            LiveState::Waiting { .. } => {
                law!(
                    goal == SavedGoal::Up && !self.ending,
                    "{entry:?} is not wanted"
                );
            }
            LiveState::Up { .. } | LiveState::Replacing { .. } => {
                for run in runs_of(&entry.live.state) {
                    self.run_law(id, entry, run)?;
                }
            }
        }
        Ok(())
    }

    fn run_law(&self, id: InstanceId, entry: &Entry, run: &LiveRun) -> Outcome {
        let Some(life) = self.lives.get(&run.id) else {
            return Err(format!("{entry:?} is over"));
        };
        law!(life.who.id == id, "{entry:?} has the run of {life:?}");
        law!(
            run.ending.is_some() == life.is_stopping()
                && run.draining.is_some() == life.drain.is_some()
                && run.listens.iter().eq(&life.listens),
            "{entry:?} is not {life:?}"
        );
        let is_right = match (entry.instance.goal, run.ending) {
            (SavedGoal::Down, Some(Cause::Operator | Cause::ShutDown)) => true,
            // A job has finished whose predecessor still ends.
            (SavedGoal::Down, Some(Cause::Replaced | Cause::LeaderGone)) => {
                self.service.outlived.contains_key(&run.id)
            }
            (SavedGoal::Down, _) | (SavedGoal::Up, Some(Cause::Operator)) => false,
            (SavedGoal::Up, _) => true,
            (SavedGoal::Errored, _) => false,
        };
        law!(is_right, "{entry:?} runs against its goal");
        Ok(())
    }

    /// That a request that was taken in is what is wanted from here on.
    fn request_law(&self, before: &Before, request: &Request) -> Outcome {
        let goals = |goal: SavedGoal| {
            let all = before.meant.iter();
            let mut there = all.filter_map(|id| self.journal.instances.get(id));
            there.all(|one| one.instance.goal == goal)
        };
        match request {
            Request::Start { .. } => law!(goals(SavedGoal::Up), "not all are to be up"),
            Request::Stop { .. } | Request::Delete { .. } => {
                law!(goals(SavedGoal::Down), "not all are to be down");
            }
            Request::Reload { .. } => law!(goals(SavedGoal::Up), "not all are to be up"),
            Request::Restart { .. } => {
                law!(goals(SavedGoal::Up), "not all are to be up");
                self.forgotten_law(before)?;
            }
            Request::Reset { .. } => self.forgotten_law(before)?,
            Request::Apply { apps, existing } => {
                for spec in apps {
                    self.apply_law(before, spec, *existing)?;
                }
            }
            Request::Scale { app, to } => {
                let up = self.up(app.as_str());
                let limit = match to {
                    ScaleTo::Exactly(count) => *count as usize,
                    ScaleTo::Up(_) | ScaleTo::Down(_) => usize::MAX,
                };
                law!(up <= limit, "{app} has {up} instances up");
            }
            Request::Ping
            | Request::List
            | Request::Specs { .. }
            | Request::Signal { .. }
            | Request::Flush { .. }
            | Request::Dump
            | Request::Resurrect
            | Request::Events
            | Request::Kill => {}
        }
        Ok(())
    }

    fn apply_law(&self, before: &Before, spec: &AppSpec, existing: Existing) -> Outcome {
        let was_there = before.apps.contains(&spec.name);
        if was_there && existing == Existing::Skip {
            return Ok(());
        }
        let up = self.up(spec.name.as_str());
        let waits = was_there
            && !spec.autostart
            && !matches!(existing, Existing::Restart | Existing::Reload);
        if waits {
            law!(up <= spec.instances as usize, "{} has {up} up", spec.name);
            return Ok(());
        }
        let expected = if was_there || spec.autostart {
            spec.instances as usize
        } else {
            0
        };
        law!(
            up == expected,
            "{} has {up} instances up and not {expected}",
            spec.name
        );
        Ok(())
    }

    fn up(&self, name: &str) -> usize {
        let up = |one: &Entry| one.app.as_str() == name && one.instance.goal == SavedGoal::Up;
        self.those(up).len()
    }

    fn forgotten_law(&self, before: &Before) -> Outcome {
        for id in &before.meant {
            if let Some(one) = self.journal.instances.get(id) {
                let live = &one.live;
                let counts = (live.deaths.len(), live.failures, live.delay.0);
                law!(counts == (0, 0, 0), "{one:?} was to forget its deaths");
            }
        }
        Ok(())
    }
}

/// Whether it is a request that is to be done.
pub(super) fn is_taken(before: &Before) -> bool {
    before.admission == Some(Admission::New) && !before.refused
}
