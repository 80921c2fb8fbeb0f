//! All apps: routes an event to its run, launches what is due, answers whose apps have settled.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use config::{AppName, Signal};
use protocol::reply::DiskError;
use protocol::saved::Record;
use protocol::{Generation, InstanceId, Notice, Pid, Reply, RunId, Time, View};

use crate::admit::Standing;
use crate::app::App;
use crate::desk::Desk;
use crate::instance::{Goal, Instance, State};
use crate::life::Over;
use crate::replace::Renewal;
use crate::turn::Turn;
use crate::{Effect, Event};

/// How many runs one turn launches. Each costs the loop about a millisecond; the rest follows with
/// the next turns, so that a start of 500 instances does not deafen the daemon.
const LAUNCHES_PER_TURN: usize = 4;

/// All apps and all that is asked of them.
#[derive(Debug, Clone)]
pub struct Fleet {
    pub(crate) apps: BTreeMap<AppName, App>,
    pub(crate) next_run: RunId,
    pub(crate) next_instance: InstanceId,
    /// The generation of the goals that was last sent to disk.
    pub(crate) generation: Generation,
    /// Whose run it is. A run stays until its last lines have come.
    runs: BTreeMap<RunId, (AppName, InstanceId)>,
    pub(crate) desk: Desk,
    pub(crate) phase: Phase,
    /// As whom the daemon runs.
    pub(crate) standing: Standing,
}

/// Whether the daemon goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Serving,
    /// All apps are being stopped.
    Ending,
    /// `Exit` was said; nothing follows.
    Ended,
}

impl Fleet {
    /// A fleet without apps, of a daemon that runs as the user `uid`.
    #[must_use]
    pub const fn new(uid: u32) -> Self {
        Self {
            apps: BTreeMap::new(),
            next_run: RunId(1),
            next_instance: InstanceId(0),
            generation: Generation(0),
            runs: BTreeMap::new(),
            desk: Desk::new(),
            phase: Phase::Serving,
            standing: Standing { uid },
        }
    }

    /// Takes in what happened; returns what to remember, then what to do, in order.
    pub fn handle(&mut self, now: Time, event: Event) -> Turn {
        let mut turn = Turn::new(now, self.phase != Phase::Serving);
        match event {
            Event::Asked {
                ticket,
                id,
                request,
            } => self.asked(ticket, id, request, &mut turn),
            Event::Hung { ticket } => self.desk.hung(ticket),
            Event::Launched { run, pid } => self.on(run, |one| one.launched(run, pid, &mut turn)),
            Event::LaunchFailed { run, why } => {
                self.over(run, &Over::NotLaunched(why), &mut turn);
            }
            Event::Ready { run, by } => self.on(run, |one| one.said_ready(run, by, &mut turn)),
            Event::Listening { run, at } => self.on(run, |one| one.listening(run, at, &mut turn)),
            Event::Hindered { run, lack } => self.on(run, |one| one.hindered(run, lack, &mut turn)),
            Event::Checked { run, outcome } => {
                self.on(run, |one| one.checked(run, outcome, &mut turn));
            }
            Event::Drained { run } => self.on(run, |one| one.drained(run, &mut turn)),
            Event::Retired { run, tally } => self.on(run, |one| one.retired(run, tally)),
            Event::LeaderExited { run, status } => {
                self.on(run, |one| one.leader_exited(run, status, &mut turn));
            }
            Event::Exited { run, status } => self.over(run, &Over::Exited(status), &mut turn),
            Event::LogEnded { run, last } => self.log_ended(run, &last, &mut turn),
            Event::Saved { upto, failed } => self.written(upto, failed, &mut turn),
            Event::Flushed { ticket, reply } | Event::Dumped { ticket, reply } => {
                self.desk.shell_done(ticket, &reply, &mut turn);
            }
            Event::DumpRead { ticket, dump } => self.dump_read(ticket, dump, &mut turn),
            Event::Told { notice } => turn.note(notice),
            Event::Tick => {}
            Event::ShutDown { by } => self.shut_down(by, &mut turn),
        }
        self.finish(&mut turn);
        turn
    }

