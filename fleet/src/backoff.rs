//! How long to wait after a death, and when to give up.
//!
//! Source: PM2's `min_uptime`, `max_restarts`, `restart_delay` and `exp_backoff_restart_delay`.
//! Differs in the window: PM2 counts within `max_restarts × min_uptime` of the first start and never
//! again after that, so that an app which breaks a day later restarts without end; here the window
//! slides.

use alloc::vec::Vec;

use config::Span;
use config::spec::{RestartDelay, RestartRule};
use protocol::Time;

/// The longest delay that a growing one reaches, unless its first is longer. Source: PM2.
const DELAY_MAX: Span = Span::secs(15);

/// How many deaths are remembered. A limit above this one is no limit: who asks for it wants none,
/// and the journal holds every death that is remembered anew with each one.
const DEATHS_MAX: usize = 1000;

/// A run that lived this long makes a growing delay start anew. Source: PM2.
const FORGET_AFTER: Span = Span::secs(30);

/// What the deaths of an instance so far mean for the next one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Backoff {
    /// The early deaths that still count, oldest first; the newest where they are too many.
    pub(crate) deaths: Vec<Time>,
    /// The delay before the last automatic start; zero when there was none.
    pub(crate) delay: Span,
    /// How many runs in a row died early.
    pub(crate) failures: u32,
}

/// What is to be done after a death.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Start again after this long.
    Again(Span),
    /// It died too often: this many times within the window.
    GiveUp(u32),
}

impl Backoff {
    /// Returns how long to wait before the next run, or that it is time to give up.
    ///
    /// `lived` counts from launch to end; a run that lived at least `min_uptime` does not count.
    /// Shape: one verdict a death; asking twice for one death counts two.
    pub(crate) fn died(&mut self, now: Time, lived: Span, rule: &RestartRule) -> Verdict {
        let window = rule.min_uptime.times(u64::from(rule.max_restarts));
        self.deaths.retain(|death| now.since(*death) < window);
        if lived < rule.min_uptime {
            self.deaths.push(now);
            if self.deaths.len() > DEATHS_MAX {
                self.deaths.remove(0);
            }
            self.failures = self.failures.saturating_add(1);
        } else {
            self.failures = 0;
        }
        let deaths = self.count();
        if deaths >= rule.max_restarts {
            return Verdict::GiveUp(deaths.max(1));
        }
        self.delay = self.next_delay(lived, rule.delay);
        Verdict::Again(self.delay)
    }

    /// Forgets all deaths: somebody started the app.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    /// How many early deaths still count.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.deaths.len()).unwrap_or(u32::MAX)
    }

    fn next_delay(&self, lived: Span, rule: RestartDelay) -> Span {
        match rule {
            RestartDelay::Fixed(delay) => delay,
            RestartDelay::Backoff(first) if self.delay == Span::ZERO || lived >= FORGET_AFTER => {
                first
            }
            RestartDelay::Backoff(first) => {
                Span(self.delay.0.saturating_mul(3) / 2).min(DELAY_MAX.max(first))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn rule(max_restarts: u32, delay: RestartDelay) -> RestartRule {
        RestartRule {
            autorestart: true,
            max_restarts,
            min_uptime: Span::secs(1),
            delay,
            stop_exit_codes: vec![],
        }
    }

    #[test]
    fn instant_crashes_are_counted_and_then_given_up() {
        let rule = rule(3, RestartDelay::Fixed(Span::ZERO));
        let mut backoff = Backoff::default();
        let mut die = |at| backoff.died(Time::millis(at), Span(10), &rule);
        assert_eq!(die(100), Verdict::Again(Span::ZERO));
        assert_eq!(die(200), Verdict::Again(Span::ZERO));
        assert_eq!(die(300), Verdict::GiveUp(3));
    }

    #[test]
    fn deaths_outside_the_window_do_not_count() {
        // The deployment guide's app whose database is down: ten deaths, five seconds apart, fall
        // into a window of ten seconds only two at a time.
        let rule = rule(10, RestartDelay::Fixed(Span::secs(5)));
        let mut backoff = Backoff::default();
        for n in 1..=1000 {
            let verdict = backoff.died(Time::secs(5 * n), Span(200), &rule);
            assert_eq!(verdict, Verdict::Again(Span::secs(5)));
        }
        assert_eq!(backoff.failures, 1000);
        assert!(backoff.count() <= 2);
    }

    #[test]
    fn no_restarts_allowed_gives_up_at_the_first_death_however_late() {
        let rule = rule(0, RestartDelay::Fixed(Span::ZERO));
        let verdict = Backoff::default().died(Time::secs(900), Span::secs(800), &rule);
        assert_eq!(verdict, Verdict::GiveUp(1));
    }

    #[test]
    fn a_growing_delay_grows_by_half_up_to_its_cap_and_forgets_after_a_long_life() {
        let rule = rule(99, RestartDelay::Backoff(Span(100)));
        let mut backoff = Backoff::default();
        let mut delays = vec![];
        for n in 0..16 {
            if let Verdict::Again(delay) = backoff.died(Time::secs(n), Span(1), &rule) {
                delays.push(delay.0);
            }
        }
        assert_eq!(delays[..5], [100, 150, 225, 337, 505]);
        assert_eq!(delays.last(), Some(&15_000));
        assert_eq!(
            backoff.died(Time::secs(99), Span::secs(30), &rule),
            Verdict::Again(Span(100))
        );
    }

    #[test]
    fn a_limit_above_a_thousand_is_none_and_takes_no_more_memory() {
        let endless = rule(1_000_000, RestartDelay::Fixed(Span::ZERO));
        let mut backoff = Backoff::default();
        for n in 1..=5000 {
            let verdict = backoff.died(Time::millis(n), Span(1), &endless);
            assert_eq!(verdict, Verdict::Again(Span::ZERO));
        }
        assert_eq!((backoff.count(), backoff.failures), (1000, 5000));
        let thousand = rule(1000, RestartDelay::Fixed(Span::ZERO));
        let mut backoff = Backoff::default();
        let mut die = |n| backoff.died(Time::millis(n), Span(1), &thousand);
        assert!((1..1000).all(|n| die(n) == Verdict::Again(Span::ZERO)));
        assert_eq!(die(1000), Verdict::GiveUp(1000));
    }

    #[test]
    fn a_first_delay_above_the_cap_is_kept() {
        let rule = rule(99, RestartDelay::Backoff(Span::secs(60)));
        let mut backoff = Backoff::default();
        let first = backoff.died(Time::secs(1), Span(1), &rule);
        let second = backoff.died(Time::secs(90), Span(1), &rule);
        assert_eq!(
            (first, second),
            (
                Verdict::Again(Span::secs(60)),
                Verdict::Again(Span::secs(60))
            )
        );
    }
}
