//! A server under the daemon that is reloaded while a load is on it.
//!
//! The same steps for tests and for the whole matrix: start the server as an app, put a load on it, write
//! the next release, reload with the real `wsctl`, and tell the load when the new run has taken over.

use std::process::{Child, Stdio};
use std::time::Duration;

use protocol::{Handed, Mode, Notice};
use serde_json::{Value, json};

use crate::deadline::Stopwatch;
use crate::load::{Load, Phase, Plan, Report};
use crate::{Front, Home, NextUpstream, Outcome, Runtime, Server, apps, binaries};

/// The name of the app.
pub const APP: &str = "web";

/// A server that runs as an app.
#[derive(Debug)]
pub struct Served {
    /// Where its daemon is.
    pub home: Home,
    /// The server.
    pub server: Server,
    release: u64,
}

/// How a reload went.
#[derive(Debug)]
pub struct Reloaded {
    /// How the run was replaced.
    pub handed: Handed,
    /// From the start of the command to its end.
    pub took: Duration,
}

impl Served {
    /// Starts the server as an app with these settings; none, said out loud, where its runtime is not
    /// installed.
    ///
    /// # Panics
    /// Where it does not come up.
    #[must_use]
    #[track_caller]
    pub fn start(home: Home, runtime: Runtime, settings: Value) -> Option<Self> {
        let server = runtime.server(&home.work().join("server"))?;
        Some(Self::of(home, server, settings))
    }

    /// The same in a home and under a daemon of its own, with half a minute for all of it.
    ///
    /// # Panics
    /// Where it does not come up.
    #[must_use]
    #[track_caller]
    pub fn fresh(runtime: Runtime, settings: Value) -> Option<Self> {
        Self::start(home(), runtime, settings)
    }

    /// The same with a server that is there.
    ///
    /// # Panics
    /// Where it does not come up.
    #[must_use]
    #[track_caller]
    pub fn of(home: Home, server: Server, settings: Value) -> Self {
        home.start(&apps::with(server.app(APP), settings));
        server.await_listening(home.deadline());
        Self {
            home,
            server,
            release: 1,
        }
    }

    /// Puts a load on it and waits until each connection, more or less, has had an answer.
    ///
    /// # Panics
    /// Where the answers do not come in time.
    #[must_use]
    #[track_caller]
    pub fn load(&self, plan: Plan) -> Load {
        let load = Load::on(self.server.address(), plan);
        self.await_answers(&load, &plan);
        load
    }

    /// The same through nginx, in front of it; none, said out loud, where there is none.
    ///
    /// # Panics
    /// Where the answers do not come in time.
    #[must_use]
    #[track_caller]
    pub fn load_through_nginx(&self, plan: Plan, next: NextUpstream) -> Option<(Load, Front)> {
        let folder = self.home.work().join("front");
        let front = Front::of(&self.server.upstream(), next, &folder, self.home.deadline())?;
        let load = Load::on(front.address(), plan);
        self.await_answers(&load, &plan);
        Some((load, front))
    }

    /// Waits until the load has had about as many more answers as it has connections.
    ///
    /// # Panics
    /// Where they do not come in time.
    #[track_caller]
    pub fn await_answers(&self, load: &Load, plan: &Plan) {
        if !load.await_answers(plan.connections.into(), self.home.deadline()) {
            self.home.fail("the load is not answered any more");
        }
    }