    /// When `handle(_, Event::Tick)` next has something to do, and what that is.
    #[must_use]
    pub fn deadline(&self) -> Option<(Time, &'static str)> {
        let rolls = self.apps.values().filter_map(|app| {
            let roll = app.rolls.current.as_ref()?;
            Some((roll.pressing?, "launch of a successor"))
        });
        let instances = self.instances().filter_map(Instance::deadline);
        instances.chain(rolls).min()
    }

    /// The fleet as it is shown.
    #[must_use]
    pub fn view(&self, now: Time) -> View {
        View {
            now,
            apps: self.apps.values().map(|app| app.view(now)).collect(),
        }
    }

    /// All instances, by app and number.
    pub(crate) fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.apps.values().flat_map(|app| app.instances.values())
    }

    /// Stops all apps and keeps their goals; a second time it changes nothing.
    pub(crate) fn shut_down(&mut self, by: Option<(Signal, Pid)>, turn: &mut Turn) {
        if self.phase != Phase::Serving {
            return;
        }
        self.phase = Phase::Ending;
        turn.ending = true;
        turn.goals_changed = true;
        turn.note(Notice::DaemonEnding { by });
        for app in self.apps.values_mut() {
            app.rolls.clear();
            for instance in app.instances.values_mut() {
                instance.shut_down(turn);
            }
        }
    }

    /// Tells the instance whose run this is; a run that is over is nobody's.
    fn on(&mut self, run: RunId, tell: impl FnOnce(&mut Instance)) {
        if let Some(instance) = self.of(run) {
            tell(instance);
        }
    }

    fn over(&mut self, run: RunId, how: &Over, turn: &mut Turn) {
        let Some(instance) = self.of(run) else {
            return;
        };
        let (name, id) = (instance.app.clone(), instance.id);
        let Some((run, reached)) = instance.over(run, how, turn) else {
            return;
        };
        self.desk.ended(id, run, &reached);
        if !reached.is_success() {
            self.break_off(&name, id, run, turn);
        }
    }

    /// A run did not come up: if it was part of a roll, that ends here.
    fn break_off(&mut self, name: &AppName, id: InstanceId, run: RunId, turn: &Turn) {
        let Some(app) = self.apps.get_mut(name) else {
            return;
        };
        let Some((number, left)) = app.break_off(id, run) else {
            return;
        };
        for instance in left.iter().filter_map(|slot| app.instances.get(slot)) {
            let view = instance.view(&app.spec, turn.now);
            self.desk.left_alone(number, &view);
        }
    }

    fn log_ended(&mut self, run: RunId, last: &[String], turn: &mut Turn) {
        let Some((name, id)) = self.runs.remove(&run) else {
            return;
        };
        let Some(app) = self.apps.get_mut(&name) else {
            return;
        };
        let spec = alloc::sync::Arc::clone(&app.spec);
        if let Some(instance) = app.with_id(id) {
            instance.heard(run, last);
            let view = instance.view(&spec, turn.now);
            self.desk.heard(run, last, &view);
        }
    }

    fn written(&mut self, upto: Generation, failed: Option<DiskError>, turn: &mut Turn) {
        if let Some(why) = failed.clone() {
            turn.note(Notice::SaveFailed { why });
        }
        self.desk.saved(upto, failed);
    }

    /// The instance whose run this is, if it is not over.
    fn of(&mut self, run: RunId) -> Option<&mut Instance> {
        let (name, id) = self.runs.get(&run)?;
        let app = self.apps.get_mut(name)?;
        let instance = app.with_id(*id)?;
        let is_its = instance.runs().any(|one| one.id() == run);
        is_its.then_some(instance)
    }

    /// What every turn ends with, whatever its event was.
    fn finish(&mut self, turn: &mut Turn) {
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

    pub(crate) fn reply_view(&self, now: Time) -> Reply {
        Reply::View {
            view: self.view(now),
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
