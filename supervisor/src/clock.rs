//! The only reader of a clock.

use std::time::{SystemTime, UNIX_EPOCH};

use protocol::Time;
use rustix::time::{ClockId, clock_gettime};

/// Milliseconds since boot, time asleep included.
pub(crate) fn boot() -> Time {
    let now = clock_gettime(ClockId::Boottime);
    let secs = u64::try_from(now.tv_sec).unwrap_or(0);
    let millis = u64::try_from(now.tv_nsec / 1_000_000).unwrap_or(0);
    Time(secs * 1000 + millis)
}

/// Milliseconds since 1970 by the wall clock, for what people read.
#[expect(
    clippy::disallowed_methods,
    reason = "this module is the reader of clocks"
)]
pub(crate) fn wall() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
