//! What is done for each request.

use alloc::sync::Arc;
use alloc::vec::Vec;

use config::{AppName, AppSpec, Signal};
use protocol::reply::{DiskError, Reached};
use protocol::request::{Existing, ScaleTo};
use protocol::saved::{Record, Saved};
use protocol::{Generation, InstanceId, Notice, Refusal, Reply, Request, RequestId, Selector};

use crate::app::App;
use crate::desk::{Admission, Aim, OPEN_MAX, Target};
use crate::fleet::{Fleet, Phase};
use crate::instance::{Goal, Instance, State};
use crate::turn::Turn;
use crate::{Effect, Ticket};

impl Fleet {
    /// A client asks.
    pub(crate) fn asked(
        &mut self,
        ticket: Ticket,
        id: RequestId,
        request: Request,
        turn: &mut Turn,
    ) {
        match self.desk.admit(&id, ticket, turn) {
            Admission::Known => {}
            Admission::Full => {
                let why = Refusal::Busy { max: OPEN_MAX };
                turn.answer(ticket, Reply::Refused { why });
            }
            Admission::New => {
                if let Err(why) = self.serve(ticket, id, request, turn) {
                    turn.answer(ticket, Reply::Refused { why });
                }
            }
        }
    }

    fn serve(
        &mut self,
        ticket: Ticket,
        id: RequestId,
        request: Request,
        turn: &mut Turn,
    ) -> Result<(), Refusal> {
        let reading = matches!(
            request,
            Request::Ping | Request::List | Request::Specs { .. }
        );
        let ending = matches!(request, Request::Kill);
        if self.phase != Phase::Serving && !reading && !ending {
            return Err(Refusal::ShuttingDown);
        }
        let targets = match request {
            Request::Ping => return self.say(ticket, Reply::Pong, turn),
            Request::List => return self.say(ticket, self.reply_view(turn.now), turn),
            Request::Events => return self.say(ticket, Reply::Following, turn),
            Request::Specs { select } => return self.specs(ticket, &select, turn),
            Request::Signal { select, signal } => {
                return self.signal(ticket, &select, signal, turn);
            }
            Request::Flush { select } => return self.flush(ticket, id, &select, turn),
            Request::Dump => {
                self.desk.open_for_shell(id, ticket);
                turn.effects.push(Effect::Dump {
                    ticket,
                    saved: self.saved(),
                });
                return Ok(());
            }
            Request::Resurrect => {
                self.desk.open_for_shell(id, ticket);
                turn.effects.push(Effect::ReadDump { ticket });
                return Ok(());
            }
            Request::Kill => {
                self.desk.open_until_end(id, ticket);
                self.shut_down(None, turn);
                return Ok(());
            }
            Request::Apply { apps, existing } => self.apply(apps, existing, turn)?,
            Request::Start { select } => self.each(&select, turn, start)?,
            Request::Stop { select } => self.each(&select, turn, stop)?,
            Request::Restart { select } => self.each(&select, turn, restart)?,
            Request::Delete { select } => self.each(&select, turn, delete)?,
            Request::Reset { select } => self.each(&select, turn, reset)?,
            Request::Scale { app, to } => self.scale(&app, to, turn)?,
        };
        self.desk
            .open(id, ticket, targets, self.generation_of(turn));
        Ok(())
    }

    /// The dump has been read, for a client who asked to resurrect.
    pub(crate) fn dump_read(
        &mut self,
        ticket: Ticket,
        dump: Result<Saved, DiskError>,
        turn: &mut Turn,
    ) {
        let outcome = match dump {
            _ if self.phase != Phase::Serving => Err(Refusal::ShuttingDown),
            Err(why) => Err(Refusal::NoDump { why }),
            Ok(saved) => self.resurrect(saved, turn),
        };
        match outcome {
            Ok(targets) => self.desk.reopen(ticket, targets, self.generation_of(turn)),
            Err(why) => self.desk.shell_done(ticket, &Reply::Refused { why }, turn),
        }
    }

    fn say(&self, ticket: Ticket, reply: Reply, turn: &mut Turn) -> Result<(), Refusal> {
        turn.answer(ticket, reply);
        Ok(())
    }

