//! What every turn ends with, whatever its event was: what is due is done, what has settled is
//! answered, what has changed is said and written down.
//!
//! The order matters. A passage is completed and shown to those who wait for it before a reload goes
//! on, which may begin the next passage of the same instance. Who gets connections is decided when
//! nothing else changes any more. Records and goals come last, of all that the turn has changed.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use config::AppName;
use protocol::saved::Record;
use protocol::{Generation, InstanceId, Notice, RunId};

use crate::Effect;
use crate::app::App;
use crate::fleet::{Fleet, Phase};
use crate::instance::{Goal, Instance, State};
use crate::replace::Renewal;
use crate::turn::Turn;

/// How many runs one turn launches. Each costs the loop about a millisecond; the rest follows with
/// the next turns, so that a start of 500 instances does not deafen the daemon.
const LAUNCHES_PER_TURN: usize = 4;

impl Fleet {
    /// What every turn ends with, whatever its event was.
    pub(crate) fn finish(&mut self, turn: &mut Turn) {
        if self.phase == Phase::Ended {
            return;
        }
        self.tick(turn);
        let launches = self.launch_due(turn);
        self.complete(turn);
        self.settle(turn);
        self.roll_on(launches, turn);
        self.steer(turn);
        self.forget_gone(turn);
        self.record(turn);
        self.desk.answer_settled(turn);
        self.end_if_down(turn);
    }

    fn tick(&mut self, turn: &mut Turn) {
        for app in self.apps.values_mut() {
            for instance in app.instances.values_mut() {
                instance.tick(turn);
            }
        }
    }

    /// Launches what is due. Returns how many that were.
    fn launch_due(&mut self, turn: &mut Turn) -> usize {
        let mut launches = 0;
        if turn.ending {
            return launches;
        }
        for app in self.apps.values_mut() {
            for instance in app.instances.values_mut() {
                let due =
                    matches!(instance.state, State::Waiting { until, .. } if until <= turn.now);
                if due && launches < LAUNCHES_PER_TURN {
                    launches += 1;
                    let run = next_run(&mut self.next_run, &mut self.runs, instance);
                    instance.launch(run, &app.spec, turn);
                }
            }
        }
        launches
    }

    /// Ends every passage to a run that has become ready.
    fn complete(&mut self, turn: &mut Turn) {
        for app in self.apps.values_mut() {
            for instance in app.instances.values_mut() {
                instance.complete_handing(turn);
            }
        }
    }

    /// Goes on with the reloads, after so many launches.
    fn roll_on(&mut self, mut launches: usize, turn: &mut Turn) {
        for app in self.apps.values_mut() {
            app.roll_on();
            let Some(roll) = &mut app.rolls.current else {
                continue;
            };
            for slot in roll.busy() {
                let Some(instance) = app.instances.get_mut(&slot) else {
                    continue;
                };
                match instance.renew(roll.from, &app.spec, turn) {
                    Renewal::UnderWay => {}
                    Renewal::Successor if launches == LAUNCHES_PER_TURN => {
                        roll.pressing = Some(turn.now);
                    }
                    Renewal::Successor => {
                        launches += 1;
                        let run = next_run(&mut self.next_run, &mut self.runs, instance);
                        instance.replace(run, &app.spec, turn);
                    }
                }
            }
        }
    }

    /// Says who gets new connections, where that has changed, before anything else is done.
    fn steer(&mut self, turn: &mut Turn) {
        let said: Vec<Effect> = self
            .apps
            .values_mut()
            .filter_map(|app| app.serve(turn))
            .collect();
        turn.effects.splice(0..0, said);
    }

    /// Shows every instance that was touched to those who wait for it.
    fn settle(&mut self, turn: &Turn) {
        for (name, id) in turn.touched() {
            let Some(app) = self.apps.get(name) else {
                continue;
            };
            if let Some(instance) = app.instances.values().find(|one| one.id == *id) {
                self.desk
                    .look(instance, || instance.view(&app.spec, turn.now));
            }
        }
    }

    fn forget_gone(&mut self, turn: &mut Turn) {
        for app in self.apps.values_mut() {
            let gone = |one: &Instance| one.goal == Goal::Gone && one.state == State::Idle;
            let slots: Vec<u32> = app
                .instances
                .iter()
                .filter(|(_, one)| gone(one))
                .map(|(slot, _)| *slot)
                .collect();
            for slot in slots {
                let Some(instance) = app.instances.remove(&slot) else {
                    continue;
                };
                self.desk.gone(&instance.view(&app.spec, turn.now));
                turn.goals_changed = true;
                turn.records
                    .push(Record::InstanceForgotten { id: instance.id });
            }
        }
        let empty = |app: &App| app.instances.is_empty();
        let names: Vec<AppName> = self
            .apps
            .iter()
            .filter(|(_, app)| empty(app))
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            self.apps.remove(&name);
            turn.records
                .push(Record::AppForgotten { app: name.clone() });
            turn.note(Notice::Deleted { app: name });
        }
        if self.apps.is_empty() {
            self.next_instance = InstanceId(0);
        }
    }

    /// Writes down what this turn changed, and sends the goals to disk where they did.
    fn record(&mut self, turn: &mut Turn) {
        let touched: BTreeSet<(AppName, InstanceId)> = turn.take_touched();
        for (name, id) in touched {
            let Some(app) = self.apps.get_mut(&name) else {
                continue;
            };
            if let Some(instance) = app.with_id(id) {
                turn.records.push(instance.record());
            }
        }
        if turn.goals_changed {
            let (next_run, next_instance) = (self.next_run, self.next_instance);
            turn.records.push(Record::Counters {
                next_run,
                next_instance,
            });
            self.generation = Generation(self.generation.0 + 1);
            let save = Effect::Save {
                generation: self.generation,
                saved: self.saved(),
            };
            turn.effects.insert(0, save);
        }
    }

    fn end_if_down(&mut self, turn: &mut Turn) {
        let down = || self.instances().all(|one| one.run().is_none());
        if self.phase == Phase::Ending && down() {
            self.phase = Phase::Ended;
            self.desk.answer_all(turn);
            turn.effects.push(Effect::Exit);
        }
    }
}

/// Takes the next id for a run of this instance.
fn next_run(
    next: &mut RunId,
    runs: &mut BTreeMap<RunId, (AppName, InstanceId)>,
    instance: &Instance,
) -> RunId {
    let run = *next;
    *next = RunId(run.0 + 1);
    runs.insert(run, (instance.app.clone(), instance.id));
    run
}
