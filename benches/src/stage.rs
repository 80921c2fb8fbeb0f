//! Where a measurement takes place: a throw-away home, the app, and the socket on which it is heard.

use std::cell::Cell;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use benches::message::{Executes, LENGTH};
use rustix::thread::{NanosleepRelativeResult, Timespec, nanosleep};
use serde_json::{Value, json};
use tests::{Home, binaries, runtimes};

/// How long an app may take until it executes. PM2 needs seconds for a hundred.
const HEARD_WITHIN: Duration = Duration::from_secs(60);

/// How long all measurements in one home may take.
const LIMIT: Duration = Duration::from_secs(1800);

/// A home with its work folder, and the socket on which apps say that they execute.
#[derive(Debug)]
pub(crate) struct Stage {
    home: Home,
    ears: UnixDatagram,
    socket: PathBuf,
    /// How many configurations were written.
    written: Cell<u32>,
    interrupted: Arc<AtomicBool>,
}

impl Stage {
    /// Sets one up, on which nothing more happens once `interrupted` is true.
    ///
    /// Errors: the socket cannot be made.
    pub(crate) fn new(interrupted: &Arc<AtomicBool>) -> anyhow::Result<Self> {
        let mut home = Home::with_limit(LIMIT);
        let node = runtimes::tools().join("bin");
        home.prepend_path(&node);
        home.set("PM2_HOME", home.work().join("pm2"));
        home.set("PM2_DISABLE_VERSION_CHECK", "true");
        home.set("PM2_DISCRETE_MODE", "true");
        let socket = home.work().join("ears");
        let ears = UnixDatagram::bind(&socket).context("failed to make the socket")?;
        ears.set_read_timeout(Some(HEARD_WITHIN))?;
        Ok(Self {
            home,
            ears,
            socket,
            written: Cell::default(),
            interrupted: Arc::clone(interrupted),
        })
    }

    /// The home.
    pub(crate) const fn home(&self) -> &Home {
        &self.home
    }

    /// The measured app's program.
    pub(crate) fn beacon() -> PathBuf {
        binaries::fake("beacon")
    }

    /// The socket on which it is to be heard.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Writes a configuration of so many apps, which all say when they execute.
    pub(crate) fn configuration(&self, count: usize) -> PathBuf {
        let apps: Vec<Value> = (0..count)
            .map(|number| {
                json!({
                    "name": format!("app-{number}"),
                    "script": Self::beacon(),
                    "args": [self.socket],
                    "interpreter": "none",
                    "max_restarts": 1_000_000,
                })
            })
            .collect();
        let number = self.written.replace(self.written.get() + 1);
        let name = format!("figures-{number}.json");
        self.home.write(&name, &json!({ "apps": apps }).to_string())
    }

    /// Fails where somebody has asked for the end of it all.
    pub(crate) fn go_on(&self) -> anyhow::Result<()> {
        ensure!(!self.interrupted.load(Ordering::SeqCst), "interrupted");
        Ok(())
    }

    /// Waits until an app executes.
    ///
    /// Errors: none does within the time it has; interrupted.
    pub(crate) fn hear(&self) -> anyhow::Result<Executes> {
        let mut bytes = [0; LENGTH];
        let length = loop {
            self.go_on()?;
            match self.ears.recv(&mut bytes) {
                Err(why) if why.kind() == ErrorKind::Interrupted => {}
                heard => break heard.context("no app executes")?,
            }
        };
        ensure!(length == LENGTH, "somebody else spoke on the socket");
        Ok(Executes::of_bytes(bytes))
    }

    /// Leaves everything alone for so long.
    ///
    /// Errors: interrupted.
    pub(crate) fn rest(&self, time: Duration) -> anyhow::Result<()> {
        let mut left = Timespec::try_from(time)?;
        loop {
            self.go_on()?;
            match nanosleep(&left) {
                NanosleepRelativeResult::Ok => return Ok(()),
                NanosleepRelativeResult::Interrupted(more) => left = more,
                NanosleepRelativeResult::Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Waits until so many apps execute.
    ///
    /// Shape: in the order in which they were heard.
    pub(crate) fn hear_all(&self, count: usize) -> anyhow::Result<Vec<Executes>> {
        (0..count).map(|_| self.hear()).collect()
    }
}
