//! The time limit of a test: one moment, however many waits come before it.

use std::time::{Duration, Instant};

/// A moment after which nothing is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// The moment that is `limit` away.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's time limit is real time; there is no loop that could pass it in"
    )]
    pub fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    /// How much is left; zero when it has passed.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "see `after`")]
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    #[must_use]
    pub fn is_over(self) -> bool {
        self.left().is_zero()
    }
}

/// A stopwatch, for tests whose subject is how long something takes.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts it.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the subject of the test is real time"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long ago it was started.
    #[must_use]
    pub fn read(&self) -> Duration {
        self.0.elapsed()
    }
}
