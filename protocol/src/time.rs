//! A moment on the clock that counts since boot.

use std::ops::Add;

use config::Span;
use serde::{Deserialize, Serialize};

/// Milliseconds on `CLOCK_BOOTTIME`: it can be printed, compared across an upgrade of the daemon and
/// written down in a test. It means nothing after a reboot.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time(pub u64);

impl Time {
    /// So many seconds after boot.
    #[must_use]
    pub const fn secs(secs: u64) -> Self {
        Self(secs * 1000)
    }

    /// So many milliseconds after boot.
    #[must_use]
    pub const fn millis(ms: u64) -> Self {
        Self(ms)
    }

    /// How long ago `earlier` was; zero where it has not been yet.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Span> for Time {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}
