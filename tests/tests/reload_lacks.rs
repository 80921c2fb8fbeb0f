//! What a machine may lack, refused by a filter around the daemon: the reload falls back, and says so.

use std::time::Duration;

use protocol::{Handed, LackOf, Mode};
use serde_json::json;
use tests::load::{Plan, Report};
use tests::{Home, Runtime, Served, binaries};

/// A reload under load by a daemon that is refused one thing.
fn without(what: &str, plan: Plan) -> Option<(Handed, Report)> {
    let mut home = Home::with_limit(Duration::from_secs(30));
    let refuse = binaries::workspace().join("tests/servers/refuse");
    home.wrap_daemon([refuse.as_os_str(), what.as_ref()]);
    home.start_daemon();
    let mut served = Served::start(home, Runtime::Node, json!({ "drain_timeout": "2s" }))?;
    let load = served.load(plan);
    let handed = served.reload(&load).handed;
    served.await_answers(&load, &plan);
    Some((handed, load.finish()))
}

#[track_caller]
fn assert_lacks(handed: &Handed, of: &LackOf) {
    assert!(handed.lacks.iter().any(|lack| lack.of == *of), "{handed:?}");
}

#[test]
fn without_a_filter_a_reload_is_a_restart() {
    let Some((handed, report)) = without("filter", Plan::close()) else {
        return;
    };
    assert_lacks(&handed, &LackOf::Filter);
    assert_eq!(handed.mode, Mode::Restart);
    assert!(report.failed_count() > 0, "nothing was held: {report}");
}

#[test]
fn without_duplicates_a_reload_is_a_restart() {
    let Some((handed, report)) = without("duplicate", Plan::close()) else {
        return;
    };
    assert_lacks(&handed, &LackOf::Duplicate);
    assert_eq!(handed.mode, Mode::Restart);
    assert!(report.failed_count() > 0, "nothing was held: {report}");
}

#[test]
fn without_tracing_nobody_who_comes_is_lost() {
    let Some((handed, report)) = without("trace", Plan::close()) else {
        return;
    };
    assert_lacks(&handed, &LackOf::Trace);
    report.assert_whole();
}

#[test]
fn without_tracing_a_busy_connection_loses_one_request_at_most() {
    let Some((handed, report)) = without("trace", Plan::keep_alive()) else {
        return;
    };
    assert_lacks(&handed, &LackOf::Trace);
    assert!(report.failed_count() <= 64, "{report}");
    let cut = handed.tally.cut + handed.tally.cut_unknown;
    assert!(
        u64::from(cut) >= report.failed_count(),
        "{handed:?} {report}"
    );
}

#[test]
fn without_the_list_of_connections_nobody_who_comes_is_lost() {
    let Some((handed, report)) = without("diagnosis", Plan::close()) else {
        return;
    };
    assert_eq!(handed.mode, Mode::Overlap);
    assert!(!handed.lacks.is_empty(), "{handed:?}");
    report.assert_whole();
}
