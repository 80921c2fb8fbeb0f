//! Crashes, restarts and stops of what listens: who comes meanwhile waits, or is refused honestly.

use std::time::Duration;

use serde_json::json;
use tests::load::{How, Load, Phase, Place, Plan};
use tests::processes::Signal;
use tests::reloading::APP;
use tests::{Deadline, Home, Runtime, Served, Server, with};

/// Kills the app so often under load; nobody may be refused, and only what the dead had accepted is lost.
fn nobody_is_refused(runtime: Runtime, plan: Plan, crashes: u32) {
    let quick = json!({ "restart_delay": 0, "max_restarts": 1000 });
    let Some(served) = Served::fresh(runtime, quick) else {
        return;
    };
    let load = served.load(plan);
    load.enter(Phase::During);
    for _ in 0..crashes {
        served.home.process(APP).signal(Signal::KILL);
        served.home.wait_died(APP);
        served.home.wait_launched(APP);
        served.await_answers(&load, &plan);
    }
    let report = load.finish();
    assert_eq!(report.failed_as(How::Refused), 0, "{report}");
    let mut places = report.samples.iter().map(|one| one.place);
    assert!(places.all(|place| place != Place::Connecting), "{report}");
    let most = u64::from(plan.connections * crashes);
    assert!(report.failed_count() <= most, "one a connection: {report}");
    assert!(report.pids().len() > crashes as usize, "{report}");
}

#[test]
fn nobody_is_refused_while_node_crashes() {
    nobody_is_refused(Runtime::Node, Plan::close(), 20);
}

#[test]
fn nobody_is_refused_while_bun_crashes() {
    nobody_is_refused(Runtime::Bun, Plan::close(), 20);
}

#[test]
fn nobody_is_refused_while_uvicorn_crashes() {
    nobody_is_refused(Runtime::UvicornLoop, Plan::close(), 20);
}

#[test]
fn kept_connections_of_a_crash_lose_one_request_each_at_most() {
    nobody_is_refused(Runtime::Node, Plan::keep_alive(), 5);
}

/// Restarts the app under load, of which nothing may fail.
fn a_restart_is_whole(runtime: Runtime, plan: Plan) {
    let Some(mut served) = Served::fresh(runtime, json!({})) else {
        return;
    };
    let load = served.load(plan);
    for _ in 0..2 {
        served.next_release();
        load.enter(Phase::During);
        served.home.ctl(["restart", APP]).ok();
        load.enter(Phase::After);
        served.await_answers(&load, &plan);
    }
    let report = load.finish();
    report.assert_whole();
    let releases: Vec<u64> = report.releases().into_keys().collect();
    assert_eq!(releases, [1, 2, 3], "{report}");
}

#[test]
fn a_restart_of_node_fails_nobody_who_comes() {
    a_restart_is_whole(Runtime::Node, Plan::close());
}

#[test]
fn a_restart_of_node_fails_nobody_who_stays() {
    a_restart_is_whole(Runtime::Node, Plan::keep_alive());
}

#[test]
fn a_restart_of_uvicorn_fails_nobody_who_comes() {
    a_restart_is_whole(Runtime::UvicornLoop, Plan::close());
}

/// Whether a new connection to the server is refused, now.
fn is_refused(server: &Server) -> bool {
    let load = Load::on(server.address(), Plan::close().with_connections(1));
    let limit = Deadline::after(Duration::from_secs(2));
    let refused = load.await_failures(1, limit);
    refused && load.finish().failed_as(How::Refused) > 0
}

#[test]
fn a_stopped_app_refuses_at_once() {
    let Some(served) = Served::fresh(Runtime::Node, json!({})) else {
        return;
    };
    served.home.ctl(["stop", APP]).ok();
    assert!(is_refused(&served.server));
    served.home.ctl(["start", APP]).ok();
    served.server.await_listening(served.home.deadline());
    served.home.ctl(["delete", APP]).ok();
    assert!(is_refused(&served.server));
}

#[test]
fn an_app_that_was_given_up_refuses_at_once() {
    let home = Home::with_limit(Duration::from_secs(30));
    let Some(server) = Server::of_node("node_moody.js", &home.work().join("server")) else {
        return;
    };
    home.start_daemon();
    home.write("server/mood", "is well");
    let mood = server.folder().join("mood");
    let server = server.with("MOOD_FILE", mood.to_string_lossy());
    let rule = json!({ "max_restarts": 2, "restart_delay": 100 });
    let served = Served::of(home, server, rule);
    served.home.write("server/mood", "exits");
    served.home.process(APP).signal(Signal::KILL);
    served.home.wait_errored(APP);
    assert!(is_refused(&served.server));
}

#[test]
fn who_waits_longer_than_the_hold_is_refused() {
    let slow = json!({ "restart_delay": "60s", "hold_timeout": "500ms" });
    let Some(served) = Served::fresh(Runtime::Node, slow) else {
        return;
    };
    served.home.process(APP).signal(Signal::KILL);
    served.home.wait_died(APP);
    let load = Load::on(served.server.address(), Plan::close().with_connections(4));
    assert!(load.await_failures(5, served.home.deadline()));
    let report = load.finish();
    assert!(report.failed_as(How::Refused) > 0, "{report}");
    let first = report.samples.first().expect("some failed").after;
    assert!(
        first >= Duration::from_millis(200),
        "the first one waited: {report}"
    );
    served.home.ctl(["delete", APP]).ok();
}

#[test]
fn the_port_of_one_app_is_taken_for_another() {
    let Some(served) = Served::fresh(Runtime::Node, json!({})) else {
        return;
    };
    let folder = served.home.work().join("other");
    let Some(other) = Runtime::Node.server(&folder) else {
        return;
    };
    let thief = json!({
        "env": { "PORT": served.server.port().to_string(), "RELEASE_FILE": folder.join("release") },
        "autorestart": false,
    });
    let load = served.load(Plan::keep_alive());
    let outcome = served.home.try_start(&[with(other.app("other"), thief)]);
    let said = outcome.exits(1).stderr;
    assert!(said.contains("EADDRINUSE"), "{said}");
    let report = load.finish();
    report.assert_whole();
    assert_eq!(report.pids().len(), 1, "{report}");
}
