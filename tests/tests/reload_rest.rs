//! Reloads of connections on which little happens: idle ones, streams, and what settings make of them.

use std::time::Duration;

use protocol::Mode;
use serde_json::json;
use tests::load::{Plan, Report, Streaming};
use tests::{Runtime, Served};

/// Two reloads of 400 connections that rest up to six seconds, in a drain of one second.
fn idle_ones_are_kept(runtime: Runtime, mode: &str) {
    let drain = json!({
        "handover": mode, "drain_timeout": "1s", "drain_idle": "500ms", "queue_pause": "1s",
    });
    let Some(mut served) = Served::fresh(runtime, drain) else {
        return;
    };
    let plan = Plan::idle();
    let load = served.load(plan);
    let mut adopted = 0;
    for _ in 0..2 {
        let tally = served.reload(&load).handed.tally;
        assert_eq!((tally.cut, tally.cut_unknown), (0, 0), "{tally:?}");
        adopted += tally.adopted;
        served.await_answers(&load, &plan);
    }
    load.finish().assert_whole();
    assert!(adopted > 100, "{adopted} were idle");
}

#[test]
fn four_hundred_idle_connections_to_node_survive() {
    idle_ones_are_kept(Runtime::Node, "overlap");
}

#[test]
fn four_hundred_idle_connections_to_a_graceful_node_survive() {
    idle_ones_are_kept(Runtime::NodeGraceful, "overlap");
}

#[test]
fn four_hundred_idle_connections_to_bun_survive() {
    idle_ones_are_kept(Runtime::Bun, "overlap");
}

#[test]
fn four_hundred_idle_connections_to_uvicorn_survive() {
    idle_ones_are_kept(Runtime::UvicornLoop, "overlap");
}

#[test]
fn four_hundred_idle_connections_survive_a_queue() {
    idle_ones_are_kept(Runtime::Node, "queue");
}

/// One reload of 64 streams with two seconds to drain.
fn streamed(runtime: Runtime, kind: Streaming) -> Option<Report> {
    let mut served = Served::fresh(
        runtime,
        json!({ "drain_timeout": "2s", "drain_idle": "60s" }),
    )?;
    let plan = Plan::streams(kind);
    let load = served.load(plan);
    let handed = served.reload(&load).handed;
    assert_eq!(handed.mode, Mode::Overlap);
    let cut = handed.tally.cut + handed.tally.cut_unknown;
    assert_eq!(cut, 64, "what was cut is told: {:?}", handed.tally);
    let again = load.await_all_answers(128, served.home.deadline());
    assert!(again, "{}", load.finish());
    Some(load.finish())
}

/// Each lived through the reload, as long as it may, and was cut once.
fn lives_as_long_as_it_may(runtime: Runtime, kind: Streaming) {
    let Some(report) = streamed(runtime, kind) else {
        return;
    };
    report.assert_whole();
    let streams = report.streams;
    assert_eq!((streams.opened, streams.ended), (128, 64), "{report}");
    assert!(streams.shortest >= Some(Duration::from_secs(2)), "{report}");
}

#[test]
fn server_sent_events_live_as_long_as_they_may() {
    lives_as_long_as_it_may(Runtime::Node, Streaming::Events);
}

#[test]
fn web_sockets_live_as_long_as_they_may() {
    lives_as_long_as_it_may(Runtime::Bun, Streaming::WebSocket);
}

#[test]
fn web_sockets_of_python_live_as_long_as_they_may() {
    lives_as_long_as_it_may(Runtime::UvicornLoop, Streaming::WebSocket);
}
