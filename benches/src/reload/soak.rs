//! Many reloads of one server under several loads, and what the daemon holds before and after them.

use std::fmt;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::json;
use tests::load::{Load, Plan, Report, Streaming};
use tests::reloading::Served;
use tests::{Deadline, Home, Runtime, fixture, processes};

use super::subject::PATIENCE;
use crate::kernel;
use crate::say;

/// How long the whole may take.
const LIMIT: Duration = Duration::from_secs(7200);

/// How long nothing is done before the daemon is looked at.
const REST: Duration = Duration::from_secs(5);

/// After so many reloads everything that is made once has been made.
const WARM_UP: u32 = 10;

/// How much memory the daemon may have gained.
const GAIN_KIB: u64 = 2048;

/// What the daemon's process holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Holds {
    descriptors: usize,
    threads: usize,
    resident_kib: u64,
}

impl Holds {
    fn now(daemon: u32) -> anyhow::Result<Self> {
        let count = |folder| -> anyhow::Result<usize> {
            let entries = fs::read_dir(format!("/proc/{daemon}/{folder}"))?;
            Ok(entries.count())
        };
        Ok(Self {
            descriptors: count("fd")?,
            threads: count("task")?,
            resident_kib: kernel::resident_kib(daemon)?,
        })
    }
}

/// What a soak has come to.
#[derive(Debug)]
pub(crate) struct Soak {
    rounds: u32,
    early: Holds,
    late: Holds,
    reports: Vec<Report>,
}

impl Soak {
    /// Whether nothing has failed and nothing has grown.
    pub(crate) fn is_sound(&self) -> bool {
        let is_whole = |report: &Report| report.failed_count() == 0 && report.stale == 0;
        self.reports.iter().all(is_whole)
            && self.late.descriptors <= self.early.descriptors
            && self.late.threads <= self.early.threads
            && self.late.resident_kib <= self.early.resident_kib + GAIN_KIB
    }
}

/// Reloads a server so often, under loads of every kind at once.
///
/// Errors: a reload fails; interrupted.
pub(crate) fn run(rounds: u32, interrupted: &Arc<AtomicBool>) -> anyhow::Result<Soak> {
    let home = Home::with_limit(LIMIT);
    home.start_daemon();
    let settings = json!({ "drain_timeout": "1s", "drain_idle": "500ms" });
    let served = Served::start(home, Runtime::Bun, settings);
    let mut served = served.context("Bun is not installed")?;
    let daemon = served.home.daemon().pid;
    under_load(&mut served, WARM_UP, interrupted)?;
    let early = Holds::now(daemon)?;
    say(&format!("after {WARM_UP} reloads: {early}"));
    let reports = under_load(&mut served, rounds, interrupted)?;
    let late = Holds::now(daemon)?;
    let left = processes::of_home(served.home.paths().home()).len();
    ensure!(left == 2, "the daemon and one run are expected, not {left}");
    Ok(Soak {
        rounds,
        early,
        late,
        reports,
    })
}

/// So many reloads under loads, which then end, and some rest.
fn under_load(
    served: &mut Served,
    rounds: u32,
    interrupted: &Arc<AtomicBool>,
) -> anyhow::Result<Vec<Report>> {
    let plans = [
        Plan::keep_alive().with_connections(16),
        Plan::close().with_connections(8),
        Plan::think(),
        Plan::idle().with_connections(100),
        Plan::streams(Streaming::WebSocket).with_connections(8),
    ];
    let address = served.server.address();
    let [first, rest @ ..] = plans.map(|plan| (Load::on(address, plan), plan));
    for round in 1..=rounds {
        ensure!(!interrupted.load(Ordering::SeqCst), "interrupted");
        let reloaded = served.reload(&first.0);
        let answers = u64::from(first.1.connections) * 50;
        let come = first.0.await_answers(answers, Deadline::after(PATIENCE));
        ensure!(come, "the load is not answered any more");
        if round % 20 == 0 {
            say(&format!("{round} reloads, the last: {:?}", reloaded.handed));
        }
    }
    let loads = [first].into_iter().chain(rest);
    let reports = loads.map(|(load, _)| load.finish()).collect();
    fixture::linger(REST);
    Ok(reports)
}

impl fmt::Display for Holds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} descriptors, {} threads, {} KiB",
            self.descriptors, self.threads, self.resident_kib
        )
    }
}

impl fmt::Display for Soak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} reloads under load", self.rounds)?;
        writeln!(f, "the daemon after {WARM_UP} reloads: {}", self.early)?;
        writeln!(f, "the daemon after all of them: {}", self.late)?;
        for report in &self.reports {
            write!(f, "{report}")?;
        }
        Ok(())
    }
}
