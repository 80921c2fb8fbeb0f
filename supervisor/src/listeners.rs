//! The listening sockets of apps, which outlive their runs.
//!
//! Each run but those that want none of it is launched with a filter that passes its calls of `bind`
//! and `listen` to one thread here, which answers at once. At `bind` the socket is made to share its
//! port, at `listen` a duplicate is kept. So a second run can listen while the first one serves, and
//! one system call decides which of them gets the next connection; and where nobody serves, the
//! duplicate keeps connections waiting, until the next run's `bind` is answered by putting that very
//! socket in the place of its own.
//!
//! ```text
//! app ── bind ────▶ thread: share the port, go on       or: here is the one that waits
//! app ── listen ──▶ thread: listen, keep a duplicate    ──▶ `Listening`
//! loop ── steer, ended ──▶ thread: who gets the next connection
//! loop ── drain, retire ─▶ thread ──▶ the draining thread, with the sockets of the run
//! ```
//!
//! Whatever goes wrong here, the call goes on as if there were no filter: the app runs, and only a
//! hand-over is lost. Who may serve is decided in `fleet`; here is only done what it says.
//!
//! The thread's state is its descriptors and, for each, what [`table::Table`] knows of it: app,
//! instance, run and group. It sleeps until an app calls or the loop orders.

mod answer;
mod caller;
mod census;
mod check;
mod claims;
mod closed;
mod door;
mod files;
mod group;
mod holder;
mod key;
mod options;
mod order;
mod parked;
mod probe;
mod rights;
mod run;
mod selector;
mod steering;
mod stranded;
mod table;
mod thread;

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use config::{AppName, Span};
use fleet::LaunchOrder;
use nix::unistd::Pid;
use protocol::{Notice, RunId};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::drain::{Drains, Retire};
use crate::inbox::InboxSender;
use crate::notices::Notices;
use crate::relay::Relay;
use key::Key;
use steering::Said;
use thread::Thread;

/// What the thread is told.
#[derive(Debug)]
enum Order {
    /// A run was launched.
    Attach(Launched),
    /// Who gets the new connections of an app.
    Steer {
        app: AppName,
        said: Said,
    },
    /// Ask a run.
    Check(Asked),
    /// A request from there to a listener of this group is over.
    Checked {
        key: Key,
        from: SocketAddr,
    },
    /// A run is watched, drains, serves on, or ends.
    Watch {
        run: RunId,
        idle: Span,
    },
    Drain {
        run: RunId,
        settle: Span,
        idle: Span,
    },
    Serve {
        run: RunId,
    },
    Retire(Retire),
    /// Nothing of a run is left.
    Ended {
        run: RunId,
    },
    /// Nobody will take up what this run has left.
    Release {
        run: RunId,
    },
    /// Tell what holds once all before this was done.
    Publish {
        notice: Notice,
        by: Notices,
    },
    /// Say when all before this was done.
    #[cfg(test)]
    Tell(Sender<()>),
}

/// A run whose program is executed.
#[derive(Debug)]
pub(crate) struct Launched {
    /// What was launched.
    pub(crate) of: LaunchOrder,
    /// The process that was.
    pub(crate) leader: Pid,
    /// Where its calls arrive; none: it has no filter.
    pub(crate) calls: Option<OwnedFd>,
}

/// A question to a run.
#[derive(Debug)]
struct Asked {
    run: RunId,
    path: String,
    within: Span,
    /// Whom to tell that it was asked.
    done: Listeners,
}

/// Tells the thread what to do, in order. The thread ends when the last of these is gone.
#[derive(Debug, Clone)]
pub(crate) struct Listeners {
    orders: Sender<Order>,
    bell: Arc<OwnedFd>,
}

impl Listeners {
    /// Starts the thread.
    ///
    /// Errors: no descriptor or no thread to be had.
    pub(crate) fn start(drains: Drains, relay: Relay, inbox: InboxSender) -> io::Result<Self> {
        let (orders, taken) = channel();
        let (heard, bell) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Thread::new((taken, heard), (drains, relay), inbox)?.start()?;
        Ok(Self {
            orders,
            bell: Arc::new(bell),
        })
    }

    /// Takes in a run, and answers its calls from here on.
    pub(crate) fn attach(&self, launched: Launched) {
        self.order(Order::Attach(launched));
    }

    /// Lets new connections of an app go to these runs; see [`fleet::Effect::Steer`].
    pub(crate) fn steer(&self, app: AppName, to: Vec<RunId>, held: bool) {
        let said = Said { to, held };
        self.order(Order::Steer { app, said });
    }

    /// Tells something that holds once all that was ordered was done.
    pub(crate) fn publish(&self, notice: Notice, by: Notices) {
        self.order(Order::Publish { notice, by });
    }

    /// Asks a run, alone, for this path; see [`fleet::Effect::Check`].
    pub(crate) fn check(&self, run: RunId, path: String, within: Span) {
        let done = self.clone();
        self.order(Order::Check(Asked {
            run,
            path,
            within,
            done,
        }));
    }

    /// Looks at what is under way on a run's connections; see [`fleet::Effect::Watch`].
    pub(crate) fn watch(&self, run: RunId, idle: Span) {
        self.order(Order::Watch { run, idle });
    }

    /// Begins to drain a run, after all that was ordered before; see [`fleet::Effect::Drain`].
    pub(crate) fn drain(&self, run: RunId, settle: Span, idle: Span) {
        self.order(Order::Drain { run, settle, idle });
    }

    /// Lets a run serve on; see [`fleet::Effect::Serve`].
    pub(crate) fn serve(&self, run: RunId) {
        self.order(Order::Serve { run });
    }

    /// Ends a run; see [`fleet::Effect::Retire`].
    pub(crate) fn retire(&self, retire: Retire) {
        self.order(Order::Retire(retire));
    }

    /// Takes in that nothing of a run is left.
    pub(crate) fn ended(&self, run: RunId) {
        self.order(Order::Ended { run });
    }

    /// Closes what a run has left that is over; see [`fleet::Effect::Release`].
    pub(crate) fn release(&self, run: RunId) {
        self.order(Order::Release { run });
    }

    /// Waits until all that was ordered was done.
    #[cfg(test)]
    pub(crate) fn wait(&self) {
        let (tell, told) = channel();
        self.order(Order::Tell(tell));
        told.recv().unwrap();
    }

    fn order(&self, order: Order) {
        // A thread that is gone has left a word in the log; apps go on without it.
        if self.orders.send(order).is_ok() {
            // A bell that is full has been rung.
            rustix::io::write(&self.bell, &[1]).ok();
        }
    }
}

#[cfg(test)]
mod tests;
