//! What happens when an app ends by itself.

use config::{Signal, Span};
use protocol::reply::DeathBy;
use protocol::view::StateView;
use protocol::{ExitStatus, Notice};
use serde_json::json;
use tests::{Home, app, binaries, processes, with};

fn launches(home: &Home) -> usize {
    let noticed = home.noticed();
    let launched = noticed.iter().filter(|notice| {
        matches!(
            notice,
            Notice::Launched { .. } | Notice::LaunchFailed { .. }
        )
    });
    launched.count()
}

#[test]
fn a_crash_loop_ends_errored_after_max_restarts_deaths() {
    let home = Home::new();
    let looping = json!({ "max_restarts": 3 });
    home.try_start(&[with(app("loop", "crasher", &["--code", "3"]), looping)])
        .exits(1);
    assert_eq!(home.wait_errored("loop"), 3);
    assert_eq!(home.state("loop"), StateView::Errored);
    assert_eq!(launches(&home), 3);
    assert_eq!(home.instance("loop").last_exit, Some(ExitStatus::Code(3)));
}

#[test]
fn a_crash_loop_with_a_delay_is_never_stuck_in_waiting_restart() {
    let home = Home::new();
    let looping = json!({ "max_restarts": 3, "restart_delay": 20 });
    home.try_start(&[with(app("loop", "crasher", &[]), looping)])
        .exits(1);
    assert_eq!(home.wait_errored("loop"), 3);
    assert_eq!(home.state("loop"), StateView::Errored);
}

#[test]
fn an_errored_app_starts_again_when_a_person_asks() {
    let home = Home::new();
    let flag = home.work().join("flag");
    let until = ["--until", flag.to_str().unwrap()];
    let looping = json!({ "max_restarts": 2 });
    home.try_start(&[with(app("loop", "crasher", &until), looping)])
        .exits(1);
    home.wait_errored("loop");
    home.write("flag", "");
    home.ctl(["start", "loop"]).ok();
    assert_eq!(home.state("loop"), StateView::Online);
}

#[test]
fn a_backoff_grows_by_half_after_each_death() {
    let home = Home::new();
    let backoff = json!({ "exp_backoff_restart_delay": 20 });
    home.try_start(&[with(app("loop", "crasher", &[]), backoff)])
        .exits(1);
    let waits: Vec<u64> = (0..5)
        .map(|_| home.wait_died("loop").next_in.unwrap().as_millis())
        .collect();
    assert_eq!(waits, [20, 30, 45, 67, 100]);
    home.ctl(["delete", "loop"]).ok();
}

#[test]
fn a_restart_delay_is_always_as_long() {
    let home = Home::new();
    home.try_start(&[with(
        app("loop", "crasher", &[]),
        json!({ "restart_delay": "150ms" }),
    )])
    .exits(1);
    for _ in 0..3 {
        assert_eq!(home.wait_died("loop").next_in, Some(Span::millis(150)));
        home.wait_launched("loop");
    }
    home.ctl(["delete", "loop"]).ok();
}

#[test]
fn an_app_whose_database_is_down_is_tried_until_it_is_up() {
    let home = Home::new();
    let flag = home.work().join("database");
    let until = ["--until", flag.to_str().unwrap()];
    let rule = json!({ "max_restarts": 2, "min_uptime": 100, "restart_delay": 250 });
    home.try_start(&[with(app("api", "crasher", &until), rule)])
        .exits(1);
    for _ in 0..5 {
        assert_eq!(home.wait_died("api").next_in, Some(Span::millis(250)));
    }
    home.write("database", "");
    home.wait_ready("api");
    assert_eq!(home.state("api"), StateView::Online);
    let noticed = home.noticed();
    let gave_up = |notice: &Notice| matches!(notice, Notice::Errored { .. });
    assert!(!noticed.iter().any(gave_up));
}

#[test]
fn an_exit_code_of_stop_exit_codes_ends_it() {
    let home = Home::new();
    let rule = json!({ "stop_exit_codes": [0, 7] });
    home.start(&with(
        app("job", "crasher", &["--code", "7", "--after", "700"]),
        rule,
    ));
    let status = home.wait("`job` finished", |notice| {
        let Notice::Finished { status, .. } = notice else {
            return None;
        };
        Some(*status)
    });
    assert_eq!(status, ExitStatus::Code(7));
    assert_eq!(home.state("job"), StateView::Stopped);
    assert_eq!(launches(&home), 1);
}

#[test]
fn without_autorestart_an_app_that_ends_has_ended() {
    let home = Home::new();
    let job = with(
        app("job", "crasher", &["--code", "0"]),
        json!({ "autorestart": false }),
    );
    home.start(&job);
    assert_eq!(home.state("job"), StateView::Stopped);
    assert_eq!(launches(&home), 1);
}

#[test]
fn a_death_by_signal_is_recorded_as_that_signal() {
    let home = Home::new();
    let rule = json!({ "restart_delay": 60_000, "stop_exit_codes": [0] });
    let dying = app(
        "dying",
        "crasher",
        &["--signal", "SIGUSR2", "--after", "700"],
    );
    home.start(&with(dying, rule));
    let usr2 = ExitStatus::Signal {
        signal: "SIGUSR2".parse::<Signal>().unwrap(),
        core: false,
    };
    assert_eq!(home.wait_died("dying").how, DeathBy::Exit(usr2));
    let instance = home.instance("dying");
    assert_eq!(instance.state, StateView::WaitingRestart);
    assert_eq!(instance.last_exit, Some(usr2));
}

#[test]
fn an_app_killed_from_outside_is_back_with_a_new_process() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    let first = home.process("web");
    first.signal(processes::Signal::KILL);
    let killed = ExitStatus::Signal {
        signal: Signal::KILL,
        core: false,
    };
    assert_eq!(home.wait_died("web").how, DeathBy::Exit(killed));
    home.wait_ready("web");
    let instance = home.instance("web");
    assert_ne!(instance.pid.unwrap().0, first.pid);
    assert_eq!(instance.restarts, 1);
}

#[test]
fn a_program_that_was_removed_is_tried_again_until_it_is_back() {
    let home = Home::new();
    let program = home.work().join("program");
    std::fs::copy(binaries::fake("listener"), &program).unwrap();
    let rule = json!({ "script": program, "restart_delay": 200 });
    home.start(&with(app("web", "listener", &[]), rule));
    home.wait_ready("web");
    std::fs::rename(&program, program.with_extension("away")).unwrap();
    home.process("web").signal(processes::Signal::KILL);
    home.wait("the launch failed", |notice| {
        matches!(notice, Notice::LaunchFailed { .. }).then_some(())
    });
    std::fs::rename(program.with_extension("away"), &program).unwrap();
    home.wait_ready("web");
}
