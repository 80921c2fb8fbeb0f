//! What the test and the clients tell each other while the load is under way.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::counter::Counter;
use crate::deadline::Stopwatch;

/// What happens to the server meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing, yet.
    Before = 0,
    /// It is reloaded, restarted or killed.
    During = 1,
    /// Nothing any more.
    After = 2,
}

impl Phase {
    /// All of them, in the order of time.
    pub const ALL: [Self; 3] = [Self::Before, Self::During, Self::After];

    /// Its name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::During => "during",
            Self::After => "after",
        }
    }
}

/// Shared by the load's thread and whoever started it.
#[derive(Debug)]
pub(super) struct Board {
    phase: AtomicU8,
    /// The earliest release that may answer on a connection that is made from here on.
    least: AtomicU64,
    pub(super) answers: Counter,
    pub(super) failures: Counter,
    stop: watch::Sender<bool>,
    clock: Stopwatch,
}

impl Board {
    pub(super) fn new() -> Self {
        Self {
            phase: AtomicU8::new(0),
            least: AtomicU64::new(0),
            answers: Counter::default(),
            failures: Counter::default(),
            stop: watch::Sender::new(false),
            clock: Stopwatch::start(),
        }
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::SeqCst);
    }

    pub(super) fn phase(&self) -> Phase {
        let now = self.phase.load(Ordering::SeqCst);
        Phase::ALL[usize::from(now)]
    }

    pub(super) fn flipped(&self, release: u64) {
        self.least.store(release, Ordering::SeqCst);
    }

    pub(super) fn least(&self) -> u64 {
        self.least.load(Ordering::SeqCst)
    }

    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub(super) fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Ends when the load is to end.
    pub(super) async fn stopped(&self) {
        // The sender is this very board, so it cannot go while this waits.
        self.stop.subscribe().wait_for(|stop| *stop).await.ok();
    }

    pub(super) fn since_start(&self) -> Duration {
        self.clock.read()
    }
}
