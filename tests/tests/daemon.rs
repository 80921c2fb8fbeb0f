//! The daemon as a process: one a home, killed and started again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use protocol::view::StateView;
use serde_json::json;
use tests::processes::{self, Signal};
use tests::{Home, Outcome, app, binaries, fixture, runtimes, with};

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
fn an_idle_daemon_sleeps() {
    let home = Home::new();
    let ten = json!({ "instances": 10 });
    home.start(&with(app("web", "listener", &[]), ten));
    let daemon = home.daemon().pid;
    // What the start has left to do, closing a client and saving, is done after a moment.
    fixture::linger(Duration::from_secs(1));
    let before = processes::sleeps(daemon);
    fixture::linger(Duration::from_secs(3));
    assert_eq!(processes::sleeps(daemon) - before, 0, "it woke by itself");
}

#[test]
fn two_starts_at_once_start_one_daemon() {
    let home = Home::empty();
    home.write("a.json", &json!([app("a", "listener", &[])]).to_string());
    home.write("b.json", &json!([app("b", "listener", &[])]).to_string());
    let begin = |file: &str| {
        let mut command = home.command(&binaries::wsctl());
        command.args(["start", file]).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    for child in [begin("a.json"), begin("b.json")] {
        Outcome::await_end("wsctl start".to_owned(), child, home.deadline()).ok();
    }
    assert_eq!(home.view().apps.len(), 2);
    let daemons = processes::of_home(home.paths().home());
    let shown = daemons.iter().map(|one| processes::shown(one.pid));
    assert_eq!(shown.filter(|line| line.contains("wsd run")).count(), 1);
}

#[test]
fn the_members_of_a_group_may_control_it_where_that_was_said() {
    let Some(user) = runtimes::user() else { return };
    let mut home = Home::empty();
    home.open_to_all();
    home.set("WSD_GROUP", &user.name);
    home.start_daemon();
    home.start(&app("web", "listener", &[]));
    let program = home.work().join("wsctl");
    fs::copy(binaries::wsctl(), &program).unwrap();
    let mut command = home.command(&program);
    command.args(["stop", "web"]);
    command.uid(u32::try_from(user.uid).unwrap());
    command.gid(u32::try_from(user.gid).unwrap());
    Outcome::of(&mut command, home.deadline()).ok();
    assert_eq!(home.state("web"), StateView::Stopped);
    assert_eq!(mode(&home.paths().state()), 0o600);
}
