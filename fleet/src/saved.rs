//! What is remembered of the fleet, and the fleet that comes of it.

use alloc::sync::Arc;
use alloc::vec::Vec;

use protocol::Time;
use protocol::saved::{
    Live, LiveRun, LiveState, Record, Saved, SavedApp, SavedGoal, SavedInstance,
};

use crate::app::App;
use crate::fleet::Fleet;
use crate::instance::{After, Goal, Instance, State};
use crate::run::Run;

impl Fleet {
    /// The goals, as they go to disk.
    #[must_use]
    pub fn saved(&self) -> Saved {
        Saved {
            next_run: self.next_run,
            next_instance: self.next_instance,
            apps: self.apps.values().map(App::saved).collect(),
        }
    }

    /// Takes in goals that were saved: what was up comes up with the first turns after this.
    ///
    /// Called once, on a fleet without apps.
    pub fn restore(&mut self, saved: Saved) {
        self.next_run = self.next_run.max(saved.next_run);
        self.next_instance = saved.next_instance;
        for app in saved.apps {
            let restored = App::restored(app);
            if !restored.instances.is_empty() {
                self.apps.insert(restored.name().clone(), restored);
            }
        }
    }
}

impl Fleet {
    /// Everything that the journal must hold, for the beginning of a fresh one.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        let (next_run, next_instance) = (self.next_run, self.next_instance);
        let mut records = alloc::vec![Record::Counters {
            next_run,
            next_instance
        }];
        for app in self.apps.values() {
            records.push(Record::App {
                spec: Arc::clone(&app.spec),
            });
            records.extend(app.instances.values().map(Instance::record));
        }
        records
    }
}

impl App {
    fn saved(&self) -> SavedApp {
        SavedApp {
            spec: Arc::clone(&self.spec),
            instances: self
                .instances
                .values()
                .map(Instance::saved)
                .collect::<Vec<_>>(),
        }
    }

    fn restored(saved: SavedApp) -> Self {
        let mut app = Self::new(saved.spec);
        for one in saved.instances {
            let mut instance = Instance::new(one.id, app.name().clone(), one.slot);
            instance.restarts = one.restarts;
            match one.goal {
                SavedGoal::Down => {}
                SavedGoal::Up | SavedGoal::Errored => {
                    instance.goal = Goal::Up;
                    let until = Time::default();
                    instance.state = State::Waiting {
                        until,
                        after: After::Ask,
                    };
                }
            }
            app.instances.insert(one.slot, instance);
        }
        app
    }
}

impl Instance {
    fn saved(&self) -> SavedInstance {
        SavedInstance {
            id: self.id,
            slot: self.slot,
            goal: match (self.goal, &self.state) {
                (Goal::Up, State::Failed) => SavedGoal::Errored,
                (
                    Goal::Up,
                    State::Idle
                    | State::Waiting { .. }
                    | State::Up { .. }
                    | State::Replacing { .. }
                    | State::Leaving { .. },
                ) => SavedGoal::Up,
                (Goal::Down | Goal::Gone, _) => SavedGoal::Down,
            },
            restarts: self.restarts,
        }
    }

    /// What the journal holds of it.
    pub(crate) fn record(&self) -> Record {
        Record::Instance {
            app: self.app.clone(),
            instance: self.saved(),
            live: Live {
                state: self.live(),
                deaths: self.backoff.deaths.clone(),
                delay: self.backoff.delay,
                failures: self.backoff.failures,
            },
        }
    }

    fn live(&self) -> LiveState {
        match &self.state {
            State::Idle => LiveState::Idle,
            State::Waiting { until, .. } => LiveState::Waiting { until: *until },
            State::Failed => LiveState::Failed,
            State::Up { run } | State::Leaving { run, .. } => LiveState::Up { run: run.live() },
            State::Replacing { old, new } => LiveState::Replacing {
                old: old.live(),
                new: new.live(),
            },
        }
    }
}

impl Run {
    /// What the journal holds of it.
    fn live(&self) -> LiveRun {
        LiveRun {
            id: self.id(),
            born: self.born,
            pid: self.pid(),
            ending: self.ending(),
            draining: self.draining(),
            by: self.deadline().map(|(due, _)| due),
            leader_ended: self.leader_ended(),
            listens: self.listens.iter().cloned().collect(),
        }
    }
}
