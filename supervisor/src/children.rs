//! The runs that live: launching, signalling, sweeping what they leave, reaping.
//!
//! Each run has one task, which owns everything of it: its pidfd, its talk with the launcher, what
//! it says of itself. The loop only keeps the way to tell that task something. So what happens to
//! one run happens in an order, and nothing is shared or locked. The tasks translate and never
//! decide.
//!
//! The leader of a run is reaped last of all. Until then its number is its own, and so is the
//! number of its process group and session.
//!
//! ```text
//! launch ──▶ waits for go ──go──▶ executing ──▶ Launched ──leader ends──▶ sweep
//!                │                    │                                    │ nothing left
//!                └────────────────────┴──▶ LaunchFailed                    ├──────────────▶ Exited
//!                                                                          └▶ LeaderExited ─▲
//! ```

mod leader;
mod life;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use config::Signal;
use config::spec::Scope;
use fleet::LaunchOrder;
use nix::libc;
use nix::unistd::geteuid;
use protocol::{LaunchError, LaunchStage, RunId};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::drain::Stop;
use crate::inbox::InboxSender;
use crate::launch::{At as _, Binary, Output, Program, raise_descriptor_limit};
use crate::listeners::Listeners;
use crate::ready::{self, Senders};
use crate::sweep::{Mark, Sweeper, Tree};
use crate::sys;
use leader::Leader;
use life::{Life, Order};

/// All runs that live. Owned by the loop; to be used within its runtime.
#[derive(Debug)]
pub(crate) struct Children {
    mark: Mark,
    binary: Binary,
    sweeper: Sweeper,
    listeners: Listeners,
    inbox: InboxSender,
    /// The limit of open descriptors that we were given and apps are given.
    open_files: u64,
    /// The way to each task. One that is closed belongs to a run that is over.
    runs: BTreeMap<RunId, UnboundedSender<Order>>,
}

impl Children {
    /// Makes ready to launch: opens our own executable, raises our limit of descriptors, starts the
    /// sweeping thread.
    ///
    /// `home` is absolute; runs are known as this home's by it.
    ///
    /// Errors: the kernel's; `/proc` must be mounted.
    pub(crate) fn new(home: &Path, listeners: Listeners, inbox: InboxSender) -> io::Result<Self> {
        // Whoever started us may have ignored SIGCHLD. Then the kernel would reap our children by
        // itself, and their numbers would not be theirs until we say so.
        sys::default_signal(libc::SIGCHLD);
        let mark = Mark::new(home);
        Ok(Self {
            binary: Binary::open()?,
            sweeper: Sweeper::start(mark.clone())?,
            mark,
            listeners,
            inbox,
            open_files: raise_descriptor_limit()?,
            runs: BTreeMap::new(),
        })
    }

    /// Starts the launcher of a run, which waits for [`Children::go`]. Takes as long as a spawn
    /// does, about a millisecond.
    ///
    /// Errors: the step that failed. Nothing is left then, and no event follows.
    pub(crate) fn launch(
        &mut self,
        order: &LaunchOrder,
        output: Output,
    ) -> Result<(), LaunchError> {
        self.runs.retain(|_, orders| !orders.is_closed());
        let wants_offer = order.spec.ready.wait_ready;
        let offered = wants_offer.then(ready::offer).transpose();
        let (offer, app_side) = offered.at(LaunchStage::Descriptors, "")?.unzip();
        let program = Program::of(order, &self.mark, app_side.as_ref(), self.open_files);
        let channel = app_side.as_ref().map(|app_side| &app_side.channel);
        let launcher = self.binary.start(&program, output, channel)?;
        let run = order.who.run;
        let (sender, orders) = unbounded_channel();
        let tree = Tree {
            run,
            leader: launcher.pid,
        };
        let life = Life {
            leader: Leader::new(tree, launcher.process, self.sweeper.clone()),
            scope: order.spec.stop.scope,
            hearing: offer.map(|offer| (offer, self.senders(order, tree))),
            filtered: (order.clone(), self.listeners.clone()),
            orders,
            inbox: self.inbox.clone(),
        };
        tokio::spawn(life.live(launcher.talk));
        self.runs.insert(run, sender);
        Ok(())
    }

    /// Lets the launcher execute the program. `Launched` or `LaunchFailed` follows.
    pub(crate) fn go(&self, run: RunId) {
        self.order(run, Order::Go);
    }

    /// Sends a signal to a run; to one that is over there is nothing to send.
    ///
    /// Before `go` any signal ends the launcher, and `LaunchFailed` follows. After it, a signal
    /// waits for the program to be executed, but for SIGKILL.
    pub(crate) fn signal(&self, run: RunId, signal: Signal, to: Scope) {
        self.order(run, Order::Signal { signal, to });
    }

    /// What sends a signal to a run at a later time, from any thread.
    pub(crate) fn stop(&self, run: RunId, signal: Signal, to: Scope) -> Stop {
        let orders = self.runs.get(&run).cloned();
        Stop::new(move || {
            if let Some(orders) = orders {
                orders.send(Order::Signal { signal, to }).ok();
            }
        })
    }

    /// Whether no run lives: each that was launched has been reported as over.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.values().all(UnboundedSender::is_closed)
    }

    fn order(&self, run: RunId, order: Order) {
        if let Some(orders) = self.runs.get(&run) {
            // A task that has ended meanwhile has nothing left to obey with.
            orders.send(order).ok();
        }
    }

    /// Who may say that this run is ready.
    fn senders(&self, order: &LaunchOrder, tree: Tree) -> Senders {
        let user = order.spec.run_as.as_ref();
        Senders {
            tree,
            uid: user.map_or_else(|| geteuid().as_raw(), |user| user.uid),
            mark: self.mark.clone(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
