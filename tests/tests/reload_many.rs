//! Reloads of what is more than one, or may be only one, and by whom it is run.

use std::thread;
use std::time::Duration;

use protocol::{Mode, Notice};
use serde_json::json;
use tests::load::{How, Phase, Plan};
use tests::processes::Signal;
use tests::reloading::APP;
use tests::{Home, Outcome, Runtime, Served, Server, binaries, reloading, runtimes};

/// Four instances that share a port, rolled under load.
fn four_roll(runtime: Runtime) {
    let Some(mut served) = Served::fresh(runtime, json!({ "instances": 4 })) else {
        return;
    };
    let plan = Plan::keep_alive();
    let load = served.load(plan);
    served.next_release();
    load.enter(Phase::During);
    served.home.ctl(["reload", APP]).ok();
    load.enter(Phase::After);
    load.flipped(2);
    served.await_answers(&load, &plan);
    let report = load.finish();
    report.assert_whole();
    assert_eq!(report.pids().len(), 8, "each had its share: {report}");
}

#[test]
fn four_instances_of_node_share_a_port_and_roll() {
    four_roll(Runtime::Node);
}

#[test]
fn four_instances_of_bun_share_a_port_and_roll() {
    four_roll(Runtime::Bun);
}

#[test]
fn four_instances_of_uvicorn_share_a_port_and_roll() {
    four_roll(Runtime::UvicornLoop);
}

/// Of four instances one crashes while another is replaced.
fn a_roll_goes_on(runtime: Runtime) {
    let settings = json!({ "instances": 4, "restart_delay": 0 });
    let Some(mut served) = Served::fresh(runtime, settings) else {
        return;
    };
    let plan = Plan::close();
    let load = served.load(plan);
    served.next_release();
    let last = served
        .home
        .app(APP)
        .instances
        .pop()
        .expect("there are four");
    let last = tests::Process::open(last.pid.expect("it runs").0).expect("it is alive");
    thread::scope(|threads| {
        let mut command = served.home.command(&binaries::wsctl());
        command.args(["reload", APP]);
        let deadline = served.home.deadline();
        let reload = threads.spawn(move || Outcome::of(&mut command, deadline));
        served.home.wait("one is replaced", |notice| {
            matches!(notice, Notice::Replacing { .. }).then_some(())
        });
        last.signal(Signal::KILL);
        reload.join().expect("it is waited for").ok();
    });
    served.await_answers(&load, &plan);
    let report = load.finish();
    assert_eq!(report.failed_as(How::Refused), 0, "{report}");
    assert!(report.failed_count() <= 64, "{report}");
    load_is_of(&served, 2);
}

#[test]
fn a_roll_of_node_goes_on_while_another_instance_crashes() {
    a_roll_goes_on(Runtime::Node);
}

#[test]
fn a_roll_of_bun_goes_on_while_another_instance_crashes() {
    a_roll_goes_on(Runtime::Bun);
}

#[test]
fn a_roll_of_uvicorn_goes_on_while_another_instance_crashes() {
    a_roll_goes_on(Runtime::UvicornLoop);
}

/// Every instance is of this release.
fn load_is_of(served: &Served, release: u64) {
    let load = served.load(Plan::close());
    let report = load.finish();
    report.assert_whole();
    let releases: Vec<u64> = report.releases().into_keys().collect();
    assert_eq!(releases, [release], "{report}");
}

#[test]
fn a_reload_during_a_reload_comes_after_it() {
    let Some(mut served) = Served::fresh(Runtime::Node, json!({})) else {
        return;
    };
    let plan = Plan::slow();
    let load = served.load(plan);
    served.next_release();
    let reload = || {
        let mut command = served.home.command(&binaries::wsctl());
        command.args(["reload", APP]);
        command
    };
    let (mut first, mut second) = (reload(), reload());
    let deadline = served.home.deadline();
    thread::scope(|threads| {
        let first = threads.spawn(move || Outcome::of(&mut first, deadline));
        served.home.wait("the first has taken over", |notice| {
            matches!(notice, Notice::TookOver { .. }).then_some(())
        });
        served.server.release(3);
        Outcome::of(&mut second, deadline).ok();
        first.join().expect("it is waited for").ok();
    });
    served.await_answers(&load, &plan);
    let report = load.finish();
    report.assert_whole();
    let releases: Vec<u64> = report.releases().into_keys().collect();
    assert_eq!(releases, [1, 2, 3], "{report}");
    load_is_of(&served, 3);
}

#[test]
fn a_single_writer_is_queued() {
    let home = reloading::home();
    let Some(server) = Server::of_node("node_lock.js", &home.work().join("server")) else {
        return;
    };
    let lock = home.work().join("lock");
    let server = server.with("LOCK_FILE", lock.to_string_lossy());
    let mut served = Served::of(home, server, json!({ "handover": "queue" }));
    let plan = Plan::keep_alive();
    let load = served.load(plan);
    for _ in 0..2 {
        assert_eq!(served.reload(&load).handed.mode, Mode::Queue);
        served.await_answers(&load, &plan);
    }
    load.finish().assert_whole();
}

#[test]
fn an_app_of_another_user_is_whole() {
    let Some(user) = runtimes::user() else { return };
    for mode in [Mode::Overlap, Mode::Queue] {
        let home = reloading::home();
        home.open_to_all();
        let settings = json!({ "handover": reloading::word(mode), "uid": user.name });
        let Some(mut served) = Served::start(home, Runtime::Node, settings) else {
            return;
        };
        let plan = Plan::keep_alive();
        let load = served.load(plan);
        assert_eq!(served.reload(&load).handed.mode, mode);
        served.await_answers(&load, &plan);
        load.finish().assert_whole();
    }
}

#[test]
fn the_daemon_of_an_ordinary_user_is_enough() {
    let Some(user) = runtimes::user() else { return };
    for mode in [Mode::Overlap, Mode::Queue] {
        let mut home = Home::with_limit(Duration::from_secs(30));
        home.run_as(&user);
        home.start_daemon();
        drop(reloading::cell(
            home,
            Runtime::Bun,
            mode,
            Plan::keep_alive(),
            1,
        ));
    }
}
