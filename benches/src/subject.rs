//! A supervisor that is measured: a command line, and the daemon behind it.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tests::deadline::Stopwatch;
use tests::fixture;
use tests::processes::{Process, Signal};
use tests::{Home, Outcome, app, binaries, with};

use crate::measure;

/// How many apps make a full fleet.
const APPS: u32 = 100;

/// How long the daemon is left alone before it is looked at.
const REST: Duration = Duration::from_secs(3);

/// How long an idle daemon is watched.
const IDLE: Duration = Duration::from_secs(10);

/// A supervisor in a home of its own.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    /// What it is called in the table.
    pub(crate) name: &'static str,
    /// Where it works.
    pub(crate) home: &'a Home,
    /// Its command line.
    pub(crate) program: PathBuf,
    /// Gives the number of its daemon's process.
    pub(crate) daemon: fn(&Home) -> u32,
}

/// What was measured of one supervisor.
#[derive(Debug)]
pub(crate) struct Figures {
    /// Whose they are.
    pub(crate) name: &'static str,
    /// From SIGKILL to the first instruction of the next run.
    pub(crate) relaunch: Duration,
    /// From the start to the end of the shortest call, `ping`.
    pub(crate) call: Duration,
    /// The same of `list` with a full fleet.
    pub(crate) list: Duration,
    /// The same of the `start` of a full fleet.
    pub(crate) start: Duration,
    /// The daemon's resident memory before the first app, in kibibytes.
    pub(crate) empty_kib: u64,
    /// The same with a full fleet.
    pub(crate) full_kib: u64,
    /// How often the daemon woke in ten idle seconds with a full fleet.
    pub(crate) wakes: u64,
}

impl Subject<'_> {
    /// Measures everything, in a fixed order.
    ///
    /// # Panics
    /// Where the supervisor does not do what it is asked.
    pub(crate) fn measure(&self) -> Figures {
        let _ = self.run(&["ping"]);
        fixture::linger(REST);
        let empty_kib = measure::resident((self.daemon)(self.home));
        let relaunch = self.relaunch();
        let apps: Vec<Value> = (0..APPS)
            .map(|number| idler(&format!("app-{number}")))
            .collect();
        let start = self.start(&apps);
        fixture::linger(REST);
        let list = self.repeat(&["list"]);
        let call = self.repeat(&["ping"]);
        fixture::linger(REST);
        let daemon = (self.daemon)(self.home);
        let before = measure::sleeps(daemon);
        fixture::linger(IDLE);
        let wakes = measure::sleeps(daemon) - before;
        let full_kib = measure::resident(daemon);
        let _ = self.run(&["delete", "all"]);
        Figures {
            name: self.name,
            relaunch,
            call,
            list,
            start,
            empty_kib,
            full_kib,
            wakes,
        }
    }

    fn relaunch(&self) -> Duration {
        let socket = Arrivals::new(self.home);
        self.start(&[idler("killed")]);
        let mut process = socket.next();
        let times = (0..100).map(|_| {
            fixture::linger(Duration::from_millis(20));
            let watch = Stopwatch::start();
            process.signal(Signal::KILL);
            process = socket.next();
            watch.read()
        });
        let middle = measure::median(times.collect());
        let _ = self.run(&["delete", "all"]);
        middle
    }

    fn start(&self, apps: &[Value]) -> Duration {
        let file = self
            .home
            .write("figures.json", &json!({ "apps": apps }).to_string());
        self.run(&["start", file.to_str().expect("a path is text")])
    }

    fn repeat(&self, words: &[&str]) -> Duration {
        measure::median((0..31).map(|_| self.run(words)).collect())
    }

    fn run(&self, words: &[&str]) -> Duration {
        let mut command = self.home.command(&self.program);
        let watch = Stopwatch::start();
        Outcome::of(command.args(words), self.home.deadline()).ok();
        watch.read()
    }
}

/// The same measurement without a supervisor: this program waits for its child and starts it again.
///
/// # Panics
/// Where it cannot.
pub(crate) fn bare_relaunch(home: &Home) -> Duration {
    let socket = Arrivals::new(home);
    let start = || {
        let mut command = home.command(&binaries::fake("idler"));
        command.spawn().expect("the app can be started")
    };
    let mut child = start();
    let mut process = socket.next();
    let times = (0..100).map(|_| {
        fixture::linger(Duration::from_millis(20));
        let watch = Stopwatch::start();
        process.signal(Signal::KILL);
        child.wait().expect("a child can be awaited");
        child = start();
        process = socket.next();
        watch.read()
    });
    let middle = measure::median(times.collect());
    process.signal(Signal::KILL);
    child.wait().expect("a child can be awaited");
    middle
}

fn idler(name: &str) -> Value {
    let settings = json!({ "max_restarts": 100_000, "interpreter": "none" });
    with(app(name, "idler", &[]), settings)
}

/// The socket on which apps say that they run.
#[derive(Debug)]
struct Arrivals(UnixDatagram);

/// Where that socket is, below the home's working folder.
pub(crate) const ARRIVALS: &str = "arrivals";

impl Arrivals {
    fn new(home: &Home) -> Self {
        let path = home.work().join(ARRIVALS);
        drop(std::fs::remove_file(&path));
        let socket = UnixDatagram::bind(Path::new(&path)).expect("the name is free");
        socket
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("a socket takes a limit");
        Self(socket)
    }

    fn next(&self) -> Process {
        let mut text = [0; 32];
        let length = self.0.recv(&mut text).expect("the app is started again");
        let pid = String::from_utf8_lossy(&text[..length]).parse().ok();
        pid.and_then(Process::open)
            .expect("who says that it runs, runs")
    }
}
