//! From SIGKILL of an app to the first line of its next run, round by round.
//!
//! The bare side is the smallest supervisor there is: it waits for its child and starts it again.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use benches::clock::Moment;
use tests::processes::{Process, Signal};

use crate::rival::Rival;
use crate::stage::Stage;

/// Whoever brings back the app.
pub(crate) trait Relaunches {
    /// Kills the app and waits until it executes again; returns how long that took.
    fn round(&mut self) -> anyhow::Result<Duration>;
}

/// One app under a supervisor.
#[derive(Debug)]
pub(crate) struct Supervised<'s> {
    rival: Rival<'s>,
    app: Process,
}

impl<'s> Supervised<'s> {
    /// Starts the app.
    pub(crate) fn start(rival: Rival<'s>) -> anyhow::Result<Self> {
        let file = rival.stage().configuration(1);
        rival.call(&["start", &file.to_string_lossy()])?;
        let app = hear_process(rival.stage())?.0;
        Ok(Self { rival, app })
    }
}

impl Relaunches for Supervised<'_> {
    fn round(&mut self) -> anyhow::Result<Duration> {
        let killed = Moment::now();
        self.app.signal(Signal::KILL);
        let (next, at) = hear_process(self.rival.stage())?;
        self.app = next;
        Ok(at.since(killed))
    }
}

/// One app without a supervisor: a child of this program.
#[derive(Debug)]
pub(crate) struct Bare<'s> {
    stage: &'s Stage,
    child: Child,
    app: Process,
}

impl<'s> Bare<'s> {
    /// Starts the app.
    pub(crate) fn start(stage: &'s Stage) -> anyhow::Result<Self> {
        let child = spawn(stage)?;
        let app = hear_process(stage)?.0;
        Ok(Self { stage, child, app })
    }
}

impl Relaunches for Bare<'_> {
    fn round(&mut self) -> anyhow::Result<Duration> {
        let killed = Moment::now();
        self.app.signal(Signal::KILL);
        self.child.wait()?;
        self.child = spawn(self.stage)?;
        let (next, at) = hear_process(self.stage)?;
        self.app = next;
        Ok(at.since(killed))
    }
}

impl Drop for Bare<'_> {
    fn drop(&mut self) {
        // One that has ended is as good.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Starts the app by the means of the operating system alone.
pub(crate) fn spawn(stage: &Stage) -> anyhow::Result<Child> {
    let mut command = Command::new(Stage::beacon());
    command.arg(stage.socket()).stdin(Stdio::null());
    command.spawn().context("failed to start the app")
}

/// Waits until an app executes; returns its process, and when it began.
fn hear_process(stage: &Stage) -> anyhow::Result<(Process, Moment)> {
    let executes = stage.hear()?;
    let process = Process::open(executes.pid).context("the app has ended at once")?;
    Ok((process, executes.at))
}
