//! What happened: the only way in.

use alloc::string::String;
use alloc::vec::Vec;

use config::{Address, Signal};
use protocol::notice::ReadyBy;
use protocol::reply::DiskError;
use protocol::saved::Saved;
use protocol::{
    CheckFailure, ExitStatus, Generation, Lack, LaunchError, Pid, Request, RequestId, RunId, Tally,
};

/// An open request, as the shell numbers them. Each ticket is answered exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What happened. An event about a run whose life is over changes nothing.
#[derive(Debug, Clone)]
pub enum Event {
    /// A client asks. `Request::Events` never comes here: the shell serves it.
    Asked {
        /// Whom to answer.
        ticket: Ticket,
        /// The client's own name for the request.
        id: RequestId,
        /// What it asks.
        request: Request,
    },
    /// The client of this ticket is gone; its request goes on, and its answer is kept for a minute.
    Hung {
        /// Which.
        ticket: Ticket,
    },
    /// The program of a run is executing.
    Launched {
        /// The run.
        run: RunId,
        /// Its process.
        pid: Pid,
    },
    /// The run could not be launched; nothing of it is left.
    LaunchFailed {
        /// The run.
        run: RunId,
        /// Why.
        why: LaunchError,
    },
    /// The run says that it is ready.
    Ready {
        /// The run.
        run: RunId,
        /// How it said so.
        by: ReadyBy,
    },
    /// The run listens at this address; told once for each, and not for ports that the kernel chose.
    /// May come before `Launched`.
    Listening {
        /// The run.
        run: RunId,
        /// Where.
        at: Address,
    },
    /// The run lacks something for a hand-over without loss. May come before `Launched`, and while
    /// it drains.
    Hindered {
        /// The run.
        run: RunId,
        /// What is missing.
        lack: Lack,
    },
    /// The answer to [`crate::Effect::Check`].
    Checked {
        /// The run.
        run: RunId,
        /// Whether it passed, or why not.
        outcome: Result<(), CheckFailure>,
    },
    /// Every connection of a run that is watched is known to be silent or under way. Told once a
    /// watch, and not after [`crate::Effect::Drain`], [`crate::Effect::Serve`] or
    /// [`crate::Effect::Retire`].
    Watched {
        /// The run.
        run: RunId,
    },
    /// Nothing is under way any more on the connections of a run that drains: there are none, or
    /// silent ones only. Told once a drain, and not after [`crate::Effect::Retire`].
    Drained {
        /// The run.
        run: RunId,
    },
    /// What became of the connections of a run that was retired. Comes before its `Exited`; not at
    /// all where it ended by itself while it drained.
    Retired {
        /// The run.
        run: RunId,
        /// What became of them.
        tally: Tally,
    },
    /// The leader ended, and processes that it started are still alive. `Exited` follows when they
    /// are gone. Not sent where nothing is left or the run's scope is its leader alone.
    LeaderExited {
        /// The run.
        run: RunId,
        /// How the leader ended.
        status: ExitStatus,
    },
    /// Nothing of the run is left, and its leader has been reaped.
    Exited {
        /// The run.
        run: RunId,
        /// How the leader ended.
        status: ExitStatus,
    },
    /// All that the run printed is in its files. Comes once a run, after `Exited` or `LaunchFailed`.
    LogEnded {
        /// The run.
        run: RunId,
        /// The last lines of its standard error, else of its standard output, oldest first, at most
        /// 32.
        last: Vec<String>,
    },
    /// The goals up to this generation are on disk, or the disk refused them.
    Saved {
        /// The generation that was written or tried.
        upto: Generation,
        /// Why not.
        failed: Option<DiskError>,
    },
    /// The answer to [`crate::Effect::Flush`].
    Flushed {
        /// Whose.
        ticket: Ticket,
        /// The reply, `Reply::Flushed`.
        reply: protocol::Reply,
    },
    /// The answer to [`crate::Effect::Dump`].
    Dumped {
        /// Whose.
        ticket: Ticket,
        /// The reply, `Reply::Dumped`.
        reply: protocol::Reply,
    },
    /// The answer to [`crate::Effect::ReadDump`].
    DumpRead {
        /// Whose.
        ticket: Ticket,
        /// What was read.
        dump: Result<Saved, DiskError>,
    },
    /// The shell has something to tell that needs no decision.
    Told {
        /// What.
        notice: protocol::Notice,
    },
    /// A deadline may have passed.
    Tick,
    /// The daemon is asked to end: stop all, keep the goals.
    ShutDown {
        /// By which signal of which process.
        by: Option<(Signal, Pid)>,
    },
}
