//! The world round a fleet: it decides by chance what happens next, and does what the fleet says.

mod outside;

use std::collections::BTreeMap;

use config::Signal;
use fleet::{Effect, Event, Fleet, LaunchOrder, Ticket};
use protocol::reply::DiskError;
use protocol::saved::Saved;
use protocol::{Generation, Pid, Reply, Request, RunId, Selector, Time};

use crate::chance::Chance;
use crate::clients::Clients;
use crate::laws::Laws;
use crate::process::{Fate, Process};
use crate::told;

/// As whom the daemon runs.
const UID: u32 = 1000;

/// How many turns it may take until everybody is answered, or all is down.
const PATIENCE: u32 = 4000;

/// One world, from its beginning to its end.
pub(crate) struct World {
    fleet: Fleet,
    laws: Laws,
    now: Time,
    chance: Chance,
    /// What happens next, by time and in the order of its making.
    queue: BTreeMap<(Time, u64), Happening>,
    counted: u64,
    processes: BTreeMap<RunId, Process>,
    /// The generation that is being written, and the one that was sent last.
    disk: (Option<Generation>, Generation),
    clients: Clients,
    dump: Option<Saved>,
    /// From when on all goes as well as it can, so that everything comes to rest.
    calm: bool,
    over: bool,
    recorder: Recorder,
}

/// Whether the history is written down, which takes ten times as long.
pub(crate) enum Recorder {
    Off,
    On(String),
}

/// What happens.
#[derive(Debug)]
enum Happening {
    /// To a process. The fleet does not know.
    Fate(RunId, Fate),
    /// The fleet hears of something.
    News(Event),
    /// A write of the goals ends.
    Written(Generation),
}

impl World {
    pub(crate) fn new(seed: u64, recorder: Recorder) -> Self {
        let fleet = Fleet::new(UID);
        Self {
            laws: Laws::of(&fleet),
            fleet,
            now: Time::secs(1),
            chance: Chance::new(seed),
            queue: BTreeMap::new(),
            counted: 0,
            processes: BTreeMap::new(),
            disk: (None, Generation(0)),
            clients: Clients::default(),
            dump: None,
            calm: false,
            over: false,
            recorder,
        }
    }

    /// What was written down.
    pub(crate) fn history(self) -> String {
        match self.recorder {
            Recorder::Off => String::new(),
            Recorder::On(history) => history,
        }
    }

    /// Plays it to its end: one daemon, or two or three of which each begins where the last one
    /// ended. Returns how many turns it took.
    pub(crate) fn play(&mut self) -> Result<u64, String> {
        for boots in 0.. {
            let steps = 10 + self.chance.below(30);
            for _ in 0..steps {
                if !self.over {
                    self.step()?;
                }
            }
            self.calm = true;
            self.until("everybody is answered", |world| {
                world.clients.waiting.is_empty()
            })?;
            self.shut_down()?;
            self.until("the daemon has ended", |world| world.over)?;
            if boots == 2 || !self.chance.one_in(6) {
                break;
            }
            self.boot()?;
        }
        Ok(self.laws.turns())
    }

    fn step(&mut self) -> Result<(), String> {
        match self.chance.below(64) {
            0..=15 => self.ask(),
            16 | 17 => self.hang_up(),
            18..=20 => {
                let span = *self.chance.pick(&[300, 3000, 40_000]);
                self.now = Time(self.now.0 + self.chance.below(span));
                self.advance()
            }
            21 => self.turn(Event::Tick),
            24..=26 => self.let_be(),
            22 if self.chance.one_in(8) => self.shut_down(),
            _ => self.advance(),
        }
    }

    /// Lets things go their way for a while, and then has all of it reloaded.
    fn let_be(&mut self) -> Result<(), String> {
        for _ in 0..self.chance.below(40) {
            if self.queue.is_empty() && self.fleet.deadline().is_none() {
                break;
            }
            self.advance()?;
        }
        let select = vec![Selector::All];
        let request = Request::Reload { select };
        let (ticket, id) = self.clients.new_request(&request, self.now);
        self.turn(Event::Asked {
            ticket,
            id,
            request,
        })
    }

    /// Goes on until this is so.
    fn until(&mut self, aim: &str, is_so: impl Fn(&Self) -> bool) -> Result<(), String> {
        for _ in 0..PATIENCE {
            if self.over || is_so(self) {
                return Ok(());
            }
            if self.queue.is_empty() && self.fleet.deadline().is_none() {
                return Err(format!("nothing is due, and it is not so that {aim}"));
            }
            self.advance()?;
        }
        Err(format!("after {PATIENCE} turns it is not so that {aim}"))
    }

    /// Lets the next thing happen that is due, whenever that is.
    fn advance(&mut self) -> Result<(), String> {
        let happens = self.queue.first_key_value().map(|((at, _), _)| *at);
        let deadline = self.fleet.deadline().map(|(at, _)| at);
        let Some(next) = happens.into_iter().chain(deadline).min() else {
            return self.ask();
        };
        self.now = self.now.max(next);
        let is_due = |at: Option<Time>| at.is_some_and(|at| at <= self.now);
        let (happens, deadline) = (is_due(happens), is_due(deadline));
        if deadline && (!happens || self.chance.one_in(2)) {
            return self.turn(Event::Tick);
        }
        match self.queue.pop_first() {
            Some((_, Happening::Fate(run, fate))) => {
                self.befalls(run, fate);
                Ok(())
            }
            Some((_, Happening::News(event))) => self.turn(event),
            Some((_, Happening::Written(upto))) => self.written(upto),
            None => Ok(()),
        }
    }

