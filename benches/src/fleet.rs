//! A hundred apps under one supervisor: to start, list and stop them, and what the daemon costs.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use benches::clock::Moment;
use benches::message::Executes;
use tests::processes::Process;

use crate::kernel;
use crate::relaunch;
use crate::rival::Rival;
use crate::stage::Stage;
use crate::times::Times;

/// How many apps make a full fleet.
pub(crate) const APPS: usize = 100;

/// How long an idle daemon is watched. Here the waiting is the measurement.
pub(crate) const IDLE: Duration = Duration::from_secs(10);

/// How long a daemon is left alone before it counts as idle.
const REST: Duration = Duration::from_secs(3);

/// How often things are repeated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Starts and stops of the full fleet.
    pub(crate) starts: usize,
    /// Short calls.
    pub(crate) calls: usize,
}

/// What was measured of one supervisor.
#[derive(Debug, Default)]
pub(crate) struct Fleet {
    /// From before `start` to the first line of the last app.
    pub(crate) executing: Times,
    /// From before `start` to the end of that command.
    pub(crate) started: Times,
    /// From before `stop` to the end of that command; every app has ended then.
    pub(crate) stopped: Times,
    /// A `list` of the full fleet.
    pub(crate) list: Times,
    /// The shortest call.
    pub(crate) ping: Times,
    /// The daemon's resident memory without apps.
    pub(crate) empty_kib: u64,
    /// The same with a full fleet, right after its first start.
    pub(crate) full_kib: u64,
    /// The same after all the rounds of starting, stopping and forgetting the full fleet.
    pub(crate) later_kib: u64,
    /// How often the daemon's threads went to sleep in [`IDLE`], which is how often they had woken up.
    pub(crate) switches: u64,
}

impl Fleet {
    /// Measures a supervisor that is fresh.
    ///
    /// Errors: it does not do what it is asked.
    pub(crate) fn measure(rival: &Rival<'_>, effort: Effort) -> anyhow::Result<Self> {
        let mut fleet = Self {
            empty_kib: kernel::resident_kib(rival.daemon()?)?,
            ..Self::default()
        };
        for round in 1..=effort.starts {
            let apps = fleet.start(rival)?;
            if round == 1 {
                rival.stage().rest(REST)?;
                fleet.full_kib = kernel::resident_kib(rival.daemon()?)?;
            }
            if round == effort.starts {
                fleet.look(rival, effort)?;
            }
            fleet.stop(rival, &apps)?;
        }
        Ok(fleet)
    }

    fn start(&mut self, rival: &Rival<'_>) -> anyhow::Result<Vec<Process>> {
        let file = rival.stage().configuration(APPS);
        let begin = Moment::now();
        self.started
            .push(rival.call(&["start", &file.to_string_lossy()])?);
        let heard = rival.stage().hear_all(APPS)?;
        self.executing.push(last(&heard, begin)?);
        let apps: Option<Vec<Process>> = heard.iter().map(|app| Process::open(app.pid)).collect();
        apps.context("an app has ended by itself")
    }

    fn look(&mut self, rival: &Rival<'_>, effort: Effort) -> anyhow::Result<()> {
        for _ in 0..effort.calls {
            let (time, shown) = rival.ask(&["list"])?;
            ensure!(shown.contains("app-99"), "the list lacks apps:\n{shown}");
            self.list.push(time);
            self.ping.push(rival.call(&["ping"])?);
        }
        rival.stage().rest(REST)?;
        let daemon = rival.daemon()?;
        let before = kernel::voluntary_switches(daemon)?;
        rival.stage().rest(IDLE)?;
        self.switches = kernel::voluntary_switches(daemon)? - before;
        self.later_kib = kernel::resident_kib(daemon)?;
        rival.stage().go_on()
    }

    fn stop(&mut self, rival: &Rival<'_>, apps: &[Process]) -> anyhow::Result<()> {
        self.stopped.push(rival.call(&["stop", "all"])?);
        let left = apps.iter().filter(|app| app.is_alive()).count();
        ensure!(left == 0, "{left} apps live on after `stop`");
        rival.call(&["delete", "all"]).map(drop)
    }
}

/// The same start without a supervisor, one after the other.
///
/// Errors: an app cannot be started.
pub(crate) fn bare_start(stage: &Stage) -> anyhow::Result<Duration> {
    let begin = Moment::now();
    let mut children = Vec::with_capacity(APPS);
    for _ in 0..APPS {
        children.push(relaunch::spawn(stage));
    }
    let heard = stage.hear_all(APPS);
    for child in children.iter_mut().flatten() {
        child.kill().and_then(|()| child.wait())?;
    }
    last(&heard?, begin)
}

/// From `begin` to the first line of the last app.
fn last(heard: &[Executes], begin: Moment) -> anyhow::Result<Duration> {
    let last = heard.iter().map(|app| app.at).max();
    Ok(last.context("no app was heard")?.since(begin))
}
