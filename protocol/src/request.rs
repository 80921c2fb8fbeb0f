//! What a client can ask.

use config::{AppName, AppSpec, Signal};
use serde::{Deserialize, Serialize};

use crate::{InstanceId, RequestId};

/// One request line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking {
    /// The client's own name for it. Asking again by the same id within a minute gives the same
    /// answer; nothing is done twice.
    pub id: RequestId,
    /// What is asked.
    pub request: Request,
}

/// What can be asked of the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verb")]
pub enum Request {
    /// Are you there? Answered by `Reply::Pong`.
    Ping,
    /// What is there? Answered by `Reply::View`.
    List,
    /// The full specifications, environments included. Answered by `Reply::Specs`.
    Specs {
        /// Of which; not empty.
        select: Vec<Selector>,
    },
    /// Registers apps and brings them up. Answered by `Reply::Settled`.
    Apply {
        /// Their specifications, names unique; not empty.
        apps: Vec<AppSpec>,
        /// What is to be done with an app whose name is there already.
        existing: Existing,
    },
    /// Brings up what is down; leaves alone what is up. Answered by `Reply::Settled`.
    Start {
        /// Which; not empty.
        select: Vec<Selector>,
    },
    /// Brings down. Answered by `Reply::Settled`.
    Stop {
        /// Which; not empty.
        select: Vec<Selector>,
    },
    /// Stops what runs, then starts. Answered by `Reply::Settled`.
    Restart {
        /// Which; not empty.
        select: Vec<Selector>,
    },
    /// Replaces what runs without losing a request, as far as that is possible; starts what is down.
    /// Answered by `Reply::Settled`, when the old runs have ended.
    Reload {
        /// Which; not empty.
        select: Vec<Selector>,
    },
    /// Brings down and forgets. Answered by `Reply::Settled`.
    Delete {
        /// Which; not empty.
        select: Vec<Selector>,
    },
    /// Zeroes the counters of restarts and forgets the backoff. Answered by `Reply::Settled`.
    Reset {
        /// Which; not empty.
        select: Vec<Selector>,
    },
    /// Changes how many instances an app has. Answered by `Reply::Settled`.
    Scale {
        /// The app.
        app: AppName,
        /// To how many.
        to: ScaleTo,
    },
    /// Sends a signal to the leaders of running instances. Answered by `Reply::Signalled`.
    Signal {
        /// Which; not empty.
        select: Vec<Selector>,
        /// The signal.
        signal: Signal,
    },
    /// Empties log files. Answered by `Reply::Flushed`.
    Flush {
        /// Whose; not empty.
        select: Vec<Selector>,
    },
    /// Writes the fleet as it is beside the state, for `Resurrect`. Answered by `Reply::Dumped`.
    Dump,
    /// Brings back the apps of the last dump whose names are not there. Answered by
    /// `Reply::Settled`.
    Resurrect,
    /// Sends notices from here on. Answered by `Reply::Following`, then `Noticed` lines.
    Events,
    /// Stops all apps, keeps their goals, ends the daemon. Answered by `Reply::Ended`.
    Kill,
}

/// Which instances are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selector {
    /// All there are; none is right too.
    All,
    /// What a person typed: an app's name, else a namespace, else an id. Source: PM2, which tries
    /// them in this order.
    Word(String),
    /// One instance.
    Id(InstanceId),
}

/// What to do with an app that is there already when its specification comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Existing {
    /// Take the new specification; restart only where it differs, start what is down.
    Converge,
    /// Take the new specification and restart.
    Restart,
    /// Take the new specification and replace what runs, as `Request::Reload` does.
    Reload,
    /// Refuse the whole request where an instance is up; else as `Converge`.
    Refuse,
    /// Leave it as it is.
    Skip,
}

/// To how many instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleTo {
    /// This many.
    Exactly(u32),
    /// So many more.
    Up(u32),
    /// So many fewer, at least none.
    Down(u32),
}