    fn specs(&self, ticket: Ticket, select: &[Selector], turn: &mut Turn) -> Result<(), Refusal> {
        let meant = self.select(select)?;
        let is_meant = |app: &&App| app.instances.values().any(|one| meant.contains(&one.id));
        let apps = self
            .apps
            .values()
            .filter(is_meant)
            .map(|app| (*app.spec).clone())
            .collect();
        self.say(ticket, Reply::Specs { apps }, turn)
    }

    fn signal(
        &self,
        ticket: Ticket,
        select: &[Selector],
        signal: Signal,
        turn: &mut Turn,
    ) -> Result<(), Refusal> {
        let meant = self.select(select)?;
        let mut instances = Vec::new();
        for instance in self.instances().filter(|one| meant.contains(&one.id)) {
            if let Some(run) = instance.run().filter(|run| run.pid().is_some()) {
                turn.signal(run.id, signal, config::spec::Scope::Leader);
                instances.push(instance.id);
            }
        }
        self.say(ticket, Reply::Signalled { instances }, turn)
    }

    fn flush(
        &mut self,
        ticket: Ticket,
        id: RequestId,
        select: &[Selector],
        turn: &mut Turn,
    ) -> Result<(), Refusal> {
        let meant = self.select(select)?;
        let mut logs = Vec::new();
        for app in self.apps.values() {
            let ids = app
                .instances
                .values()
                .map(|one| one.id)
                .filter(|id| meant.contains(id));
            logs.extend(ids.map(|id| app.spec.log_paths(id.0)));
        }
        self.desk.open_for_shell(id, ticket);
        turn.effects.push(Effect::Flush { ticket, logs });
        Ok(())
    }

    /// Does one thing to each instance that is meant.
    fn each(
        &mut self,
        select: &[Selector],
        turn: &mut Turn,
        act: fn(&mut Instance, &AppSpec, &mut Turn) -> Target,
    ) -> Result<Vec<Target>, Refusal> {
        let meant = self.select(select)?;
        let mut targets = Vec::new();
        for app in self.apps.values_mut() {
            for instance in app
                .instances
                .values_mut()
                .filter(|one| meant.contains(&one.id))
            {
                targets.push(act(instance, &app.spec, turn));
            }
        }
        Ok(targets)
    }

    fn scale(
        &mut self,
        name: &AppName,
        to: ScaleTo,
        turn: &mut Turn,
    ) -> Result<Vec<Target>, Refusal> {
        let wanted = self.scaled(name, to)?;
        let Some(app) = self.apps.get_mut(name) else {
            return Ok(Vec::new());
        };
        let spec = AppSpec {
            instances: wanted,
            ..(*app.spec).clone()
        };
        app.spec = Arc::new(spec);
        turn.records.push(Record::App {
            spec: Arc::clone(&app.spec),
        });
        turn.goals_changed = true;
        Ok(app.resize(wanted, Goal::Up, &mut self.next_instance, turn))
    }

    fn apply(
        &mut self,
        apps: Vec<AppSpec>,
        existing: Existing,
        turn: &mut Turn,
    ) -> Result<Vec<Target>, Refusal> {
        self.may_apply(&apps, existing)?;
        let mut targets = Vec::new();
        for spec in apps {
            let known = self.apps.contains_key(&spec.name);
            if known && existing == Existing::Skip {
                continue;
            }
            let goal = if spec.autostart { Goal::Up } else { Goal::Down };
            let next_instance = &mut self.next_instance;
            if known {
                if let Some(app) = self.apps.get_mut(&spec.name) {
                    targets.extend(app.converge(spec, existing, next_instance, turn));
                }
                continue;
            }
            let count = spec.instances;
            let mut app = App::new(Arc::new(spec));
            app.note_applied(turn);
            targets.extend(app.resize(count, goal, next_instance, turn));
            self.apps.insert(app.name().clone(), app);
        }
        Ok(targets)
    }

    fn resurrect(&mut self, saved: Saved, turn: &mut Turn) -> Result<Vec<Target>, Refusal> {
        let mut targets = Vec::new();
        for one in saved.apps {
            if self.apps.contains_key(&one.spec.name) || one.instances.is_empty() {
                continue;
            }
            let mut app = App::new(one.spec);
            app.note_applied(turn);
            for saved in one.instances {
                let goal = match saved.goal {
                    protocol::saved::SavedGoal::Down => Goal::Down,
                    protocol::saved::SavedGoal::Up | protocol::saved::SavedGoal::Errored => {
                        Goal::Up
                    }
                };
                targets.push(app.add_instance(goal, &mut self.next_instance, turn));
            }
            self.apps.insert(app.name().clone(), app);
        }
        Ok(targets)
    }

