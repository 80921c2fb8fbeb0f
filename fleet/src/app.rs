//! One app: its specification, its instances, and what goes round among them.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use config::{AppName, AppSpec};
use protocol::request::Existing;
use protocol::saved::Record;
use protocol::{InstanceId, Notice, RunId};

use crate::deeds::{delete, restart, start, still_up, stop};
use crate::instance::{Goal, Instance, State};
use crate::roll::Rolls;
use crate::service::Steering;
use crate::target::Target;
use crate::turn::Turn;

/// One app. It exists as long as it has an instance.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) spec: Arc<AppSpec>,
    /// By number. Not empty between two turns.
    pub(crate) instances: BTreeMap<u32, Instance>,
    /// The reloads that are under way.
    pub(crate) rolls: Rolls,
    /// Who gets its new connections, as it was said last.
    pub(crate) steering: Option<Steering>,
}

impl App {
    pub(crate) fn new(spec: Arc<AppSpec>) -> Self {
        Self {
            spec,
            instances: BTreeMap::new(),
            rolls: Rolls::default(),
            steering: None,
        }
    }

    /// Adds an instance under the lowest number that is free, and returns it.
    pub(crate) fn add(&mut self, id: InstanceId) -> &mut Instance {
        let slot = (0..)
            .find(|slot| !self.instances.contains_key(slot))
            .unwrap_or(u32::MAX);
        let instance = Instance::new(id, self.name().clone(), slot);
        self.instances.entry(slot).or_insert(instance)
    }

    /// Its name.
    pub(crate) fn name(&self) -> &AppName {
        &self.spec.name
    }

    /// The instance with this id.
    pub(crate) fn with_id(&mut self, id: InstanceId) -> Option<&mut Instance> {
        self.instances
            .values_mut()
            .find(|instance| instance.id == id)
    }

    /// Takes a new specification for an app that is there.
    pub(crate) fn converge(
        &mut self,
        spec: AppSpec,
        existing: Existing,
        next_instance: &mut InstanceId,
        turn: &mut Turn,
    ) -> Vec<Target> {
        let count = spec.instances;
        // What waits for its start is not started by being told again.
        let goal = if spec.autostart || existing == Existing::Restart {
            Goal::Up
        } else {
            Goal::Down
        };
        let untouched = existing != Existing::Restart && same_but_for_count(&self.spec, &spec);
        let is_up = |one: &Instance| one.goal == Goal::Up;
        if untouched && self.instances.values().any(is_up) {
            self.take_count(count, turn);
        } else {
            self.take_spec(spec, turn);
        }
        let mut targets = Vec::new();
        for instance in self.instances.values_mut().take(count as usize) {
            if goal == Goal::Down && instance.goal == Goal::Down {
                targets.push(stop(instance, turn));
                continue;
            }
            targets.push(match (&instance.state, untouched) {
                (State::Up { .. } | State::Replacing { .. }, true) if is_up(instance) => {
                    still_up(instance, turn)
                }
                (State::Up { .. } | State::Replacing { .. }, false) => {
                    restart(instance, &self.spec, turn)
                }
                (
                    State::Idle
                    | State::Waiting { .. }
                    | State::Failed
                    | State::Up { .. }
                    | State::Replacing { .. }
                    | State::Leaving { .. },
                    _,
                ) => start(instance, turn),
            });
        }
        targets.extend(self.resize(count, goal, next_instance, turn));
        targets
    }

    /// Takes a new specification for an app that is there, and replaces what runs. `from` is the next
    /// run's id.
    pub(crate) fn reload_with(
        &mut self,
        spec: AppSpec,
        from: RunId,
        next_instance: &mut InstanceId,
        turn: &mut Turn,
    ) -> Vec<Target> {
        let count = spec.instances;
        self.take_spec(spec, turn);
        let staying = self.instances.values().take(count as usize);
        let staying: Vec<InstanceId> = staying.map(|one| one.id).collect();
        let mut targets = self.reload(&staying, from, turn);
        targets.extend(self.resize(count, Goal::Up, next_instance, turn));
        targets
    }

    /// Takes another count of instances, everything else as it is.
    pub(crate) fn take_count(&mut self, count: u32, turn: &mut Turn) {
        if count != self.spec.instances {
            let spec = AppSpec {
                instances: count,
                ..(*self.spec).clone()
            };
            self.take_spec(spec, turn);
        }
    }

    fn take_spec(&mut self, spec: AppSpec, turn: &mut Turn) {
        self.spec = Arc::new(spec);
        self.note_applied(turn);
    }

    /// Adds or removes instances until there are `count`; the highest numbers go first.
    pub(crate) fn resize(
        &mut self,
        count: u32,
        goal: Goal,
        next_instance: &mut InstanceId,
        turn: &mut Turn,
    ) -> Vec<Target> {
        let mut targets = Vec::new();
        let mut staying: Vec<u32> = self
            .instances
            .values()
            .filter(|one| one.goal != Goal::Gone)
            .map(|one| one.slot)
            .collect();
        while staying.len() > count as usize {
            let Some(slot) = staying.pop() else { break };
            if let Some(instance) = self.instances.get_mut(&slot) {
                targets.push(delete(instance, turn));
            }
        }
        for _ in staying.len()..count as usize {
            targets.push(self.add_instance(goal, next_instance, turn));
        }
        targets
    }

    /// Adds an instance and brings it to its goal.
    pub(crate) fn add_instance(
        &mut self,
        goal: Goal,
        next_instance: &mut InstanceId,
        turn: &mut Turn,
    ) -> Target {
        let id = *next_instance;
        *next_instance = InstanceId(id.0 + 1);
        let instance = self.add(id);
        match goal {
            Goal::Up => start(instance, turn),
            Goal::Down | Goal::Gone => stop(instance, turn),
        }
    }

    /// Says that the app has this specification.
    pub(crate) fn note_applied(&self, turn: &mut Turn) {
        turn.goals_changed = true;
        turn.records.push(Record::App {
            spec: Arc::clone(&self.spec),
        });
        let (app, instances) = (self.name().clone(), self.spec.instances);
        turn.note(Notice::Applied { app, instances });
    }
}

/// Whether both run the same program in the same way, however many times.
pub(crate) fn same_but_for_count(one: &AppSpec, other: &AppSpec) -> bool {
    let other = AppSpec {
        instances: one.instances,
        ..other.clone()
    };
    one.same_as(&other)
}
