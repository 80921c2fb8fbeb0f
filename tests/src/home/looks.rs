//! What the daemon shows, asked over the socket.

use std::path::PathBuf;

use protocol::view::{AppView, InstanceView, StateView};
use protocol::{Reply, Request, View};

use super::Home;
use crate::{Client, Process};

impl Home {
    /// A connection to the daemon.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    #[track_caller]
    pub fn client(&self) -> Client {
        Client::connect(&self.paths.socket()).unwrap_or_else(|| self.fail("there is no daemon"))
    }

    /// The daemon's process.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    #[track_caller]
    pub fn daemon(&self) -> Process {
        let pid = self.client().welcome.pid;
        Process::open(pid.0).unwrap_or_else(|| self.fail("the daemon is gone"))
    }

    /// Asks the daemon one thing over the socket.
    ///
    /// # Panics
    /// Where there is none.
    #[track_caller]
    pub fn ask(&self, request: Request) -> Reply {
        self.client().ask(request)
    }

    /// What the daemon shows.
    ///
    /// # Panics
    /// Where it shows nothing.
    #[must_use]
    #[track_caller]
    pub fn view(&self) -> View {
        let reply = self.ask(Request::List);
        if let Reply::View { view } = reply {
            return view;
        }
        self.fail(&format!("a list was answered by {reply:?}"))
    }

    /// One app as the daemon shows it.
    ///
    /// # Panics
    /// Where it is not there.
    #[must_use]
    #[track_caller]
    pub fn app(&self, name: &str) -> AppView {
        let view = self.view();
        let found = view.apps.into_iter().find(|app| app.name.as_str() == name);
        found.unwrap_or_else(|| self.fail(&format!("there is no app `{name}`")))
    }

    /// The first instance of an app.
    ///
    /// # Panics
    /// Where it is not there.
    #[must_use]
    #[track_caller]
    pub fn instance(&self, name: &str) -> InstanceView {
        let instances = self.app(name).instances.into_iter().next();
        instances.unwrap_or_else(|| self.fail(&format!("`{name}` has no instance")))
    }

    /// The state of the first instance of an app.
    ///
    /// # Panics
    /// Where it is not there.
    #[must_use]
    #[track_caller]
    pub fn state(&self, name: &str) -> StateView {
        self.instance(name).state
    }

    /// The process of the first instance of an app.
    ///
    /// # Panics
    /// Where it does not run.
    #[must_use]
    #[track_caller]
    pub fn process(&self, name: &str) -> Process {
        let pid = self.instance(name).pid;
        pid.and_then(|pid| Process::open(pid.0))
            .unwrap_or_else(|| self.fail(&format!("`{name}` does not run")))
    }

    /// Where the first instance of an app prints to.
    ///
    /// # Panics
    /// Where it prints nowhere.
    #[must_use]
    #[track_caller]
    pub fn out_file(&self, name: &str) -> PathBuf {
        let logs = self.instance(name).logs;
        logs.out
            .unwrap_or_else(|| self.fail(&format!("`{name}` has no log")))
    }
}
