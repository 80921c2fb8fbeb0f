//! What a hand-over from one run to the next has come to, and what it could not be.

use std::path::PathBuf;

use config::Span;
use serde::{Deserialize, Serialize};

use crate::ExitStatus;

/// How one instance passed from a run to its successor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handed {
    /// In which way.
    pub mode: Mode,
    /// What was missing for a hand-over without loss; empty where nothing was.
    pub lacks: Vec<Lack>,
    /// What became of the connections of the old run.
    pub tally: Tally,
    /// How long new connections waited, as far as we made them wait; zero for an overlap.
    pub pause: Span,
    /// From the request, or the launch of the successor, to the end of the old run.
    pub took: Span,
}

/// In which way an instance passed from one run to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Both lived at once; new connections went to one or the other, and never waited.
    Overlap,
    /// One after the other; new connections waited in a socket of ours.
    Queue,
    /// One after the other, and nothing was held: what connected meanwhile was refused, if the app
    /// listens at all.
    Restart,
}

/// What became of the connections that a run had when it was replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Kept open by the daemon, silent as they were.
    pub adopted: u32,
    /// Cut while something was under way on them.
    pub cut: u32,
    /// Cut about which nothing is known: streams, WebSockets, protocols that are not HTTP/1. Also
    /// those that are kept open before it was known whether an answer is awaited on them.
    pub cut_unknown: u32,
}

/// What a hand-over without loss needs and this machine or this app does not give.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lack {
    /// What.
    pub of: LackOf,
    /// The kernel's error number; 0 where there is none.
    pub errno: i32,
}

/// What may be missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LackOf {
    /// The kernel, or a container's policy, allows no filter on `bind` and `listen`.
    Filter,
    /// The app may gain privileges: its executable has some of its own. So it got no filter.
    Privileged {
        /// The executable.
        file: PathBuf,
    },
    /// `no_new_privs: never` forbids the filter, and the daemon is not root.
    Unwanted,
    /// Descriptors of the app cannot be duplicated (`pidfd_getfd`).
    Duplicate,
    /// The app cannot be traced, so its last answers do not tell clients to leave.
    Trace,
    /// The kernel does not tell which connections there are (`sock_diag`).
    Diagnosis,
    /// Somebody else listens on the same port.
    Stranger,
    /// The kernel takes no selector for the port.
    Selector,
    /// No socket of ours can take the place of the app's, to hold what connects.
    Hold,
}

/// Why the check of a successor failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckFailure {
    /// It answered, but with this status.
    Status(u16),
    /// No answer within this time.
    Late(Span),
    /// The connection could not be made or broke, by the kernel's error number.
    Broken(i32),
    /// What it answered is not HTTP.
    NotHttp,
    /// It ended meanwhile.
    Ended(ExitStatus),
    /// It listens on no TCP port that could be asked.
    NoPort,
}
