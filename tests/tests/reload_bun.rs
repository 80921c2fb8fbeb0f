//! `Bun.serve`, reloaded under load: not one request fails.

use std::time::Duration;

use protocol::Mode;
use tests::load::Plan;
use tests::{Home, Runtime, reloading};

fn is_whole(mode: Mode, plan: Plan, rounds: u32) {
    let home = Home::with_limit(Duration::from_secs(30));
    home.start_daemon();
    drop(reloading::cell(home, Runtime::Bun, mode, plan, rounds));
}

#[test]
fn two_runs_overlap_while_connections_are_kept() {
    is_whole(Mode::Overlap, Plan::keep_alive(), 3);
}

#[test]
fn two_runs_overlap_while_each_request_connects() {
    is_whole(Mode::Overlap, Plan::close(), 3);
}

#[test]
fn two_runs_overlap_while_clients_think() {
    is_whole(Mode::Overlap, Plan::think(), 3);
}

#[test]
fn two_runs_overlap_while_answers_take_two_seconds() {
    is_whole(Mode::Overlap, Plan::slow(), 1);
}

#[test]
fn one_follows_the_other_while_connections_are_kept() {
    is_whole(Mode::Queue, Plan::keep_alive(), 3);
}

#[test]
fn one_follows_the_other_while_each_request_connects() {
    is_whole(Mode::Queue, Plan::close(), 3);
}

#[test]
fn one_follows_the_other_while_clients_think() {
    is_whole(Mode::Queue, Plan::think(), 3);
}

#[test]
fn one_follows_the_other_while_answers_take_two_seconds() {
    is_whole(Mode::Queue, Plan::slow(), 1);
}
