//! The process that was launched: watched, signalled, and reaped last.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use config::Signal;
use config::spec::Scope;
use nix::libc;
use protocol::{ExitStatus, Pid};
use rustix::process::{WaitId, WaitIdOptions, WaitIdStatus, waitid};
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::sweep::{Mercy, Sight, Sweeper, Tree};
use crate::sys;

/// A child of ours that nobody else reaps, and the tree below it.
#[derive(Debug)]
pub(super) struct Leader {
    tree: Tree,
    process: AsyncFd<OwnedFd>,
    sweeper: Sweeper,
    /// Whether the tree was sent SIGKILL; what lives after that has slipped through.
    mercy: Mercy,
}

impl Leader {
    /// Takes over a child, and with it the duty to reap it.
    pub(super) const fn new(tree: Tree, process: AsyncFd<OwnedFd>, sweeper: Sweeper) -> Self {
        Self {
            tree,
            process,
            sweeper,
            mercy: Mercy::Spare,
        }
    }

    /// The tree that it leads.
    pub(super) const fn tree(&self) -> Tree {
        self.tree
    }

    /// Its number, to be told.
    pub(super) fn pid(&self) -> Pid {
        Pid(self.tree.leader.as_raw().unsigned_abs())
    }

    /// Sends a signal to it, or to all of its tree: each process gets it once, as soon as it is known
    /// what belongs to the tree.
    ///
    /// After its end the leader is a zombie that no signal reaches, but its group is still its own.
    pub(super) fn signal(&mut self, signal: Signal, to: Scope) {
        match to {
            Scope::Leader => self.signal_alone(signal),
            Scope::Tree => {
                if signal == Signal::KILL {
                    self.mercy = Mercy::Kill;
                }
                self.sweeper.signal(self.tree, signal);
            }
        }
    }

    fn signal_alone(&self, signal: Signal) {
        let sent = sys::signal_process(self.process.get_ref().as_fd(), signal);
        if let Err(error) = sent
            && error.raw_os_error() != Some(libc::ESRCH)
        {
            tracing::warn!(run = %self.tree.run, %signal, %error, "a run was not signalled");
        }
    }

    /// Waits for its end; returns how it ended, and leaves it to be reaped.
    pub(super) async fn ended(&self) -> ExitStatus {
        loop {
            let Ok(mut readable) = self.process.readable().await else {
                return ExitStatus::Unknown;
            };
            if let Some(status) = self.look(WaitIdOptions::NOWAIT) {
                return status;
            }
            readable.clear_ready();
        }
    }

    /// Asks what is left of the tree. To be asked once, after the leader's end.
    pub(super) fn sights(&self) -> UnboundedReceiver<Sight> {
        let (tell, sights) = unbounded_channel();
        self.sweeper.watch(self.tree, self.mercy, tell);
        sights
    }

    /// Reaps it: from here on its number may be another's.
    pub(super) fn reap(self) {
        self.look(WaitIdOptions::empty());
    }

    /// How it ended; none while it lives.
    ///
    /// To be asked only when the descriptor says that it has ended: a process that another thread of
    /// ours traces would else tell its stops here, and they would be lost to that one.
    fn look(&self, how: WaitIdOptions) -> Option<ExitStatus> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | how;
        match waitid(WaitId::PidFd(self.process.get_ref().as_fd()), options) {
            Ok(status) => status.filter(is_end).as_ref().map(exit_status),
            Err(errno) => {
                let error = io::Error::from(errno);
                tracing::error!(run = %self.tree.run, %error, "a run's end was not seen");
                Some(ExitStatus::Unknown)
            }
        }
    }
}

/// Whether this is an end, and not a stop of one that is traced.
fn is_end(status: &WaitIdStatus) -> bool {
    status.exited() || status.killed() || status.dumped()
}

fn exit_status(status: &WaitIdStatus) -> ExitStatus {
    let signal = status.terminating_signal().and_then(Signal::from_number);
    match (status.exit_status(), signal) {
        (Some(code), _) => ExitStatus::Code(code),
        (None, Some(signal)) => ExitStatus::Signal {
            signal,
            core: status.dumped(),
        },
        (None, None) => ExitStatus::Unknown,
    }
}
