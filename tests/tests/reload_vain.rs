//! Reloads that fail: the successor does not come up, the old run serves on, and nobody notices.

use std::time::Duration;

use serde_json::{Value, json};
use tests::load::Plan;
use tests::{Home, Outcome, Served, Server, ports};

/// A server on Node whose next run is as its file of moods says.
fn moody(settings: Value) -> Option<Served> {
    let home = Home::with_limit(Duration::from_secs(30));
    let server = Server::of_node("node_moody.js", &home.work().join("server"))?;
    let mood = server.folder().join("mood");
    home.write("server/mood", "is well");
    let server = server
        .with("MOOD_FILE", mood.to_string_lossy())
        .with("ELSEWHERE", ports::free().to_string());
    home.start_daemon();
    Some(Served::of(home, server, settings))
}

/// Reloads under load into a run of this mood, which must fail and hurt nobody; then into a good one.
fn is_kept(mood: &str, settings: Value) -> Option<Outcome> {
    let mut served = moody(settings)?;
    let plan = Plan::keep_alive();
    let load = served.load(plan);
    let old = served.home.process("web").pid;
    served.home.write("server/mood", mood);
    let outcome = served.reload_in_vain(&load);
    served.await_answers(&load, &plan);
    assert_eq!(served.home.process("web").pid, old, "{outcome}");
    served.home.write("server/mood", "is well");
    served.reload(&load);
    served.await_answers(&load, &plan);
    let report = load.finish();
    report.assert_whole();
    let releases: Vec<u64> = report.releases().into_keys().collect();
    assert_eq!(releases, [1, 3], "{report}");
    Some(outcome)
}

#[test]
fn a_successor_that_exits_leaves_the_old_run() {
    let Some(outcome) = is_kept("exits", json!({})) else {
        return;
    };
    outcome.complains_of(&["the migration failed: no such table", "serves on"]);
}

#[test]
fn a_successor_that_hangs_leaves_the_old_run() {
    let Some(outcome) = is_kept("hangs", json!({ "listen_timeout": "1s" })) else {
        return;
    };
    outcome.complains_of(&["serves on"]);
}

#[test]
fn a_successor_that_listens_elsewhere_leaves_the_old_run() {
    let Some(outcome) = is_kept("listens elsewhere", json!({ "listen_timeout": "1s" })) else {
        return;
    };
    outcome.complains_of(&["serves on"]);
}

#[test]
fn a_successor_that_fails_its_check_leaves_the_old_run() {
    let check = json!({ "reload_check": "/health" });
    let Some(outcome) = is_kept("is sick", check) else {
        return;
    };
    outcome.complains_of(&["500", "/health", "serves on"]);
}
