//! What a client gets.

use std::path::PathBuf;

use config::{Address, AppName, AppSpec};
use serde::{Deserialize, Serialize};

use crate::handover::{CheckFailure, Handed};
use crate::view::{InstanceView, View};
use crate::{ExitStatus, InstanceId, LaunchError, RequestId};

/// One reply line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answering {
    /// The request's id; none where the line could not be understood.
    pub id: Option<RequestId>,
    /// The answer.
    pub reply: Reply,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Reply {
    /// To `Ping`.
    Pong,
    /// To `List`.
    View {
        /// What is there.
        view: View,
    },
    /// To `Specs`.
    Specs {
        /// In the order of the view; one an app.
        apps: Vec<AppSpec>,
    },
    /// Everything that was asked has come to rest; the goals are on disk, or `unsaved` says why not.
    Settled {
        /// What became of each instance, in the order of the view; empty where nothing was to do.
        outcomes: Vec<Outcome>,
        /// Why the goals did not reach the disk; none when they did.
        unsaved: Option<DiskError>,
    },
    /// To `Signal`.
    Signalled {
        /// Who got it; empty where nothing runs.
        instances: Vec<InstanceId>,
    },
    /// To `Flush`.
    Flushed {
        /// The files that are empty now, without duplicates.
        files: Vec<PathBuf>,
        /// The files that could not be emptied.
        failed: Vec<DiskError>,
    },
    /// To `Dump`.
    Dumped {
        /// How many apps it holds, or why it was not written.
        written: Result<u32, DiskError>,
        /// Where it is.
        file: PathBuf,
    },
    /// To `Events`.
    Following,
    /// To `Kill`: all apps have ended, the daemon goes.
    Ended,
    /// Nothing was done.
    Refused {
        /// Why not.
        why: Refusal,
    },
}

/// What became of one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The instance as it was when it had settled; for one that was deleted, its last state.
    pub instance: InstanceView,
    /// What was reached.
    pub reached: Reached,
    /// How it passed from one run to the next; none where it did not.
    #[serde(default)]
    pub handed: Option<Handed>,
}

/// What was reached with one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// It is where it was asked to be.
    Done,
    /// It was there already.
    AlreadySo,
    /// It ended, as a job that is not started again may.
    Finished {
        /// How.
        status: ExitStatus,
        /// Whether it may end so.
        finish: Finish,
        /// Its last lines, as those of a death.
        last_lines: Vec<String>,
    },
    /// Its program ended before it was ready.
    Died {
        /// How, and its last words.
        death: Death,
    },
    /// Its successor did not come up; the old run serves on.
    Kept {
        /// What happened to the successor, and its last words.
        death: Death,
    },
    /// Nothing was done with it, because the successor of another instance did not come up.
    LeftAlone,
    /// Someone asked for something else meanwhile.
    Overtaken,
}

impl Reached {
    /// Whether what was asked for has been reached.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        match self {
            Self::Done
            | Self::AlreadySo
            | Self::Finished {
                finish: Finish::Expected,
                ..
            } => true,
            Self::Finished {
                finish: Finish::Unexpected,
                ..
            }
            | Self::Died { .. }
            | Self::Kept { .. }
            | Self::LeftAlone
            | Self::Overtaken => false,
        }
    }
}

/// Whether a job that is not started again may end as it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// By exit code 0, or by one of its `stop_exit_codes`.
    Expected,
    /// By another exit code or a signal.
    Unexpected,
}

/// The end of a run that nobody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Death {
    /// What happened.
    pub how: DeathBy,
    /// How long it lived, from launch to end.
    pub lived: config::Span,
    /// The last lines of its standard error, oldest first, at most 32; of its standard output where
    /// it wrote no errors. Bytes that are not UTF-8 are replaced.
    pub last_lines: Vec<String>,
}

/// What ended a run that nobody asked to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeathBy {
    /// It ended by itself, or somebody else's signal ended it.
    Exit(ExitStatus),
    /// It could not be launched.
    Launch(LaunchError),
    /// It had to say that it is ready, and did not in time; it was stopped.
    NotReady {
        /// The time it had.
        within: config::Span,
    },
    /// It was to take over from a run that listens, and did not listen in time; it was stopped.
    NotListening {
        /// The time it had.
        within: config::Span,
        /// Where it does not; empty where any address would have done.
        at: Vec<Address>,
    },
    /// It did not pass its check, and was stopped.
    Unchecked {
        /// The path that it was asked for.
        path: String,
        /// What came of it.
        why: CheckFailure,
    },
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The selector names nothing. Nothing of the request was done.
    NoSuchApp {
        /// What was typed.
        word: String,
    },
    /// `Existing::Refuse`, and it runs.
    AlreadyUp {
        /// The app.
        app: AppName,
    },
    /// More instances than one app may have.
    TooManyInstances {
        /// The most.
        max: u32,
    },
    /// The same name twice in one request.
    NameTwice {
        /// The name.
        app: AppName,
    },
    /// The app is to run as another user and the daemon is not root.
    NotRoot {
        /// The app.
        app: AppName,
    },
    /// A list that must not be empty is.
    Empty,
    /// The daemon is ending; ask the next one.
    ShuttingDown,
    /// Too many requests are open.
    Busy {
        /// The most.
        max: u32,
    },
    /// There is no dump, or it cannot be read.
    NoDump {
        /// The file, and why.
        why: DiskError,
    },
    /// The line is not a request.
    Malformed {
        /// Where and why, in the parser's words.
        detail: String,
    },
    /// The line is longer than allowed.
    TooLong {
        /// The most, in bytes.
        max: u64,
    },
    /// The two programs have no version of the protocol in common.
    Version {
        /// What the daemon speaks.
        daemon: u32,
    },
}

/// A file that could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskError {
    /// The file.
    pub file: PathBuf,
    /// The kernel's error number; none where the contents were at fault.
    pub errno: Option<i32>,
    /// What was wrong, where it was not the kernel who said so; else empty.
    pub detail: String,
}

impl DiskError {
    /// What the kernel, or the standard library on its behalf, said about a file.
    #[must_use]
    pub fn new(file: impl Into<PathBuf>, why: &std::io::Error) -> Self {
        let errno = why.raw_os_error();
        Self {
            file: file.into(),
            errno,
            detail: match errno {
                Some(_) => String::new(),
                None => why.to_string(),
            },
        }
    }

    /// What is wrong with the contents of a file.
    #[must_use]
    pub fn contents(file: impl Into<PathBuf>, detail: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            errno: None,
            detail: detail.into(),
        }
    }
}
