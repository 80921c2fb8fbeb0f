//! A fake app with a family: a child in its group, and a grandchild in a session of its own, which
//! was left by its parent and so belongs to nobody.
//!
//! `--stubborn` the family ignores SIGINT and SIGTERM; `--crash MS` the app exits with 1 after so long;
//! `--leave` it exits with 0 as soon as the family is there, as a program that puts itself into the
//! background does.

use std::process::ExitCode;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::{getpid, setsid};
use tests::fixture;

fn main() -> ExitCode {
    if fixture::is_asked("--stubborn") {
        fixture::block(&[Signal::SIGINT, Signal::SIGTERM]);
    }
    if fixture::is_asked("child") {
        fixture::say(&format!("child {}", getpid()));
        fixture::forever();
    }
    if fixture::is_asked("between") {
        setsid().expect("who was just started leads no group");
        drop(fixture::again(&kin("grandchild")));
        return ExitCode::SUCCESS;
    }
    if fixture::is_asked("grandchild") {
        fixture::say(&format!("grandchild {}", getpid()));
        fixture::forever();
    }
    lead()
}

fn lead() -> ExitCode {
    drop(fixture::again(&kin("child")));
    let left = fixture::again(&kin("between")).wait();
    assert!(left.is_ok_and(|status| status.success()));
    fixture::say("forker up");
    if fixture::is_asked("--leave") {
        return ExitCode::SUCCESS;
    }
    if let Some(ms) = fixture::number_after("--crash") {
        fixture::linger(Duration::from_millis(ms));
        return ExitCode::FAILURE;
    }
    fixture::forever()
}

fn kin(who: &str) -> Vec<&str> {
    let mut arguments = vec![who];
    if fixture::is_asked("--stubborn") {
        arguments.push("--stubborn");
    }
    arguments
}
