//! A server that is replaced in one of the ways.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use benches::clock::Moment;
use serde_json::json;
use tests::load::{Load, Phase};
use tests::reloading::{APP, Served};
use tests::servers::Bare;
use tests::{Deadline, Home, Runtime, Server};

use super::way::Who;
use crate::rival::Rival;
use crate::stage::Stage;

/// How long a server may take until it listens, or a load until it is answered.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How long a server may take to end before it is killed: what PM2 gives it.
const STOPPED_WITHIN: Duration = Duration::from_millis(1600);

/// How long all rounds of a cell may take.
const LIMIT: Duration = Duration::from_secs(1800);

/// Replaces a server's run by one of the next release.
pub(crate) trait Subject {
    /// The server.
    fn server(&self) -> &Server;

    /// Replaces the run; returns how long that took.
    ///
    /// Errors: it does not come up, or not in this way.
    fn reload(&mut self, release: u64, load: &Load) -> anyhow::Result<Duration>;
}

/// Under our own daemon.
#[derive(Debug)]
pub(crate) struct Ours {
    served: Served,
    who: Who,
}

impl Ours {
    /// Starts it; none where its runtime is not installed.
    pub(crate) fn start(runtime: Runtime, who: Who) -> Option<Self> {
        let home = Home::with_limit(LIMIT);
        home.start_daemon();
        let settings = json!({ "handover": word(who) });
        let served = Served::start(home, runtime, settings)?;
        Some(Self { served, who })
    }
}

const fn word(who: Who) -> &'static str {
    match who {
        Who::Queue => "queue",
        Who::Overlap | Who::Pm2 | Who::Restart => "overlap",
    }
}

impl Subject for Ours {
    fn server(&self) -> &Server {
        &self.served.server
    }

    fn reload(&mut self, _: u64, load: &Load) -> anyhow::Result<Duration> {
        let reloaded = self.served.reload(load);
        let mode = tests::reloading::word(reloaded.handed.mode);
        let handed = &reloaded.handed;
        ensure!(mode == word(self.who), "another way was taken: {handed:?}");
        Ok(reloaded.took)
    }
}

/// Under PM2.
#[derive(Debug)]
pub(crate) struct Theirs<'s> {
    rival: Rival<'s>,
    server: Server,
}

impl<'s> Theirs<'s> {
    /// Starts it; none where its runtime is not installed.
    ///
    /// Errors: PM2 does not do what it is asked.
    pub(crate) fn start(runtime: Runtime, stage: &'s Stage) -> anyhow::Result<Option<Self>> {
        let folder = stage.home().work().join("server");
        let Some(server) = runtime.server(&folder) else {
            return Ok(None);
        };
        let rival = Rival::pm2(stage)?;
        let apps = json!({ "apps": [server.app(APP)] });
        let file = stage.home().write("pm2.json", &apps.to_string());
        rival.call(&["start", &file.to_string_lossy()])?;
        server.await_listening(Deadline::after(PATIENCE));
        Ok(Some(Self { rival, server }))
    }
}

impl Subject for Theirs<'_> {
    fn server(&self) -> &Server {
        &self.server
    }

    fn reload(&mut self, release: u64, load: &Load) -> anyhow::Result<Duration> {
        self.server.release(release);
        load.enter(Phase::During);
        let took = self.rival.call(&["reload", APP])?;
        load.enter(Phase::After);
        Ok(took)
    }
}

/// Under nobody: stopped, then started.
#[derive(Debug)]
pub(crate) struct Alone {
    /// None only within a restart.
    bare: Option<Bare>,
    server: Server,
    _folder: tempfile::TempDir,
}

impl Alone {
    /// Starts it; none where its runtime is not installed.
    ///
    /// Errors: there is no room for its folder.
    pub(crate) fn start(runtime: Runtime) -> anyhow::Result<Option<Self>> {
        let folder = tempfile::tempdir()?;
        let Some(server) = runtime.server(folder.path()) else {
            return Ok(None);
        };
        let bare = Some(server.spawn());
        server.await_listening(Deadline::after(PATIENCE));
        Ok(Some(Self {
            bare,
            server,
            _folder: folder,
        }))
    }
}

impl Subject for Alone {
    fn server(&self) -> &Server {
        &self.server
    }

    fn reload(&mut self, release: u64, load: &Load) -> anyhow::Result<Duration> {
        self.server.release(release);
        load.enter(Phase::During);
        let begin = Moment::now();
        let bare = self.bare.take().context("it has not come up again")?;
        bare.stop(STOPPED_WITHIN);
        self.bare = Some(self.server.spawn());
        self.server.await_listening(Deadline::after(PATIENCE));
        load.enter(Phase::After);
        Ok(Moment::now().since(begin))
    }
}
