//! What surrounds a fleet in a story: a clock, a disk, clients, and somebody who writes all down.

use std::net::SocketAddr;
use std::sync::Arc;

use config::{Address, AppSpec, Signal};
use protocol::notice::ReadyBy;
use protocol::reply::DiskError;
use protocol::request::Existing;
use protocol::saved::Saved;
use protocol::view::{InstanceView, StateView};
use protocol::{
    CheckFailure, ExitStatus, Generation, InstanceId, Lack, LackOf, LaunchError, LaunchStage, Pid,
    Reply, Request, RequestId, RunId, Selector, Tally, Time,
};

use fleet::{Effect, Event, Fleet, Ticket};

use crate::journal::Journal;
use crate::told;

/// A fleet and what surrounds it. Times are milliseconds, runs and tickets bare numbers.
pub(crate) struct World {
    pub(crate) fleet: Fleet,
    now: Time,
    disk: Disk,
    journal: Journal,
    /// All that was launched, by run.
    orders: Vec<(RunId, Arc<AppSpec>)>,
    /// The goals that were last sent to the disk.
    saved: Option<Saved>,
    replies: Vec<(Ticket, Reply)>,
    history: String,
}

/// How the disk answers.
#[derive(PartialEq, Eq)]
enum Disk {
    /// At once, within the same step of the story.
    AtOnce,
    /// When the story says so.
    ByStory,
}

/// What one step made the fleet do.
#[must_use = "a story says what each step gives"]
pub(crate) struct Played<'a> {
    pub(crate) given: Vec<String>,
    world: &'a mut World,
}

impl World {
    /// An empty fleet of the user 1000 and a quick disk, at the time 0.
    pub(crate) fn new() -> Self {
        Self::with_fleet(Fleet::new(1000))
    }

    /// The same round a fleet that was made elsewhere.
    pub(crate) fn with_fleet(fleet: Fleet) -> Self {
        Self {
            journal: Journal::beginning_with(fleet.records()),
            fleet,
            now: Time::default(),
            disk: Disk::AtOnce,
            orders: Vec::new(),
            saved: None,
            replies: Vec::new(),
            history: String::new(),
        }
    }

    /// From here on the story answers for the disk.
    pub(crate) fn with_slow_disk(mut self) -> Self {
        self.disk = Disk::ByStory;
        self
    }

    /// A world in which these apps are online and whatever that took is over. The clock shows 1000,
    /// and the runs are numbered from 1 in the order of the view.
    pub(crate) fn with_online(apps: impl IntoIterator<Item = AppSpec>) -> Self {
        let mut world = Self::new();
        world.ask(0, apply(apps)).passes();
        for run in 1.. {
            if run > world.orders.len() as u64 {
                world.tick().passes();
            }
            if run > world.orders.len() as u64 {
                break;
            }
            world.launched(run).passes();
            world.ready(run, ReadyBy::Notify).passes();
        }
        world.at(1000);
        world
    }

    /// The same, where the first run of each listens on port 3013, and the next ones have to.
    pub(crate) fn with_serving(apps: impl IntoIterator<Item = AppSpec>) -> Self {
        let mut world = Self::with_online(apps);
        for run in 1..=world.orders.len() as u64 {
            world.listens(run, 3013).passes();
        }
        world
    }

    /// Moves the clock.
    pub(crate) fn at(&mut self, ms: u64) -> &mut Self {
        assert!(Time::millis(ms) >= self.now, "a story goes forward");
        self.now = Time::millis(ms);
        self
    }

