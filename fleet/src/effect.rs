//! What to do: the only way out.

use alloc::sync::Arc;
use alloc::vec::Vec;

use config::spec::{LogPaths, Scope};
use config::{AppSpec, Signal};
use protocol::notice::Who;
use protocol::saved::Saved;
use protocol::{Generation, Notice, Reply, RunId};

use crate::Ticket;

/// What to do, in order. None of these waits: what takes time reports back as an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Start the program of an instance. Reported by `Launched` or `LaunchFailed`.
    Launch(LaunchOrder),
    /// Send a signal to a run that was launched. A run that is gone is not an error.
    Signal {
        /// To whom.
        run: RunId,
        /// Which.
        signal: Signal,
        /// To the leader alone or to all that it started.
        to: Scope,
    },
    /// Write the goals to disk. Reported by `Saved`.
    Save {
        /// Their generation.
        generation: Generation,
        /// The goals.
        saved: Saved,
    },
    /// Write the goals to the dump. Reported by `Dumped`.
    Dump {
        /// For whom.
        ticket: Ticket,
        /// The goals.
        saved: Saved,
    },
    /// Read the dump. Reported by `DumpRead`.
    ReadDump {
        /// For whom.
        ticket: Ticket,
    },
    /// Empty these log files. Reported by `Flushed`.
    Flush {
        /// For whom.
        ticket: Ticket,
        /// The files, one entry an instance; a path may stand in several.
        logs: Vec<LogPaths>,
    },
    /// Tell whoever listens.
    Note(Notice),
    /// Answer a client.
    Answer {
        /// Whom.
        ticket: Ticket,
        /// The answer.
        reply: Reply,
    },
    /// End the daemon: nothing runs, everybody is answered.
    Exit,
}

/// A run to be launched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchOrder {
    /// The run, with its app and instance.
    pub who: Who,
    /// What to run. Its environment is `spec.env_of(who.slot)`, its log files
    /// `spec.log_paths(who.id)`.
    pub spec: Arc<AppSpec>,
}
