//! The load generator against real servers: right answers while nothing happens, and what is lost where
//! one is restarted without a hand-over.

use std::time::Duration;

use tests::load::{How, Load, Phase, Plan, Report, Streaming};
use tests::{Deadline, Runtime};

fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(25))
}

/// A few answers of each kind of load, on a server to which nothing happens.
fn is_whole_at_rest(runtime: Runtime, plans: &[Plan]) {
    let folder = tempfile::tempdir().expect("room for a folder");
    let Some(server) = runtime.server(folder.path()) else {
        return;
    };
    let _bare = server.spawn();
    server.await_listening(deadline());
    for plan in plans {
        let load = Load::on(server.address(), plan.with_connections(8));
        assert!(load.await_answers(8, deadline()));
        let report = load.finish();
        report.assert_whole();
        let releases: Vec<u64> = report.releases().into_keys().collect();
        assert!(releases == [1] || report.streams.opened == 8, "{report}");
    }
}

const REQUESTS: [Plan; 6] = [
    Plan::keep_alive(),
    Plan::close(),
    Plan::think(),
    Plan::echo(),
    Plan::ten_megabytes(),
    Plan::drip(),
];

const STREAMS: [Plan; 2] = [
    Plan::streams(Streaming::Events),
    Plan::streams(Streaming::WebSocket),
];

#[test]
fn node_at_rest_gives_right_answers() {
    is_whole_at_rest(Runtime::Node, &REQUESTS);
    is_whole_at_rest(Runtime::Node, &STREAMS);
}

#[test]
fn bun_at_rest_gives_right_answers() {
    is_whole_at_rest(Runtime::Bun, &REQUESTS);
    is_whole_at_rest(Runtime::Bun, &STREAMS);
}

#[test]
fn uvicorn_at_rest_gives_right_answers() {
    is_whole_at_rest(Runtime::UvicornLoop, &REQUESTS);
    is_whole_at_rest(Runtime::UvicornLoop, &STREAMS);
}

/// Stops the server as PM2 does, waits for its end, and starts it again.
fn restarted(runtime: Runtime, plan: Plan) -> Option<Report> {
    let folder = tempfile::tempdir().expect("room for a folder");
    let server = runtime.server(folder.path())?;
    let bare = server.spawn();
    server.await_listening(deadline());
    let load = Load::on(server.address(), plan);
    assert!(load.await_answers(200, deadline()));
    load.enter(Phase::During);
    server.release(2);
    bare.stop(Duration::from_secs(5));
    let _next = server.spawn();
    server.await_listening(deadline());
    load.enter(Phase::After);
    assert!(load.await_answers(200, deadline()));
    Some(load.finish())
}

#[test]
fn a_restart_of_node_fails_who_asks_and_refuses_who_comes() {
    let Some(report) = restarted(Runtime::Node, Plan::keep_alive()) else {
        return;
    };
    let lost = report.failed_as(How::Ended) + report.failed_as(How::Reset);
    assert!((60..=64).contains(&lost), "one a connection: {report}");
    assert!(report.failed_as(How::Refused) >= 64, "{report}");
    assert_eq!(report.of(Phase::Before).failed(), 0, "{report}");
    let releases: Vec<u64> = report.releases().into_keys().collect();
    assert_eq!(releases, [1, 2], "{report}");
}

#[test]
fn a_handler_for_signals_saves_nobody_who_comes_meanwhile() {
    let Some(report) = restarted(Runtime::NodeGraceful, Plan::close()) else {
        return;
    };
    assert!(report.failed_as(How::Refused) >= 64, "{report}");
}
