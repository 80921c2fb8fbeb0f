//! What outlives the daemon: the goals on disk, and the records of the journal.
//!
//! Every version of these must be readable for ever: fields are only added, each with a default.

use std::sync::Arc;

use config::{Address, AppName, AppSpec, Span};
use serde::{Deserialize, Serialize};

use crate::notice::Cause;
use crate::{InstanceId, Pid, RunId, Time};

/// The goals: what should run, with which ids and counters. The contents of `state.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The next run's id. Never lower than any id that was used.
    pub next_run: RunId,
    /// The next instance's id.
    pub next_instance: InstanceId,
    /// All apps, by name.
    pub apps: Vec<SavedApp>,
}

/// One app and its instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedApp {
    /// Its specification.
    pub spec: Arc<AppSpec>,
    /// Its instances, by number.
    pub instances: Vec<SavedInstance>,
}

/// One instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedInstance {
    /// Its id.
    pub id: InstanceId,
    /// Its number within the app.
    pub slot: u32,
    /// Whether it should be up.
    pub goal: SavedGoal,
    /// How often it was started again.
    #[serde(default)]
    pub restarts: u32,
}

/// What an instance should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SavedGoal {
    /// It should run.
    Up,
    /// It should not.
    Down,
    /// It should have run but died too often; a boot tries again.
    Errored,
}

/// One line of the journal: what one turn changed of one app or instance. The last record of each
/// name or id is what holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "most are of instances, and each is written and dropped at once"
)]
pub enum Record {
    /// The app has this specification.
    App {
        /// Its specification, its name in it.
        spec: Arc<AppSpec>,
    },
    /// The app is forgotten.
    AppForgotten {
        /// Its name.
        app: AppName,
    },
    /// The instance is this.
    Instance {
        /// Its app.
        app: AppName,
        /// What it should be.
        instance: SavedInstance,
        /// What it is.
        live: Live,
    },
    /// The instance is forgotten.
    InstanceForgotten {
        /// Its id.
        id: InstanceId,
    },
    /// The counters stand here.
    Counters {
        /// The next run's id.
        next_run: RunId,
        /// The next instance's id.
        next_instance: InstanceId,
    },
}

/// What an instance is at one moment of this boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// Nothing runs, something is due, or a run is at some stage of its life.
    pub state: LiveState,
    /// When its runs died too early, oldest first; those that still count towards giving up.
    pub deaths: Vec<Time>,
    /// The delay before the last automatic start; zero when there was none.
    pub delay: Span,
    /// How many runs in a row died too early.
    pub failures: u32,
}

/// The state of an instance, times as moments and never as countdowns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveState {
    /// Nothing runs, nothing is due.
    Idle,
    /// Nothing runs, a launch is due.
    Waiting {
        /// When.
        until: Time,
    },
    /// Nothing runs, it has given up.
    Failed,
    /// A run is alive, or on its way.
    Up {
        /// Which.
        run: LiveRun,
    },
    /// Two runs are alive, or on their way.
    Replacing {
        /// The one that is replaced.
        old: LiveRun,
        /// Its successor.
        new: LiveRun,
    },
}

/// One run, at its moment of its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveRun {
    /// Which.
    pub id: RunId,
    /// When it was launched.
    pub born: Time,
    /// Its process; none while the launcher is being started.
    pub pid: Option<Pid>,
    /// Why it was asked to end; none when it was not.
    pub ending: Option<Cause>,
    /// Why it gets no new connections any more and ends when the old ones are done; none otherwise.
    #[serde(default)]
    pub draining: Option<Cause>,
    /// When something is due: the end of its time to become ready, to drain, or to end.
    pub by: Option<Time>,
    /// When its leader ended, where it has and what it had started has not.
    #[serde(default)]
    pub leader_ended: Option<Time>,
    /// Where it listens.
    #[serde(default)]
    pub listens: Vec<Address>,
}
