//! How a run is replaced while clients are served.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Span;

/// How a run is replaced, and what happens to those who connect while nothing runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HandoverRule {
    /// Whether two runs may live at once.
    pub mode: Handover,
    /// The path that a successor is asked for by HTTP, alone, before clients reach it; it must
    /// answer with a status from 200 to 399. None: nothing is asked.
    pub check: Option<String>,
    /// How many instances are replaced at once, at least 1.
    pub batch: u32,
    /// How long connections that were being made when a successor took over may take to be seen.
    pub settle: Span,
    /// How long what a replaced run has begun may take, where its successor serves already; later is
    /// cut, and counted.
    pub drain_timeout: Span,
    /// How long nothing may happen on connections about which nothing is known, until they count as
    /// silent.
    pub drain_idle: Span,
    /// How long clients may wait for requests in flight, where the old run must end first.
    pub queue_pause: Span,
    /// How long clients may wait while no run serves, because it died or makes way for the next;
    /// later they are refused.
    pub hold_timeout: Span,
    /// What becomes of silent connections of a run that is replaced.
    pub keepalive: KeepAlive,
    /// How many connections may wait to be accepted.
    pub backlog: Backlog,
    /// Whether an app of an ordinary user may be forbidden to gain privileges, without which there
    /// is no hand-over for it.
    pub no_new_privs: NoNewPrivs,
    /// Listening sockets that it is given, as `LISTEN_FDS` tells it.
    pub listen: Vec<Address>,
}

impl Default for HandoverRule {
    fn default() -> Self {
        Self {
            mode: Handover::Auto,
            check: None,
            batch: 1,
            settle: Span::millis(100),
            drain_timeout: Span::secs(30),
            drain_idle: Span::secs(5),
            queue_pause: Span::secs(5),
            hold_timeout: Span::secs(30),
            keepalive: KeepAlive::Adopt,
            backlog: Backlog::Max,
            no_new_privs: NoNewPrivs::Auto,
            listen: Vec::new(),
        }
    }
}

/// Whether two runs of one instance may live at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Handover {
    /// The same as `Overlap`, where nobody has asked for it by name.
    #[default]
    Auto,
    /// The successor is up and checked before the old run stops getting connections; what never
    /// listened is stopped, then started.
    Overlap,
    /// The old run has ended before the next one starts; who connects meanwhile waits.
    Queue,
    /// Listeners are left to the app: a reload is a restart.
    Off,
}

impl Handover {
    /// Its name, as it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Overlap => "overlap",
            Self::Queue => "queue",
            Self::Off => "off",
        }
    }
}

/// What becomes of silent connections of a run that is replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeepAlive {
    /// The daemon keeps them open, and hands their next request to the new run.
    #[default]
    Adopt,
    /// They end with the old run.
    Close,
}

/// How many connections may wait to be accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backlog {
    /// As many as the kernel allows.
    #[default]
    Max,
    /// As many as the app asks for.
    App,
}

/// Whether an app may be forbidden to gain privileges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoNewPrivs {
    /// Where the daemon is not root and the executable gains none by itself.
    #[default]
    Auto,
    /// Never.
    Never,
}

/// Where a program listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Address {
    /// TCP. `[::]` stands for IPv4 too, as the kernel has it by default.
    Tcp(SocketAddr),
    /// A socket file, absolute.
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(at) => at.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
