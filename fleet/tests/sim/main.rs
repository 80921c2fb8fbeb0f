//! Random histories against laws.
//!
//! A history comes of a seed alone. A [`world::World`] plays it: processes that launch or do not,
//! become ready or do not, die, leave children behind and ignore signals; a disk that is slow and
//! refuses; clients that ask for anything, by ids that collide, and hang up; a clock that jumps; news
//! that comes late or twice; a daemon that ends and comes back. After each turn the [`laws`] look at
//! all that the fleet did.
//!
//! `SIM_HISTORIES` says how many are played, `SIM_SEED` plays one and tells it whole.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a law is about a few events and effects; the others mean nothing to it"
)]

mod chance;
mod clients;
mod laws;
mod process;
mod told;
mod wishes;
mod world;

#[path = "../given/journal.rs"]
mod journal;
#[path = "../given/spec.rs"]
mod spec;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::world::{Recorder, World};

/// How many histories are played where nothing else is said.
const HISTORIES: u64 = 100_000;

/// Where seeds begin; they are counted up from here.
const FIRST_SEED: u64 = 1;

#[test]
fn no_history_breaks_a_law() {
    if let Some(seed) = number_from("SIM_SEED") {
        let (history, outcome) = told(seed);
        println!("{history}");
        outcome.unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        return;
    }
    let histories = number_from("SIM_HISTORIES").unwrap_or(HISTORIES);
    let (next, steps) = (AtomicU64::new(0), AtomicU64::new(0));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let broken = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|_| scope.spawn(|| work(histories, &next, &steps)))
            .collect();
        let found = workers
            .into_iter()
            .filter_map(|one| one.join().expect("it ends"));
        found.min()
    });
    println!("{histories} histories, {} turns", steps.into_inner());
    if let Some(seed) = broken {
        let (history, outcome) = told(seed);
        let why = outcome.err().unwrap_or_else(|| "nothing at all".to_owned());
        panic!(
            "{history}\nseed {seed}: {why}\nagain: SIM_SEED={seed} cargo test -p fleet --test sim"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_history() {
    assert_eq!(told(7).0, told(7).0);
    assert_ne!(told(7).0, told(8).0);
}

/// Plays histories until there are no more or one breaks a law; returns its seed.
fn work(histories: u64, next: &AtomicU64, steps: &AtomicU64) -> Option<u64> {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= histories {
            return None;
        }
        let seed = FIRST_SEED + number;
        let mut world = World::new(seed, Recorder::Off);
        match catch_unwind(AssertUnwindSafe(|| world.play())) {
            Ok(Ok(turns)) => steps.fetch_add(turns, Ordering::Relaxed),
            Ok(Err(_)) | Err(_) => {
                next.store(histories, Ordering::Relaxed);
                return Some(seed);
            }
        };
    }
}

/// Plays one history and writes it down.
fn told(seed: u64) -> (String, Result<u64, String>) {
    let mut world = World::new(seed, Recorder::On(String::new()));
    let outcome = catch_unwind(AssertUnwindSafe(|| world.play()))
        .unwrap_or_else(|_| Err("the fleet panicked".to_owned()));
    (world.history(), outcome)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the environment is how a person chooses a history"
)]
fn number_from(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("it is a number"))
}
