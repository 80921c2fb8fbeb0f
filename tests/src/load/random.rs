//! Pauses that differ, and are the same each time a test is run.

use std::time::Duration;

/// A row of numbers from a seed (xorshift).
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn of(seed: u32) -> Self {
        Self((u64::from(seed) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Some part of a time.
    pub(super) fn part_of(&mut self, time: Duration) -> Duration {
        time.mul_f64((self.next() >> 11) as f64 / (1_u64 << 53) as f64)
    }
}
