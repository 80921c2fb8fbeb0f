//! Many measurements of one thing, and what stands for them.

use std::time::Duration;

/// Measured times. Shape: in the order in which they were taken, never empty once asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Takes in one more.
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// Half of them took at most so long.
    pub(crate) fn median(&self) -> Duration {
        self.at_percent(50)
    }

    /// Nine of ten took at most so long.
    pub(crate) fn p90(&self) -> Duration {
        self.at_percent(90)
    }

    /// The time that so many percent did not exceed; zero where nothing was measured.
    fn at_percent(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }
}

impl FromIterator<Duration> for Times {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        Self(times.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_p90_are_ranks_and_not_means() {
        let times: Times = (1..=10).rev().map(Duration::from_secs).collect();
        assert_eq!(times.median(), Duration::from_secs(5));
        assert_eq!(times.p90(), Duration::from_secs(9));
    }

    #[test]
    fn one_measurement_stands_for_itself() {
        let times: Times = [Duration::from_secs(3)].into_iter().collect();
        assert_eq!(times.median(), times.p90());
    }
}
