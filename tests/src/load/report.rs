//! What a load has come to.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::answer::Run;
use super::{Failure, How, Latency, Phase, Place, Plan};

pub use super::streams::StreamTally;

/// How many failures are kept in full; the others are counted.
const SAMPLES: usize = 20;

/// What happened in one phase.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Right answers.
    pub answers: u64,
    /// Those of them that were the first on their connection.
    pub fresh: u64,
    /// The bytes of their bodies.
    pub bytes: u64,
    /// How long they took, with the making of the connection.
    pub latency: Latency,
    /// Failures, by how far the request had come, what went wrong, and whether the connection had had an
    /// answer before.
    pub failures: BTreeMap<(Place, How, bool), u64>,
}

/// What a load has come to.
#[derive(Debug, Clone)]
pub struct Report {
    /// The load's name.
    pub name: &'static str,
    /// On how many connections it was.
    pub connections: u32,
    /// How long it took.
    pub took: Duration,
    /// Connections that the server closed while nothing was asked, and that the client saw in time.
    pub closed_idle: u64,
    /// First answers on connections that were made after the flip, by a release of before.
    pub stale: u64,
    /// What became of streams, where the load is of those.
    pub streams: StreamTally,
    /// The first failures.
    pub samples: Vec<Failure>,
    runs: BTreeMap<Run, u64>,
    tallies: [Tally; 3],
}

impl Report {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            name: plan.name,
            connections: plan.connections,
            took: Duration::ZERO,
            closed_idle: 0,
            stale: 0,
            streams: StreamTally::default(),
            samples: Vec::new(),
            runs: BTreeMap::new(),
            tallies: Default::default(),
        }
    }

    pub(super) const fn tally(&mut self, phase: Phase) -> &mut Tally {
        &mut self.tallies[phase as usize]
    }

    pub(super) fn answered_by(&mut self, run: Run, is_stale: bool) {
        *self.runs.entry(run).or_default() += 1;
        self.stale += u64::from(is_stale);
    }

    pub(super) fn failed(&mut self, failure: Failure) {
        if self.samples.len() < SAMPLES {
            self.samples.push(failure);
        }
        let key = (failure.place, failure.how, failure.is_reused);
        *self.tally(failure.phase).failures.entry(key).or_default() += 1;
    }

    /// What happened in one phase.
    #[must_use]
    pub const fn of(&self, phase: Phase) -> &Tally {
        &self.tallies[phase as usize]
    }

    /// Right answers.
    #[must_use]
    pub fn answers(&self) -> u64 {
        self.tallies.iter().map(|tally| tally.answers).sum()
    }

    /// Requests without a right answer.
    #[must_use]
    pub fn failed_count(&self) -> u64 {
        self.tallies.iter().map(Tally::failed).sum()
    }

    /// Requests that failed in this way.
    #[must_use]
    pub fn failed_as(&self, how: How) -> u64 {
        let failures = self.tallies.iter().flat_map(|tally| &tally.failures);
        failures
            .filter(|((_, kind, _), _)| *kind == how)
            .map(|(_, count)| count)
            .sum()
    }

    /// The releases that answered, in their order, with how many answers each gave.
    #[must_use]
    pub fn releases(&self) -> BTreeMap<u64, u64> {
        let mut releases = BTreeMap::new();
        for (run, count) in &self.runs {
            *releases.entry(run.release).or_default() += count;
        }
        releases
    }

    /// The processes that answered, in their order.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        self.runs.keys().map(|run| run.pid).collect()
    }

    /// Asserts that each request had its right answer, and that no old run was given a connection after
    /// the flip.
    ///
    /// # Panics
    /// With the whole report, where it is not so.
    #[track_caller]
    pub fn assert_whole(&self) {
        assert!(self.failed_count() == 0 && self.stale == 0, "{self}");
        assert!(self.answers() + self.streams.opened > 0, "{self}");
    }
}

impl Tally {
    /// Requests without a right answer.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failures.values().sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} on {} connections for {:.1} s: {} failed of {}, {} stale, {} closed idle",
            self.name,
            self.connections,
            self.took.as_secs_f64(),
            self.failed_count(),
            self.failed_count() + self.answers(),
            self.stale,
            self.closed_idle,
        )?;
        for phase in Phase::ALL {
            self.of(phase).show(phase, f)?;
        }
        for (run, count) in &self.runs {
            writeln!(
                f,
                "  release {} by process {}: {count}",
                run.release, run.pid
            )?;
        }
        if self.streams.opened > 0 {
            let (streams, shortest) = (self.streams, self.streams.shortest);
            writeln!(
                f,
                "  streams: {} opened, {} ended ({} within an item), {} items, shortest {shortest:?}",
                streams.opened, streams.ended, streams.cut, streams.items
            )?;
        }
        for failure in &self.samples {
            writeln!(f, "  {failure}")?;
        }
        Ok(())
    }
}

impl Tally {
    fn show(&self, phase: Phase, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.answers + self.failed() == 0 {
            return Ok(());
        }
        let ms = |permille| self.latency.at_permille(permille).as_secs_f64() * 1000.0;
        writeln!(
            f,
            "  {}: {} answers, {} on fresh connections, {} KB; 50 % {:.1}, 99 % {:.1}, 99.9 % {:.1}, \
             longest {:.1} ms",
            phase.word(),
            self.answers,
            self.fresh,
            self.bytes / 1000,
            ms(500),
            ms(990),
            ms(999),
            self.latency.longest().as_secs_f64() * 1000.0,
        )?;
        for ((place, how, is_reused), count) in &self.failures {
            let connection = if *is_reused { "reused" } else { "fresh" };
            writeln!(f, "    {count} × {how} {place}, {connection} connection")?;
        }
        Ok(())
    }
}