    /// The generation that this turn's changes will have; the first one where there are none.
    const fn generation_of(&self, turn: &Turn) -> Generation {
        if turn.goals_changed {
            Generation(self.generation.0 + 1)
        } else {
            Generation(0)
        }
    }
}

impl App {
    /// Takes a new specification for an app that is there.
    fn converge(
        &mut self,
        spec: AppSpec,
        existing: Existing,
        next_instance: &mut InstanceId,
        turn: &mut Turn,
    ) -> Vec<Target> {
        let same = self.spec.same_as(&spec);
        let is_up = |one: &Instance| one.goal == Goal::Up;
        let keeps = same && existing != Existing::Restart && self.instances.values().any(is_up);
        let before = Arc::clone(&self.spec);
        let count = spec.instances;
        if !keeps {
            self.spec = Arc::new(spec);
            self.note_applied(turn);
        }
        let mut targets = Vec::new();
        for instance in self.instances.values_mut().filter(|one| one.slot < count) {
            let untouched = same && existing != Existing::Restart;
            targets.push(match (&instance.state, untouched) {
                (State::Up { .. }, true) if is_up(instance) => still_up(instance, &self.spec, turn),
                (State::Up { .. }, false) => restart(instance, &before, turn),
                (State::Idle | State::Waiting { .. } | State::Failed | State::Up { .. }, _) => {
                    start(instance, &self.spec, turn)
                }
            });
        }
        targets.extend(self.resize(count, Goal::Up, next_instance, turn));
        targets
    }

    /// Adds or removes instances until there are `count`; the highest numbers go first.
    fn resize(
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
                targets.push(delete(instance, &self.spec, turn));
            }
        }
        for _ in staying.len()..count as usize {
            targets.push(self.add_instance(goal, next_instance, turn));
        }
        targets
    }

    fn add_instance(
        &mut self,
        goal: Goal,
        next_instance: &mut InstanceId,
        turn: &mut Turn,
    ) -> Target {
        let id = *next_instance;
        *next_instance = InstanceId(id.0 + 1);
        let spec = Arc::clone(&self.spec);
        let instance = self.add(id);
        match goal {
            Goal::Up => start(instance, &spec, turn),
            Goal::Down | Goal::Gone => stop(instance, &spec, turn),
        }
    }

    fn note_applied(&self, turn: &mut Turn) {
        turn.goals_changed = true;
        turn.records.push(Record::App {
            spec: Arc::clone(&self.spec),
        });
        let (app, instances) = (self.name().clone(), self.spec.instances);
        turn.note(Notice::Applied { app, instances });
    }
}

fn start(instance: &mut Instance, spec: &AppSpec, turn: &mut Turn) -> Target {
    let is_ready = instance.run().is_some_and(|run| run.ending().is_none());
    if instance.goal == Goal::Up && is_ready {
        return still_up(instance, spec, turn);
    }
    instance.start(turn);
    Target::new(instance, Aim::Up)
}

/// Waits for a run that is alive already. What is ready has settled with that.
fn still_up(instance: &Instance, _spec: &AppSpec, turn: &mut Turn) -> Target {
    turn.touch(&instance.app, instance.id);
    Target::new(instance, Aim::StillUp)
}

fn restart(instance: &mut Instance, spec: &AppSpec, turn: &mut Turn) -> Target {
    instance.restart(spec, turn);
    Target::new(instance, Aim::Up)
}

fn stop(instance: &mut Instance, spec: &AppSpec, turn: &mut Turn) -> Target {
    let aim = if instance.state == State::Idle {
        Aim::StillDown
    } else {
        Aim::Down
    };
    instance.stop(Goal::Down, spec, turn);
    Target::new(instance, aim)
}

fn delete(instance: &mut Instance, spec: &AppSpec, turn: &mut Turn) -> Target {
    instance.stop(Goal::Gone, spec, turn);
    Target::new(instance, Aim::Gone)
}

fn reset(instance: &mut Instance, spec: &AppSpec, turn: &mut Turn) -> Target {
    instance.reset(turn);
    let mut target = Target::new(instance, Aim::StillDown);
    target.settle(&instance.view(spec, turn.now), Reached::Done);
    target
}