    // What comes from people.

    fn ask(&mut self) -> Result<(), String> {
        let (ticket, id, request) = self.clients.ask(self.now, &mut self.chance);
        self.turn(Event::Asked {
            ticket,
            id,
            request,
        })
    }

    fn hang_up(&mut self) -> Result<(), String> {
        match self.clients.hang_up(&mut self.chance) {
            Some(ticket) => self.turn(Event::Hung { ticket }),
            None => self.advance(),
        }
    }

    fn shut_down(&mut self) -> Result<(), String> {
        if self.over {
            return Ok(());
        }
        if self.chance.one_in(2) {
            let by = Some((Signal::TERM, Pid(1)));
            return self.turn(Event::ShutDown { by });
        }
        let request = Request::Kill;
        let (ticket, id) = self.clients.new_request(&request, self.now);
        self.turn(Event::Asked {
            ticket,
            id,
            request,
        })
    }

    /// The next daemon begins with the goals of the last one.
    fn boot(&mut self) -> Result<(), String> {
        if let Recorder::On(history) = &mut self.recorder {
            history.push_str("           the next daemon\n");
        }
        let saved = self.fleet.saved();
        self.fleet = Fleet::new(UID);
        self.fleet.restore(saved.clone());
        self.laws.boot(&self.fleet, &saved)?;
        self.queue.clear();
        self.processes.clear();
        self.disk = (None, Generation(0));
        self.clients = Clients::default();
        (self.calm, self.over) = (false, false);
        Ok(())
    }

    // What the fleet does.

    fn turn(&mut self, event: Event) -> Result<(), String> {
        if self.over {
            return Ok(());
        }
        if let Recorder::On(history) = &mut self.recorder {
            *history += &format!("{:>10} {}\n", self.now.0, told::event(&event));
        }
        let before = self.laws.before(self.now, &event, &self.fleet);
        let heard = event.clone();
        let turn = self.fleet.handle(self.now, event);
        if let Recorder::On(history) = &mut self.recorder {
            for effect in &turn.effects {
                *history += &format!("           {}\n", told::effect(effect));
            }
        }
        let effects = self.laws.turn(&before, &heard, turn, &self.fleet)?;
        if self.chance.one_in(6) {
            self.laws.disk_law(&self.fleet)?;
        }
        if self.chance.one_in(32) {
            self.laws.look(self.now, &self.fleet)?;
        }
        for effect in effects {
            self.perform(effect);
        }
        Ok(())
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Launch(order) => self.launch(order),
            Effect::Signal { run, signal, to } => self.signal(run, signal, to),
            Effect::Save { generation, .. } => {
                self.disk.1 = generation;
                if self.disk.0.is_none() {
                    self.write(generation);
                }
            }
            Effect::Dump { ticket, saved } => {
                let written = if self.chance.one_in(6) {
                    Err(disk_full())
                } else {
                    self.dump = Some(saved);
                    Ok(1)
                };
                let file = "/home/dump.json".into();
                let reply = Reply::Dumped { written, file };
                self.shell(Event::Dumped { ticket, reply });
            }
            Effect::ReadDump { ticket } => {
                let dump = self.dump.clone().ok_or_else(disk_full);
                self.shell(Event::DumpRead { ticket, dump });
            }
            Effect::Flush { ticket, .. } => self.flush(ticket),
            Effect::Check { run, path, within } => self.check(run, &path, within),
            Effect::Watch { run, .. } => self.watch(run),
            Effect::Drain { run, .. } => self.drain(run),
            Effect::Serve { run } => self.serve(run),
            Effect::Retire {
                run, signal, to, ..
            } => self.retire(run, signal, to),
            Effect::Steer { .. } | Effect::Release { .. } | Effect::Note(_) => {}
            Effect::Answer { ticket, .. } => self.clients.answered(ticket),
            Effect::Exit => self.over = true,
        }
    }

    fn launch(&mut self, order: LaunchOrder) {
        let run = order.who.run;
        let (process, fate) = Process::new(order, self.calm, &mut self.chance);
        self.processes.insert(run, process);
        self.schedule(run, fate);
        self.give(run);
        self.strike(run);
        self.hinder(run);
    }

    fn flush(&mut self, ticket: Ticket) {
        let (files, failed) = (Vec::new(), Vec::new());
        let reply = Reply::Flushed { files, failed };
        self.shell(Event::Flushed { ticket, reply });
    }

    fn shell(&mut self, event: Event) {
        let at = Time(self.now.0 + self.chance.below(800));
        self.put(at, Happening::News(event));
    }
}

fn disk_full() -> DiskError {
    DiskError {
        file: "/home/state.json".into(),
        errno: Some(28),
        detail: String::new(),
    }
}
