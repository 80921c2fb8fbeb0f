//! A number that only grows, and that another thread can wait for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};

use crate::Deadline;

/// How often something has happened.
#[derive(Debug)]
pub(super) struct Counter {
    count: AtomicU64,
    /// What somebody waits for; `u64::MAX`: nobody waits.
    awaited: AtomicU64,
    waiting: Mutex<()>,
    reached: Condvar,
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            count: AtomicU64::new(0),
            awaited: AtomicU64::new(u64::MAX),
            waiting: Mutex::new(()),
            reached: Condvar::new(),
        }
    }
}

impl Counter {
    /// It has happened once more. Cheap while nobody waits.
    pub(super) fn add_one(&self) {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        if count >= self.awaited.load(Ordering::SeqCst) {
            // Whoever waits has looked at the count with the lock, or looks again after this.
            drop(self.waiting.lock().expect("nobody panics with it"));
            self.reached.notify_all();
        }
    }

    /// Whether it has happened so often more before the deadline.
    pub(super) fn await_more(&self, more: u64, deadline: Deadline) -> bool {
        let wanted = self.count.load(Ordering::SeqCst) + more;
        self.await_count(wanted, deadline)
    }

    /// Whether it has happened so often before the deadline.
    pub(super) fn await_count(&self, wanted: u64, deadline: Deadline) -> bool {
        let waits = self.waiting.lock().expect("nobody panics with it");
        self.awaited.store(wanted, Ordering::SeqCst);
        let is_short = |_: &mut ()| self.count.load(Ordering::SeqCst) < wanted;
        let waited = self
            .reached
            .wait_timeout_while(waits, deadline.left(), is_short);
        self.awaited.store(u64::MAX, Ordering::SeqCst);
        !waited.expect("nobody panics with it").1.timed_out()
    }
}