    /// Moves the clock to the next deadline, which is this one, and ticks.
    pub(crate) fn due(&mut self, ms: u64) -> Played<'_> {
        let due = self.fleet.deadline().map(|(due, _)| due);
        assert_eq!(due, Some(Time::millis(ms)), "due\n{}", self.history);
        self.at(ms).tick()
    }

    // What happens.

    /// A client asks, by an id that is its own.
    pub(crate) fn ask(&mut self, ticket: u64, request: Request) -> Played<'_> {
        self.ask_as(ticket, &format!("request {ticket}"), request)
    }

    /// A client asks by this id.
    pub(crate) fn ask_as(&mut self, ticket: u64, id: &str, request: Request) -> Played<'_> {
        let (ticket, id) = (Ticket(ticket), RequestId(id.to_owned()));
        self.play(Event::Asked {
            ticket,
            id,
            request,
        })
    }

    /// The client is gone.
    pub(crate) fn hung(&mut self, ticket: u64) -> Played<'_> {
        let ticket = Ticket(ticket);
        self.play(Event::Hung { ticket })
    }

    /// The program executes, as the process 1000 + run.
    pub(crate) fn launched(&mut self, run: u64) -> Played<'_> {
        let pid = Pid(1000 + u32::try_from(run).expect("runs are few"));
        let run = RunId(run);
        self.play(Event::Launched { run, pid })
    }

    /// There is no such program.
    pub(crate) fn launch_failed(&mut self, run: u64) -> Played<'_> {
        let why = LaunchError {
            stage: LaunchStage::Exec,
            on: "/srv/app".to_owned(),
            errno: 2,
        };
        let run = RunId(run);
        self.play(Event::LaunchFailed { run, why })
    }

    /// The run says that it is ready.
    pub(crate) fn ready(&mut self, run: u64, by: ReadyBy) -> Played<'_> {
        let run = RunId(run);
        self.play(Event::Ready { run, by })
    }

    /// The run listens on this port, of all interfaces.
    pub(crate) fn listens(&mut self, run: u64, port: u16) -> Played<'_> {
        let (run, at) = (RunId(run), address(port));
        self.play(Event::Listening { run, at })
    }

    /// The run lacks this for a hand-over.
    pub(crate) fn hindered(&mut self, run: u64, of: LackOf) -> Played<'_> {
        let lack = Lack { of, errno: 1 };
        let run = RunId(run);
        self.play(Event::Hindered { run, lack })
    }

    /// The run was asked for the path of its check.
    pub(crate) fn checked(&mut self, run: u64, outcome: Result<(), CheckFailure>) -> Played<'_> {
        let run = RunId(run);
        self.play(Event::Checked { run, outcome })
    }

    /// It is known of every connection of the run whether something is under way on it.
    pub(crate) fn watched(&mut self, run: u64) -> Played<'_> {
        let run = RunId(run);
        self.play(Event::Watched { run })
    }

    /// Nothing is under way any more on the connections of the run.
    pub(crate) fn drained(&mut self, run: u64) -> Played<'_> {
        let run = RunId(run);
        self.play(Event::Drained { run })
    }

    /// The run was retired: so many connections were kept, and so many cut.
    pub(crate) fn retired(&mut self, run: u64, adopted: u32, cut: u32) -> Played<'_> {
        let cut_unknown = 0;
        let tally = Tally {
            adopted,
            cut,
            cut_unknown,
        };
        let run = RunId(run);
        self.play(Event::Retired { run, tally })
    }

    /// The leader ended and has left others behind.
    pub(crate) fn leader_exited(&mut self, run: u64, status: ExitStatus) -> Played<'_> {
        let run = RunId(run);
        self.play(Event::LeaderExited { run, status })
    }

    /// Nothing is left of the run.
    pub(crate) fn exited(&mut self, run: u64, status: ExitStatus) -> Played<'_> {
        let run = RunId(run);
        self.play(Event::Exited { run, status })
    }

    /// What the run had printed is in its files.
    pub(crate) fn log_ended(&mut self, run: u64, last: &[&str]) -> Played<'_> {
        let last = last.iter().map(|line| (*line).to_owned()).collect();
        let run = RunId(run);
        self.play(Event::LogEnded { run, last })
    }

    /// The goals are on disk up to here, or the disk is full.
    pub(crate) fn written(&mut self, upto: u64, full: bool) -> Played<'_> {
        let failed = full.then(disk_full);
        let upto = Generation(upto);
        self.play(Event::Saved { upto, failed })
    }

    pub(crate) fn tick(&mut self) -> Played<'_> {
        self.play(Event::Tick)
    }

    pub(crate) fn shut_down(&mut self) -> Played<'_> {
        let by = Some((Signal::TERM, Pid(77)));
        self.play(Event::ShutDown { by })
    }

    /// Any other event.
    pub(crate) fn play(&mut self, event: Event) -> Played<'_> {
        self.history += &format!("{:>8} {event:?}\n", self.now.0);
        let mut given = Vec::new();
        let mut next = Some(event);
        while let Some(event) = next.take() {
            for effect in self.handle(event) {
                let mut line = told::effect(&effect);
                if let Effect::Save { generation, .. } = &effect {
                    match self.disk {
                        Disk::AtOnce => {
                            let (upto, failed) = (*generation, None);
                            next = Some(Event::Saved { upto, failed });
                        }
                        Disk::ByStory => line += &format!(" {generation}"),
                    }
                }
                given.push(line);
                self.take(effect);
            }
        }
        for line in &given {
            self.history += &format!("         {line}\n");
        }
        Played { given, world: self }
    }

    // What there is to see.

    /// The state of the instance with this id.
    pub(crate) fn state(&self, id: u32) -> StateView {
        self.view(id).state
    }

    /// The instance with this id.
    pub(crate) fn view(&self, id: u32) -> InstanceView {
        let view = self.fleet.view(self.now);
        let mut all = view.apps.into_iter().flat_map(|app| app.instances);
        all.find(|one| one.id == InstanceId(id))
            .unwrap_or_else(|| panic!("there is no instance {id}\n{}", self.history))
    }

    /// The names of all apps with the numbers of their instances, `web/0 web/1`.
    pub(crate) fn names(&self) -> String {
        let view = self.fleet.view(self.now);
        let all = view.apps.iter().flat_map(|app| &app.instances);
        let names: Vec<_> = all.map(|one| format!("{}/{}", one.app, one.slot)).collect();
        names.join(" ")
    }

    /// What a run was launched with.
    pub(crate) fn launched_with(&self, run: u64) -> &AppSpec {
        let order = self.orders.iter().find(|(id, _)| *id == RunId(run));
        &order.expect("the run was launched").1
    }

    /// How many runs were launched.
    pub(crate) const fn launches(&self) -> usize {
        self.orders.len()
    }

    /// The goals that were last sent to the disk.
    pub(crate) const fn saved(&self) -> Option<&Saved> {
        self.saved.as_ref()
    }

    /// What this ticket was answered.
    pub(crate) fn reply(&self, ticket: u64) -> &Reply {
        let reply = self.replies.iter().find(|(to, _)| *to == Ticket(ticket));
        &reply.expect("it was answered").1
    }

    fn handle(&mut self, event: Event) -> Vec<Effect> {
        let turn = self.fleet.handle(self.now, event);
        self.journal.append(turn.records);
        let whole = Journal::beginning_with(self.fleet.records());
        assert_eq!(self.journal, whole, "the journal\n{}", self.history);
        turn.effects
    }

    fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Launch(order) => self.orders.push((order.who.run, order.spec)),
            Effect::Save { saved, .. } => self.saved = Some(saved),
            Effect::Answer { ticket, reply } => self.replies.push((ticket, reply)),
            Effect::Signal { .. }
            | Effect::Steer { .. }
            | Effect::Check { .. }
            | Effect::Watch { .. }
            | Effect::Drain { .. }
            | Effect::Serve { .. }
            | Effect::Retire { .. }
            | Effect::Release { .. }
            | Effect::Dump { .. }
            | Effect::ReadDump { .. }
            | Effect::Flush { .. }
            | Effect::Note(_)
            | Effect::Exit => {}
        }
    }
}

