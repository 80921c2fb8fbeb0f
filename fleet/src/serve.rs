//! What is done for each request.

use alloc::sync::Arc;
use alloc::vec::Vec;

use config::{AppName, AppSpec, Signal};
use protocol::reply::DiskError;
use protocol::request::{Existing, ScaleTo};
use protocol::saved::Saved;
use protocol::{Generation, Refusal, Reply, Request, RequestId, Selector};

use crate::app::App;
use crate::deeds::{delete, reset, restart, start, stop};
use crate::desk::Admission;
use crate::fleet::{Fleet, Phase};
use crate::instance::{Goal, Instance};
use crate::target::Target;
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
        self.may_serve(&request)?;
        let targets = match request {
            Request::Ping => return self.say(ticket, Reply::Pong, turn),
            Request::List => return self.say(ticket, self.reply_view(turn.now), turn),
            Request::Events => return self.say(ticket, Reply::Following, turn),
            Request::Specs { select } => return self.specs(ticket, &select, turn),
            Request::Signal { select, signal } => {
                let reply = self.signal(&select, signal, turn)?;
                self.desk.answer_now(id, ticket, reply, turn);
                return Ok(());
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
            Request::Kill if self.phase == Phase::Ended => {
                return self.say(ticket, Reply::Ended, turn);
            }
            Request::Kill => {
                self.desk.open_until_end(id, ticket);
                self.shut_down(None, turn);
                return Ok(());
            }
            Request::Apply { apps, existing } => self.apply(apps, existing, turn)?,
            Request::Start { select } => {
                self.each(&select, turn, |one, _, turn| start(one, turn))?
            }
            Request::Stop { select } => self.each(&select, turn, |one, _, turn| stop(one, turn))?,
            Request::Restart { select } => self.each(&select, turn, restart)?,
            Request::Reload { select } => self.reload(&select, turn)?,
            Request::Delete { select } => {
                self.each(&select, turn, |one, _, turn| delete(one, turn))?
            }
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
        select: &[Selector],
        signal: Signal,
        turn: &mut Turn,
    ) -> Result<Reply, Refusal> {
        let meant = self.select(select)?;
        let mut instances = Vec::new();
        for instance in self.instances().filter(|one| meant.contains(&one.id)) {
            if let Some(run) = instance.run().filter(|run| run.has_leader()) {
                turn.signal(run.id(), signal, config::spec::Scope::Leader);
                instances.push(instance.id);
            }
        }
        Ok(Reply::Signalled { instances })
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
            let instances = app.instances.values_mut();
            for instance in instances.filter(|one| meant.contains(&one.id)) {
                targets.push(act(instance, &app.spec, turn));
            }
        }
        Ok(targets)
    }

    fn reload(&mut self, select: &[Selector], turn: &mut Turn) -> Result<Vec<Target>, Refusal> {
        let meant = self.select(select)?;
        let apps = self.apps.values_mut();
        Ok(apps
            .flat_map(|app| app.reload(&meant, self.next_run, turn))
            .collect())
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
        app.take_count(wanted, turn);
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
            if let Some(app) = self.apps.get_mut(&spec.name) {
                targets.extend(if existing == Existing::Reload {
                    app.reload_with(spec, self.next_run, next_instance, turn)
                } else {
                    app.converge(spec, existing, next_instance, turn)
                });
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

    /// The generation of the goals that this turn leaves behind.
    const fn generation_of(&self, turn: &Turn) -> Generation {
        if turn.goals_changed {
            Generation(self.generation.0 + 1)
        } else {
            self.generation
        }
    }
}
