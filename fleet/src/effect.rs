//! What to do: the only way out.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use config::handover::KeepAlive;
use config::spec::{LogPaths, Scope};
use config::{AppName, AppSpec, Signal, Span};
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
    /// Who gets the new connections of an app. Said whenever it changes; holds for listeners that are
    /// still to come. Before it was ever said, every run that listens gets its share.
    Steer {
        /// The app.
        app: AppName,
        /// These runs, in shares. None: `held` says what happens.
        to: Vec<RunId>,
        /// Whether connections that reach no run of `to` wait in sockets of ours. If not, what waits
        /// is refused, and so are those who come.
        held: bool,
    },
    /// Ask a run, alone, for this path, on the first TCP address at which it listens. Reported by
    /// `Checked`, within the limit.
    Check {
        /// The run.
        run: RunId,
        /// The path, with a query perhaps.
        path: String,
        /// How long it may take.
        within: Span,
    },
    /// Look at what is under way on a run's connections, while it serves. Reported by `Watched`.
    /// `Drain`, `Serve` or `Retire` may follow at any time.
    Watch {
        /// The run.
        run: RunId,
        /// How long nothing may happen on a connection until it counts as silent.
        idle: Span,
    },
    /// Begin to drain a run: it gets no new connections from here on, and its clients are asked to
    /// leave with the last answer that they get. Reported by `Drained`.
    Drain {
        /// The run.
        run: RunId,
        /// How long connections that are just being made may take to be seen.
        settle: Span,
        /// How long nothing may happen on a connection until it counts as silent. Zero: nothing is
        /// waited for but requests that are under way.
        idle: Span,
    },
    /// Stop draining or watching a run: it serves on.
    Serve {
        /// The run.
        run: RunId,
    },
    /// End a run that was draining or watched: take over its silent connections, count what is cut, send it
    /// the signal. Reported by `Retired`, then `Exited`. Signals may follow as to any run.
    Retire {
        /// The run.
        run: RunId,
        /// The signal that asks it to end.
        signal: Signal,
        /// To the leader alone or to all that it started.
        to: Scope,
        /// What becomes of silent connections.
        keepalive: KeepAlive,
    },
    /// No run will take over the listeners of this run, which is over: they are closed, and who waits
    /// in them is refused. Said where other listeners of its app are held.
    Release {
        /// The run.
        run: RunId,
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
