//! All apps: routes an event to its run.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;

use config::{AppName, Signal};
use protocol::reply::DiskError;
use protocol::{Generation, InstanceId, Lack, Notice, Pid, Reply, RunId, Time, View};

use crate::Event;
use crate::admit::Standing;
use crate::app::App;
use crate::desk::Desk;
use crate::instance::Instance;
use crate::life::Over;
use crate::turn::Turn;

/// All apps and all that is asked of them.
#[derive(Debug, Clone)]
pub struct Fleet {
    pub(crate) apps: BTreeMap<AppName, App>,
    pub(crate) next_run: RunId,
    pub(crate) next_instance: InstanceId,
    /// The generation of the goals that was last sent to disk.
    pub(crate) generation: Generation,
    /// Whose run it is. A run stays until its last lines have come.
    pub(crate) runs: BTreeMap<RunId, (AppName, InstanceId)>,
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
            Event::Hindered { run, lack } => self.hindered(run, lack, &mut turn),
            Event::Checked { run, outcome } => {
                self.on(run, |one| one.checked(run, outcome, &mut turn));
            }
            Event::Watched { run } => self.on(run, |one| one.watched(run, &mut turn)),
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

    fn hindered(&mut self, run: RunId, lack: Lack, turn: &mut Turn) {
        let Some((name, id)) = self.runs.get(&run) else {
            return;
        };
        let Some(app) = self.apps.get_mut(name) else {
            return;
        };
        let spec = Arc::clone(&app.spec);
        if let Some(instance) = app.with_id(*id) {
            instance.hindered(run, lack, &spec, turn);
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
        let spec = Arc::clone(&app.spec);
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

    pub(crate) fn reply_view(&self, now: Time) -> Reply {
        Reply::View {
            view: self.view(now),
        }
    }
}
