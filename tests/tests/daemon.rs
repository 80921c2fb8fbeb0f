//! The daemon as a process: one a home, killed and started again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use protocol::Notice;
use protocol::view::StateView;
use serde_json::json;
use tests::processes::{self, Signal};
use tests::{Client, Home, Outcome, Process, app, binaries, with};

fn mode(path: &Path) -> u32 {
    fs::metadata(path)
        .expect("it is there")
        .permissions()
        .mode()
        & 0o7777
}

#[test]
fn a_second_daemon_says_who_has_the_home_and_goes() {
    let home = Home::new();
    let first = home.daemon();
    let second = Outcome::of(&mut home.command(&binaries::wsd()), home.deadline());
    assert_ne!(second.code, Some(0), "{second}");
    let _ = second.complains_of(&[&first.pid.to_string()]);
    assert!(first.is_alive());
    home.ctl(["ping"]).ok();
}

#[test]
fn only_the_owner_can_read_what_the_home_holds() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    let paths = home.paths();
    assert_eq!(mode(paths.home()), 0o700);
    assert_eq!(mode(&paths.logs()), 0o700);
    assert_eq!(mode(&paths.pids()), 0o700);
    assert_eq!(mode(&paths.socket()), 0o600);
    assert_eq!(mode(&paths.state()), 0o600);
    assert_eq!(mode(&paths.daemon_log()), 0o600);
    assert_eq!(mode(&home.out_file("web")), 0o600);
    home.ctl(["save"]).ok();
    assert_eq!(mode(&paths.dump()), 0o600);
}

#[test]
fn a_killed_daemon_leaves_no_app_that_runs_twice() {
    let home = Home::with_limit(Duration::from_secs(25));
    let daemon = home.start_daemon();
    home.start_all(&[
        app("web", "listener", &[]),
        with(app("tree", "forker", &[]), json!({ "kill_timeout": 200 })),
        app("down", "listener", &[]),
    ]);
    home.ctl(["stop", "down"]).ok();
    home.wait_said("tree", "forker up");
    daemon.signal(Signal::KILL);
    home.wait_end(&daemon);
    let left = processes::of_home(home.paths().home());
    assert!(!left.is_empty(), "apps outlive a killed daemon");
    home.start_daemon();
    home.wait_settled();
    assert_eq!(home.state("web"), StateView::Online);
    assert_eq!(home.state("tree"), StateView::Online);
    assert_eq!(left.iter().filter(|one| one.is_alive()).count(), 0);
    assert_eq!(home.state("down"), StateView::Stopped);
    let web = processes::of_home(home.paths().home())
        .iter()
        .filter(|one| processes::shown(one.pid).contains("listener"))
        .count();
    assert_eq!(web, 1);
}

#[test]
fn a_daemon_that_is_asked_by_a_signal_stops_its_apps_and_keeps_their_goals() {
    let home = Home::new();
    home.start_all(&[app("web", "listener", &[]), app("down", "listener", &[])]);
    home.ctl(["stop", "down"]).ok();
    let web = home.process("web");
    let daemon = home.daemon();
    daemon.signal(Signal::TERM);
    home.wait_end(&daemon);
    assert!(!web.is_alive());
    home.start_daemon();
    home.wait_ready("web");
    assert_eq!(home.state("down"), StateView::Stopped);
}

#[test]
fn a_daemon_that_is_asked_twice_does_not_wait_for_stubborn_apps_for_ever() {
    let home = Home::new();
    home.start(&with(
        app("web", "stubborn", &[]),
        json!({ "kill_timeout": 300 }),
    ));
    let web = home.process("web");
    let daemon = home.daemon();
    daemon.signal(Signal::TERM);
    daemon.signal(Signal::INT);
    home.wait_end(&daemon);
    assert!(!web.is_alive());
}

#[test]
fn a_lost_terminal_does_not_end_the_daemon() {
    let home = Home::new();
    let daemon = home.daemon();
    daemon.signal(Signal::HUP);
    home.ctl(["ping"]).ok();
    assert!(daemon.is_alive());
}

#[test]
fn an_idle_daemon_is_answering_and_asleep() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    let before = Process::open(home.daemon().pid).unwrap();
    assert!(Client::connect(&home.paths().socket()).is_some());
    assert!(before.is_alive());
    let ended = home.noticed();
    assert!(
        !ended
            .iter()
            .any(|notice| matches!(notice, Notice::DaemonEnding { .. }))
    );
}