impl Played<'_> {
    /// Says all that the fleet did, in its order: one effect a line, or between semicolons.
    #[track_caller]
    pub(crate) fn gives(self, expected: &str) {
        let expected: Vec<_> = expected
            .split(['\n', ';'])
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        assert_eq!(self.given, expected, "\n{}", self.world.history);
    }

    /// Leaves it unsaid: the step only leads to where the story begins.
    pub(crate) fn passes(self) {
        drop(self.given);
    }
}

/// Registers and starts, or does what `Existing::Converge` says.
pub(crate) fn apply(apps: impl IntoIterator<Item = AppSpec>) -> Request {
    apply_to(Existing::Converge, apps)
}

/// Registers and starts.
pub(crate) fn apply_to(existing: Existing, apps: impl IntoIterator<Item = AppSpec>) -> Request {
    let apps = apps.into_iter().collect();
    Request::Apply { apps, existing }
}

/// What a person typed, word by word; `all` is all.
pub(crate) fn words(typed: &str) -> Vec<Selector> {
    let selector = |word: &str| match word {
        "all" => Selector::All,
        word => Selector::Word(word.to_owned()),
    };
    typed.split_whitespace().map(selector).collect()
}

pub(crate) fn start(typed: &str) -> Request {
    let select = words(typed);
    Request::Start { select }
}

pub(crate) fn stop(typed: &str) -> Request {
    let select = words(typed);
    Request::Stop { select }
}

pub(crate) fn restart(typed: &str) -> Request {
    let select = words(typed);
    Request::Restart { select }
}

pub(crate) fn reload(typed: &str) -> Request {
    let select = words(typed);
    Request::Reload { select }
}

pub(crate) fn delete(typed: &str) -> Request {
    let select = words(typed);
    Request::Delete { select }
}

/// This port, of all interfaces.
pub(crate) fn address(port: u16) -> Address {
    Address::Tcp(SocketAddr::from(([0, 0, 0, 0], port)))
}

/// It ended with this code.
pub(crate) const fn code(code: i32) -> ExitStatus {
    ExitStatus::Code(code)
}

/// It was killed by this signal.
pub(crate) const fn by(signal: Signal) -> ExitStatus {
    let core = false;
    ExitStatus::Signal { signal, core }
}

/// The disk is full.
pub(crate) fn disk_full() -> DiskError {
    DiskError {
        file: "/home/state.json".into(),
        errno: Some(28),
        detail: String::new(),
    }
}
