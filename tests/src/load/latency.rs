//! How long answers took, in a few hundred numbers however many there are.
//!
//! Each power of two of microseconds has sixteen steps, so a percentile is right to a sixteenth.

use std::time::Duration;

const STEPS: usize = 16;
const POWERS: usize = 28;

/// Times of answers.
#[derive(Debug, Clone)]
pub struct Latency {
    counts: Vec<u64>,
    longest: Duration,
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            counts: vec![0; STEPS * POWERS],
            longest: Duration::ZERO,
        }
    }
}

impl Latency {
    /// Takes in one more.
    pub fn push(&mut self, time: Duration) {
        self.counts[step_of(time)] += 1;
        self.longest = self.longest.max(time);
    }

    /// The time that so many in a thousand did not exceed; zero where there were none.
    #[must_use]
    pub fn at_permille(&self, permille: u64) -> Duration {
        let all: u64 = self.counts.iter().sum();
        let rank = (all * permille).div_ceil(1000).max(1);
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        found.map_or(Duration::ZERO, |step| end_of(step).min(self.longest))
    }

    /// The longest.
    #[must_use]
    pub const fn longest(&self) -> Duration {
        self.longest
    }
}

fn step_of(time: Duration) -> usize {
    let micros = usize::try_from(time.as_micros()).unwrap_or(usize::MAX);
    if micros < STEPS {
        return micros;
    }
    let power = micros.ilog2() as usize - STEPS.ilog2() as usize;
    let within = (micros >> power) - STEPS;
    (STEPS * (power + 1) + within).min(STEPS * POWERS - 1)
}

/// The first time that belongs to a later step.
fn end_of(step: usize) -> Duration {
    let micros = if step < STEPS {
        step + 1
    } else {
        (STEPS + step % STEPS + 1) << (step / STEPS - 1)
    };
    Duration::from_micros(micros as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_right_to_a_sixteenth() {
        let mut latency = Latency::default();
        for micros in 1..=10_000 {
            latency.push(Duration::from_micros(micros));
        }
        for permille in [10, 500, 900, 990] {
            let exact = permille * 10;
            let shown = u64::try_from(latency.at_permille(permille).as_micros()).unwrap();
            assert!((exact..=exact + exact / 16 + 1).contains(&shown), "{shown}");
        }
        assert_eq!(latency.at_permille(1000), Duration::from_millis(10));
    }

    #[test]
    fn any_time_has_its_place() {
        let mut latency = Latency::default();
        for time in [Duration::ZERO, Duration::from_secs(3600), Duration::MAX] {
            latency.push(time);
        }
        assert_eq!(latency.longest(), Duration::MAX);
    }
}