    /// The release that the next run is.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn next_release(&mut self) -> u64 {
        self.release += 1;
        self.server.release(self.release);
        self.release
    }

    /// Reloads it under the load, which must succeed.
    ///
    /// # Panics
    /// Where it does not.
    #[track_caller]
    pub fn reload(&mut self, load: &Load) -> Reloaded {
        let release = self.next_release();
        load.enter(Phase::During);
        let watch = Stopwatch::start();
        let command = self.spawn_reload();
        let handed = self.home.wait("it was replaced", |notice| {
            // A queue's successor says nothing before it has replaced the old run.
            if let Notice::TookOver { .. } = notice {
                load.flipped(release);
            }
            replaced(notice)
        });
        self.ends(command).ok();
        let took = watch.read();
        load.flipped(release);
        load.enter(Phase::After);
        let handed = handed.unwrap_or_else(|| self.home.fail("the old run was kept"));
        Reloaded { handed, took }
    }

    /// Reloads it under the load, which must fail, and gives what the command said.
    ///
    /// # Panics
    /// Where it succeeds.
    #[track_caller]
    pub fn reload_in_vain(&mut self, load: &Load) -> Outcome {
        self.next_release();
        load.enter(Phase::During);
        let outcome = self.home.ctl(["reload", APP]).exits(1);
        self.home.wait("the old run was kept", |notice| {
            matches!(notice, Notice::Kept { .. }).then_some(())
        });
        load.enter(Phase::After);
        outcome
    }

    fn spawn_reload(&self) -> Child {
        let mut command = self.home.command(&binaries::wsctl());
        command.args(["reload", APP, "--json"]);
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("wsctl can be started")
    }

    fn ends(&self, command: Child) -> Outcome {
        Outcome::await_end(format!("wsctl reload {APP}"), command, self.home.deadline())
    }
}

/// What this notice says of the end of a reload: how a run was replaced, or that it was kept.
fn replaced(notice: &Notice) -> Option<Option<Handed>> {
    if let Notice::Replaced { handed, .. } = notice {
        return Some(Some(handed.clone()));
    }
    matches!(notice, Notice::Kept { .. }).then_some(None)
}

/// One cell of the matrix: so many reloads under a load, of which nothing may fail. None where the
/// runtime is not installed.
///
/// # Panics
/// Where one request has failed, or a reload, or went another way.
#[track_caller]
pub fn cell(home: Home, runtime: Runtime, mode: Mode, plan: Plan, rounds: u32) -> Option<Report> {
    let settings = json!({ "handover": word(mode) });
    let mut served = Served::start(home, runtime, settings)?;
    let load = served.load(plan);
    for _ in 0..rounds {
        let reloaded = served.reload(&load);
        assert_eq!(reloaded.handed.mode, mode, "{:?}", reloaded.handed);
        served.await_answers(&load, &plan);
    }
    let report = load.finish();
    report.assert_whole();
    let releases: Vec<u64> = report.releases().into_keys().collect();
    let all: Vec<u64> = (1..=u64::from(rounds) + 1).collect();
    assert_eq!(releases, all, "{report}");
    Some(report)
}

/// A home with a daemon, for half a minute.
#[must_use]
#[track_caller]
pub fn home() -> Home {
    let home = Home::with_limit(Duration::from_secs(30));
    home.start_daemon();
    home
}

/// A cell in a home of its own.
///
/// # Panics
/// As [`cell`] does.
#[track_caller]
pub fn is_whole(runtime: Runtime, mode: Mode, plan: Plan, rounds: u32) {
    drop(cell(home(), runtime, mode, plan, rounds));
}

/// A test for each row: its name, the way, the load, how many reloads. Nothing may fail.
#[macro_export]
macro_rules! whole {
    ($runtime:ident; $($name:ident: $mode:ident, $plan:ident, $rounds:literal;)*) => {$(
        #[test]
        fn $name() {
            let plan = $crate::load::Plan::$plan();
            let (runtime, mode) = ($crate::Runtime::$runtime, ::protocol::Mode::$mode);
            $crate::reloading::is_whole(runtime, mode, plan, $rounds);
        }
    )*};
}

/// The setting that asks for this way.
#[must_use]
pub const fn word(mode: Mode) -> &'static str {
    match mode {
        Mode::Overlap => "overlap",
        Mode::Queue => "queue",
        Mode::Restart => "off",
    }
}
