//! `wsctl` as a program, against a daemon that says what the test wants.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "what a test does not expect may fail it, and its daemon answers everything else alike"
)]

mod actions;
mod conversation;
mod doctor;
mod fake;
mod fixtures;
mod home;
mod logs;
mod reading;
mod reload;
mod screens;
mod spawning;
