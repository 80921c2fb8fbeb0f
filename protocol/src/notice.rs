//! Facts worth telling a person: what `wsctl events` prints and the daemon's own log holds.

use std::path::PathBuf;

use config::{Address, AppName, Signal, Span};
use serde::{Deserialize, Serialize};

use crate::handover::{Handed, Lack, Mode};
use crate::reply::{DeathBy, DiskError};
use crate::{ExitStatus, InstanceId, LaunchError, Pid, RunId};

/// One line of the stream of notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noticed {
    /// Milliseconds since 1970, by the wall clock.
    pub at: u64,
    /// What happened.
    pub notice: Notice,
}

/// A fact worth telling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Notice {
    /// The daemon is up and its socket is open.
    DaemonUp {
        /// Its process.
        pid: Pid,
        /// How many apps it brought back.
        apps: u32,
    },
    /// The daemon was asked to end.
    DaemonEnding {
        /// By which signal and process; none: by a client's `kill`.
        by: Option<(Signal, Pid)>,
    },
    /// A run was launched.
    Launched {
        /// Whose.
        who: Who,
        /// Its process.
        pid: Pid,
    },
    /// A run could not be launched.
    LaunchFailed {
        /// Whose.
        who: Who,
        /// Why.
        why: LaunchError,
    },
    /// A run is ready.
    Ready {
        /// Whose.
        who: Who,
        /// How it is known.
        by: ReadyBy,
        /// How long after its launch.
        after: Span,
    },
    /// A run listens.
    Listening {
        /// Whose.
        who: Who,
        /// Where.
        at: Address,
    },
    /// A run cannot be handed over without loss.
    Hindered {
        /// Whose.
        who: Who,
        /// What is missing.
        lack: Lack,
    },
    /// A run is being replaced.
    Replacing {
        /// The old run.
        who: Who,
        /// Whether both live at once.
        mode: Mode,
    },
    /// A run has taken over: new connections go to it alone.
    TookOver {
        /// The new run.
        who: Who,
    },
    /// A run was replaced and is gone.
    Replaced {
        /// The new run.
        who: Who,
        /// How it went.
        handed: Handed,
    },
    /// A successor did not come up; the old run serves on.
    Kept {
        /// The old run.
        who: Who,
        /// What happened to the successor.
        how: DeathBy,
    },
    /// A run was asked to end.
    Stopping {
        /// Whose.
        who: Who,
        /// Why.
        cause: Cause,
    },
    /// A run did not end in time and is killed.
    Killing {
        /// Whose.
        who: Who,
        /// The time it had.
        after: Span,
    },
    /// A run ended because it was asked to.
    Stopped {
        /// Whose.
        who: Who,
        /// Why it was asked.
        cause: Cause,
        /// How it ended.
        status: ExitStatus,
    },
    /// A run ended and nobody had asked.
    Died {
        /// Whose.
        who: Who,
        /// What ended it.
        how: DeathBy,
        /// How long it lived.
        lived: Span,
        /// In what time the next one starts; none: no next one.
        next_in: Option<Span>,
    },
    /// A job ended that is not to be started again.
    Finished {
        /// Whose.
        who: Who,
        /// How.
        status: ExitStatus,
    },
    /// It died too often: nothing more is tried until a person starts it.
    Errored {
        /// Whose.
        who: Who,
        /// How many deaths it took.
        deaths: u32,
    },
    /// An app was registered or has a new specification.
    Applied {
        /// Which.
        app: AppName,
        /// How many instances it has.
        instances: u32,
    },
    /// An app was forgotten.
    Deleted {
        /// Which.
        app: AppName,
    },
    /// Processes of an earlier daemon were found running and ended.
    LeftoversEnded {
        /// Which.
        pids: Vec<Pid>,
    },
    /// The state could not be written; it is tried again with the next change.
    SaveFailed {
        /// Why.
        why: DiskError,
    },
    /// The state was damaged; the previous generation was taken.
    StateDamaged {
        /// What is wrong with it.
        why: DiskError,
        /// Where the damaged file was put.
        kept_as: PathBuf,
    },
    /// A log file cannot be written; the app's output waits in its pipe.
    LogBlocked {
        /// Which file, and why.
        why: DiskError,
    },
    /// A log file can be written again.
    LogResumed {
        /// Which file.
        file: PathBuf,
    },
}

/// The run that a notice is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// Its app.
    pub app: AppName,
    /// Its instance.
    pub id: InstanceId,
    /// Its number within the app.
    pub slot: u32,
    /// The run.
    pub run: RunId,
}

/// How a run is known to be ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadyBy {
    /// It said `"ready"` on its Node channel.
    Channel,
    /// It said `READY=1` on its notify socket.
    Notify,
    /// It listens, where that was to be expected.
    Listening,
    /// It passed its check.
    Checked,
    /// It has lived long enough.
    Lived,
}

/// Why a run was asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Somebody stopped or deleted it.
    Operator,
    /// Somebody restarted it.
    Restart,
    /// Its leader ended by itself; what it had started is asked to end too.
    LeaderGone,
    /// It did not become ready in time, or did not pass its check.
    NotReady,
    /// Its successor has taken over.
    Replaced,
    /// The daemon ends.
    ShutDown,
}
