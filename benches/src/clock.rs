//! The monotonic clock, which is the same for all processes of the machine.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A moment: the time since some fixed point, the same for all processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    /// This moment.
    #[must_use]
    pub fn now() -> Self {
        let now = clock_gettime(ClockId::Monotonic);
        let seconds = Duration::from_secs(now.tv_sec.unsigned_abs());
        Self(seconds + Duration::from_nanos(now.tv_nsec.unsigned_abs()))
    }

    /// The moment that is so many nanoseconds after the fixed point.
    #[must_use]
    pub const fn of_nanoseconds(nanoseconds: u64) -> Self {
        Self(Duration::from_nanos(nanoseconds))
    }

    /// The nanoseconds since the fixed point.
    #[must_use]
    pub fn as_nanoseconds(self) -> u64 {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX)
    }

    /// The time from `earlier` to this; zero where that is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}
