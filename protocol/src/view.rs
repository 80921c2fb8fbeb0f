//! What the daemon shows of the fleet. It holds no environment.

use std::path::PathBuf;

use config::spec::{Exec, ExecMode, LogPaths, Origin, ReadyRule, RestartRule, StopRule};
use config::{Address, AppName, HandoverRule, Namespace, Span};
use serde::{Deserialize, Serialize};

use crate::handover::{Lack, Mode};
use crate::reply::Death;
use crate::{ExitStatus, InstanceId, Pid, RunId, Time};

/// The fleet at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// When it was taken.
    pub now: Time,
    /// All apps, by name.
    pub apps: Vec<AppView>,
}

/// One app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppView {
    /// Its name.
    pub name: AppName,
    /// Its group.
    pub namespace: Namespace,
    /// What is executed.
    pub exec: Exec,
    /// Fork or cluster.
    pub mode: ExecMode,
    /// Its working folder.
    pub cwd: PathBuf,
    /// As which user it runs; none: the daemon's.
    pub uid: Option<u32>,
    /// The variable that tells an instance its number.
    pub instance_var: String,
    /// The variable that is one higher in each instance.
    pub increment_var: Option<String>,
    /// When it is started again.
    pub restart: RestartRule,
    /// How it is stopped.
    pub stop: StopRule,
    /// When it is ready.
    pub ready: ReadyRule,
    /// How its runs are replaced.
    #[serde(default)]
    pub handover: HandoverRule,
    /// The pattern of its stamps.
    pub stamp: Option<String>,
    /// Where its specification came from.
    pub origin: Option<Origin>,
    /// Its instances, by number.
    pub instances: Vec<InstanceView>,
}

/// One instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceView {
    /// Its id.
    pub id: InstanceId,
    /// Its app.
    pub app: AppName,
    /// Its number within the app, from 0.
    pub slot: u32,
    /// What it is.
    pub state: StateView,
    /// The process; none when nothing runs.
    pub pid: Option<Pid>,
    /// The current run; none when nothing runs.
    pub run: Option<RunId>,
    /// How long the current run has lived; none when nothing runs.
    pub uptime: Option<Span>,
    /// How often it was started again, for whatever reason.
    pub restarts: u32,
    /// How many of its deaths count towards giving up, of how many: (now, limit).
    pub unstable: (u32, u32),
    /// How many runs in a row died before `min_uptime`; 0 after one that lived longer.
    pub failures: u32,
    /// When the next run starts; only while it waits.
    pub next_in: Option<Span>,
    /// How its last run ended by itself; none when none did since it was asked to start.
    pub last_death: Option<Death>,
    /// How its last run ended, whoever asked for it.
    pub last_exit: Option<ExitStatus>,
    /// Where its current run listens; the one that gets new connections, where there are two.
    #[serde(default)]
    pub listens: Vec<Address>,
    /// What is missing for a hand-over of that run without loss.
    #[serde(default)]
    pub lacks: Vec<Lack>,
    /// The other run, while one is being replaced: the successor until it takes over, then the old
    /// one.
    #[serde(default)]
    pub beside: Option<RunId>,
    /// In which way a reload would replace its current run; none when nothing runs.
    #[serde(default)]
    pub next_mode: Option<Mode>,
    /// Its log files.
    pub logs: LogPaths,
    /// Its pid file.
    pub pid_file: PathBuf,
}

/// What an instance is, in PM2's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateView {
    /// Nothing runs and nothing is due.
    #[serde(rename = "stopped")]
    Stopped,
    /// Its program was started and is not ready yet.
    #[serde(rename = "launching")]
    Launching,
    /// Its program is ready.
    #[serde(rename = "online")]
    Online,
    /// Its program was asked to end and has not yet.
    #[serde(rename = "stopping")]
    Stopping,
    /// Its program died and is started again after a delay.
    #[serde(rename = "waiting restart")]
    WaitingRestart,
    /// It died too often; a person must look.
    #[serde(rename = "errored")]
    Errored,
}

impl StateView {
    /// The word that is shown.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Launching => "launching",
            Self::Online => "online",
            Self::Stopping => "stopping",
            Self::WaitingRestart => "waiting restart",
            Self::Errored => "errored",
        }
    }
}
