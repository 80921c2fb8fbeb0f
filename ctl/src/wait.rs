//! Waiting for something to show, until the person or the reader has had enough.
//!
//! Ctrl-C is an ordinary way to end `logs` and `events`, so the signals are taken as input and not
//! as a death. The reader of standard output counts too: when it goes while nothing is printed, no
//! failing write would ever tell.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use anyhow::Context as _;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// Waits, with Ctrl-C and the polite signals as reasons to leave.
#[derive(Debug)]
pub(crate) struct Waiter {
    signals: SignalFd,
}

/// Why the wait is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    /// There is something to read.
    Input,
    /// It is time to leave.
    Leave,
}

impl Waiter {
    /// Takes SIGINT, SIGTERM and SIGHUP as input from here on.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let mut set = SigSet::empty();
        set.add(Signal::SIGINT);
        set.add(Signal::SIGTERM);
        set.add(Signal::SIGHUP);
        set.thread_block().context("failed to block signals")?;
        let signals = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC)
            .context("failed to take signals as input")?;
        Ok(Self { signals })
    }

    /// Waits until `input` can be read or has ended, or it is time to leave.
    pub(crate) fn wait(&self, input: BorrowedFd<'_>) -> anyhow::Result<Woken> {
        let stdout = io::stdout();
        let mut watched = [
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(stdout.as_fd(), PollFlags::empty()),
            PollFd::new(input, PollFlags::POLLIN),
        ];
        loop {
            match poll(&mut watched, PollTimeout::NONE) {
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno).context("failed to wait for input"),
                Ok(_) => break,
            }
        }
        let [signals, stdout, _] = &watched;
        let leave = signals.any() == Some(true) || stdout.any() == Some(true);
        Ok(if leave { Woken::Leave } else { Woken::Input })
    }
}
