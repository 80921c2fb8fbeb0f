//! `wsctl stop`.

use std::time::Duration;

use config::{Signal, Span};
use protocol::view::StateView;
use protocol::{ExitStatus, Notice};
use serde_json::{Value, json};
use tests::deadline::Stopwatch;
use tests::{Home, app, processes, with};

fn stopped(home: &Home) -> ExitStatus {
    home.wait("it has stopped", |notice| {
        let Notice::Stopped { status, .. } = notice else {
            return None;
        };
        Some(*status)
    })
}

fn died_of(name: &str) -> ExitStatus {
    ExitStatus::Signal {
        signal: name.parse::<Signal>().expect("a signal's name"),
        core: false,
    }
}

#[test]
fn a_stopped_app_is_gone_and_stays_known() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    let process = home.process("web");
    home.ctl(["stop", "web"]).ok();
    assert!(!process.is_alive());
    let instance = home.instance("web");
    assert_eq!(instance.state, StateView::Stopped);
    assert_eq!(instance.pid, None);
    assert_eq!(instance.restarts, 0);
    assert!(!instance.pid_file.exists());
}

#[test]
fn an_app_is_asked_by_sigint() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    home.ctl(["stop", "web"]).ok();
    assert_eq!(stopped(&home), died_of("SIGINT"));
}

#[test]
fn an_app_is_asked_by_its_own_kill_signal() {
    let home = Home::new();
    home.start(&with(
        app("web", "listener", &[]),
        json!({ "kill_signal": "SIGTERM" }),
    ));
    home.ctl(["stop", "web"]).ok();
    assert_eq!(stopped(&home), died_of("SIGTERM"));
}

#[test]
fn an_app_that_ignores_it_is_killed_after_its_time() {
    let home = Home::new();
    home.start(&with(
        app("web", "stubborn", &[]),
        json!({ "kill_timeout": "300ms" }),
    ));
    home.ctl(["stop", "web"]).ok();
    let after = home.wait("it is killed", |notice| {
        let Notice::Killing { after, .. } = notice else {
            return None;
        };
        Some(*after)
    });
    assert_eq!(after, Span::millis(300));
    assert_eq!(stopped(&home), died_of("SIGKILL"));
}

#[test]
fn stopping_twenty_stubborn_apps_takes_as_long_as_one() {
    let home = Home::with_limit(Duration::from_secs(25));
    home.start_daemon();
    let stubborn = |number: u32| {
        with(
            app(&format!("web-{number}"), "stubborn", &[]),
            json!({ "kill_timeout": 1000 }),
        )
    };
    let apps: Vec<Value> = (0..20).map(stubborn).collect();
    home.start_all(&apps);
    let watch = Stopwatch::start();
    home.ctl(["stop", "all"]).ok();
    let took = watch.read();
    assert!(took >= Duration::from_secs(1), "{took:?}");
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[test]
fn a_stop_is_answered_as_soon_as_it_is_gone() {
    let home = Home::new();
    home.start(&with(
        app("web", "listener", &[]),
        json!({ "kill_timeout": 60_000 }),
    ));
    let watch = Stopwatch::start();
    home.ctl(["stop", "web"]).ok();
    let took = watch.read();
    assert!(took < Duration::from_millis(1500), "{took:?}");
}

#[test]
fn a_stop_cancels_a_restart_that_is_due() {
    let home = Home::new();
    home.try_start(&[with(
        app("loop", "crasher", &[]),
        json!({ "restart_delay": 60_000 }),
    )])
    .exits(1);
    assert_eq!(home.state("loop"), StateView::WaitingRestart);
    home.ctl(["stop", "loop"]).ok();
    assert_eq!(home.state("loop"), StateView::Stopped);
}

#[test]
fn what_is_stopped_can_be_stopped_again() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    home.ctl(["stop", "web"]).ok();
    home.ctl(["stop", "web"]).ok();
}

#[test]
fn an_unknown_name_stops_nothing() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    home.ctl(["stop", "web", "wbe"])
        .exits(1)
        .complains_of(&["wbe"]);
    assert_eq!(home.state("web"), StateView::Online);
}

#[test]
fn a_frozen_app_can_be_stopped() {
    let home = Home::new();
    home.start(&with(
        app("web", "listener", &[]),
        json!({ "kill_timeout": 200 }),
    ));
    let process = home.process("web");
    process.signal(processes::Signal::STOP);
    home.ctl(["stop", "web"]).ok();
    assert!(!process.is_alive());
}

#[test]
fn an_app_that_has_not_become_ready_can_be_stopped() {
    let home = Home::new();
    let slow = with(
        app("slow", "slow_ready", &["never"]),
        json!({ "wait_ready": true, "listen_timeout": "60s" }),
    );
    let text = json!([slow]).to_string();
    home.write("slow.json", &text);
    let starter = home.ctl_follow(["start", "slow.json"]);
    home.wait_launched("slow");
    home.ctl(["stop", "slow"]).ok();
    assert_eq!(home.state("slow"), StateView::Stopped);
    drop(starter);
}
