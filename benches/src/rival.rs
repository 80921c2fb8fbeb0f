//! A supervisor that is measured: its command line, and the daemon behind it.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use benches::clock::Moment;
use tests::processes::{Process, Signal};
use tests::{binaries, runtimes};

use crate::stage::Stage;

/// The version of PM2 that is measured.
pub(crate) const PM2_VERSION: &str = "7.0.4";

/// How long a daemon may take to end.
const ENDED_WITHIN: Duration = Duration::from_secs(10);

/// A supervisor with a daemon of its own, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Rival<'s> {
    stage: &'s Stage,
    program: PathBuf,
    pid_file: PathBuf,
}

impl<'s> Rival<'s> {
    /// Our own daemon, fresh, without apps.
    ///
    /// Errors: it does not come up.
    pub(crate) fn wsd(stage: &'s Stage) -> anyhow::Result<Self> {
        let paths = stage.home().paths();
        fs::DirBuilder::new().mode(0o700).create(paths.home())?;
        let mut command = stage.home().command(&binaries::wsd());
        command.process_group(0).stdin(Stdio::null());
        command.stderr(File::create(paths.daemon_log())?);
        let mut daemon = command.stdout(Stdio::piped()).spawn()?;
        let mut said = String::new();
        let out = daemon.stdout.take().context("its output is piped")?;
        BufReader::new(out).read_line(&mut said)?;
        // It is our child, and somebody must take in its exit.
        std::thread::spawn(move || daemon.wait());
        ensure!(said.trim() == "ready", "the daemon says `{}`", said.trim());
        Ok(Self {
            stage,
            program: binaries::wsctl(),
            pid_file: paths.lock(),
        })
    }

    /// PM2 with a daemon of its own, fresh, without apps.
    ///
    /// Errors: it does not come up.
    pub(crate) fn pm2(stage: &'s Stage) -> anyhow::Result<Self> {
        let pm2 = Self {
            stage,
            program: pm2_program(),
            pid_file: stage.home().work().join("pm2/pm2.pid"),
        };
        pm2.call(&["ping"])?;
        Ok(pm2)
    }

    /// Where it works.
    pub(crate) const fn stage(&self) -> &'s Stage {
        self.stage
    }

    /// The process of its daemon.
    ///
    /// Errors: there is none.
    pub(crate) fn daemon(&self) -> anyhow::Result<u32> {
        let text = fs::read_to_string(&self.pid_file)
            .with_context(|| format!("no daemon: {}", self.pid_file.display()))?;
        Ok(text.trim().parse()?)
    }

    /// Runs its command line and returns how long that took, from the start of the process to its end.
    ///
    /// Errors: it fails, which is said with what it wrote; interrupted.
    pub(crate) fn call(&self, words: &[&str]) -> anyhow::Result<Duration> {
        self.stage.go_on()?;
        self.run(words)
    }

    /// The same, and what it wrote to standard output.
    pub(crate) fn ask(&self, words: &[&str]) -> anyhow::Result<(Duration, String)> {
        let time = self.call(words)?;
        Ok((time, fs::read_to_string(self.out())?))
    }

    fn run(&self, words: &[&str]) -> anyhow::Result<Duration> {
        let mut command = self.stage.home().command(&self.program);
        let (out, err) = (self.out(), self.stage.home().work().join("err"));
        command.args(words).stdin(Stdio::null());
        command
            .stdout(File::create(&out)?)
            .stderr(File::create(&err)?);
        let time = timed(&mut command);
        time.with_context(|| {
            let said = [out, err].map(|file| fs::read_to_string(file).unwrap_or_default());
            format!("{command:?} wrote:\n{}", said.concat())
        })
    }

    /// A file, because a pipe would have to be read while it runs.
    fn out(&self) -> PathBuf {
        self.stage.home().work().join("out")
    }
}

impl Drop for Rival<'_> {
    fn drop(&mut self) {
        let daemon = self.daemon().ok().and_then(Process::open);
        // What this does not end, the home finds and complains of.
        self.run(&["kill"]).ok();
        // PM2's command ends before its daemon does.
        if let Some(daemon) = daemon
            && !daemon.ends_within(ENDED_WITHIN)
        {
            daemon.signal(Signal::KILL);
        }
    }
}

/// Runs a command and returns how long that took, from before its start to after its end.
///
/// Errors: it cannot be started, or fails.
pub(crate) fn timed(command: &mut Command) -> anyhow::Result<Duration> {
    let start = Moment::now();
    let status = command.status()?;
    let time = Moment::now().since(start);
    ensure!(status.success(), "it ended with {status}");
    Ok(time)
}

/// Has PM2 where npm can install it, below the folder of tools.
///
/// Errors: there is no npm, or it cannot install it.
pub(crate) fn install_pm2() -> anyhow::Result<()> {
    if pm2_program().exists() {
        return Ok(());
    }
    let folder = pm2_folder();
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("package.json"), "{ \"private\": true }\n")?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error"]);
    npm.arg(format!("pm2@{PM2_VERSION}")).current_dir(&folder);
    let done = npm.output().context("npm cannot be run")?;
    if !done.status.success() {
        bail!("npm says: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(())
}

fn pm2_program() -> PathBuf {
    pm2_folder().join("node_modules/.bin/pm2")
}

/// Apart from what the tests install: npm removes from a folder what its list does not name.
fn pm2_folder() -> PathBuf {
    runtimes::tools().join(Path::new("pm2"))
}
