//! Servers that take longer to listen than a run must live to count as up: who comes meanwhile waits.

use std::time::Duration;

use protocol::Mode;
use serde_json::json;
use tests::load::{How, Plan};
use tests::processes::Signal;
use tests::reloading::APP;
use tests::{Home, Served, Server, reloading};

/// A server that listens a second and a half after its start.
fn late(mode: &str) -> Option<Served> {
    let home = Home::with_limit(Duration::from_secs(30));
    let server = Server::of_node("node_late.js", &home.work().join("server"))?;
    home.start_daemon();
    let settings = json!({ "handover": mode, "restart_delay": 0 });
    Some(Served::of(home, server, settings))
}

fn is_whole(mode: Mode, plan: Plan) {
    let Some(mut served) = late(reloading::word(mode)) else {
        return;
    };
    let load = served.load(plan);
    for _ in 0..2 {
        assert_eq!(served.reload(&load).handed.mode, mode);
        served.await_answers(&load, &plan);
    }
    load.finish().assert_whole();
}

#[test]
fn two_runs_overlap_until_the_late_one_listens() {
    is_whole(Mode::Overlap, Plan::close());
}

#[test]
fn who_comes_is_held_until_the_late_one_listens() {
    is_whole(Mode::Queue, Plan::close());
}

#[test]
fn who_stays_is_held_until_the_late_one_listens() {
    is_whole(Mode::Queue, Plan::keep_alive());
}

#[test]
fn who_comes_after_a_crash_is_held_until_the_late_one_listens() {
    let Some(served) = late("auto") else { return };
    let plan = Plan::close();
    let load = served.load(plan);
    for _ in 0..2 {
        served.home.process(APP).signal(Signal::KILL);
        served.home.wait_died(APP);
        served.home.wait_launched(APP);
        served.await_answers(&load, &plan);
    }
    let report = load.finish();
    assert_eq!(report.failed_as(How::Refused), 0, "{report}");
    assert!(report.failed_count() <= 128, "{report}");
}
