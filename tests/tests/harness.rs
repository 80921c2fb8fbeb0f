//! The harness itself: what it must notice, it notices.

use std::time::Duration;

use protocol::Notice;
use tests::{Home, app, binaries};

#[test]
#[should_panic(expected = "these were left running")]
fn a_process_that_is_left_fails_its_test() {
    let home = Home::new();
    let mut left = home.command(&binaries::fake("stubborn"));
    drop(left.spawn().unwrap());
}

#[test]
#[should_panic(expected = "no notice said that it ends")]
fn a_wait_in_vain_ends_with_the_limit() {
    let home = Home::with_limit(Duration::from_secs(2));
    home.start_daemon();
    home.wait("it ends", |notice| {
        matches!(notice, Notice::DaemonEnding { .. }).then_some(())
    });
}

#[test]
#[should_panic(expected = "ended with Some(")]
fn a_command_that_fails_fails_its_test() {
    let home = Home::new();
    home.start(&app("web", "crasher", &[]));
}
