//! A home that is treated badly: its files removed under a daemon that lives, its path too long, its
//! daemon out of descriptors or out of seats.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::os::unix::process::CommandExt;

use protocol::view::StateView;
use serde_json::json;
use tests::processes::{self, Process, Signal};
use tests::{Client, Home, Outcome, app, binaries, runtimes, with};

/// A home with one app, and the app's process.
fn with_app() -> (Home, Process) {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    home.wait_ready("web");
    let process = home.process("web");
    (home, process)
}

/// How many processes of a home run this program.
fn running(home: &Home, program: &str) -> usize {
    let all = processes::of_home(home.paths().home());
    let lines = all.iter().map(|one| processes::shown(one.pid));
    lines.filter(|line| line.contains(program)).count()
}

#[test]
fn a_daemon_whose_socket_was_removed_is_named_and_ended_all_the_same() {
    let (home, web) = with_app();
    let daemon = home.daemon();
    let pid = daemon.pid.to_string();
    fs::remove_file(home.paths().socket()).unwrap();
    let told = home.ctl(["list"]).exits(3);
    let _ = told.complains_of(&[&pid, "does not listen", "wsctl kill"]);
    home.ctl(["kill"]).ok();
    assert!(!daemon.is_alive() && !web.is_alive());
    home.ctl(["resurrect"]).ok();
    home.follow();
    home.wait_settled();
    assert_eq!(home.state("web"), StateView::Online);
}

#[test]
fn a_daemon_is_started_the_moment_another_has_ended() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    for _ in 0..5 {
        let daemon = home.daemon();
        daemon.signal(Signal::TERM);
        // It has just time to say that it ends, or goes in the middle of the question, or is gone.
        let next = home.ctl(["resurrect"]);
        let is_told = ["is ending", "before it answered"];
        let is_told = is_told.iter().any(|words| next.stderr.contains(words));
        assert!(next.code == Some(0) || is_told, "{next}");
        home.wait_end(&daemon);
        home.ctl(["resurrect"]).ok();
    }
    home.follow();
}

#[test]
fn no_app_runs_twice_where_the_home_was_removed_under_its_daemon() {
    let (home, web) = with_app();
    let first = home.daemon();
    fs::remove_dir_all(home.paths().home()).unwrap();
    let second = home.try_start(&[app("web", "listener", &[])]).exits(3);
    let _ = second.complains_of(&[&first.pid.to_string(), "its files were removed"]);
    assert!(first.is_alive() && web.is_alive());
    assert_eq!(running(&home, "listener"), 1);
    first.signal(Signal::TERM);
    home.wait_end(&first);
    assert!(!web.is_alive());
    home.start(&app("web", "listener", &[]));
    home.follow();
}

#[test]
fn what_a_killed_daemon_left_is_found_by_any_name_of_the_home() {
    let mut home = Home::new();
    let real = home.paths().home().to_owned();
    let link = home.work().join("link");
    symlink(&real, &link).unwrap();
    let daemon = home.daemon();
    daemon.signal(Signal::TERM);
    home.wait_end(&daemon);
    home.set("WSD_HOME", &link);
    home.start(&app("web", "listener", &[]));
    home.follow();
    let (daemon, web) = (home.daemon(), home.process("web"));
    daemon.signal(Signal::KILL);
    home.wait_end(&daemon);
    assert!(web.is_alive(), "an app outlives a killed daemon");
    home.set("WSD_HOME", &real);
    home.start_daemon();
    home.wait_settled();
    assert!(!web.is_alive());
    assert_eq!(home.state("web"), StateView::Online);
}

#[test]
fn a_home_whose_socket_no_path_can_name_is_refused_with_the_limit() {
    let mut home = Home::empty();
    home.set("WSD_HOME", home.work().join("x".repeat(120)));
    let asked = home.ctl(["list"]).exits(2);
    let _ = asked.complains_of(&["107 bytes", "WSD_HOME"]);
    let run = Outcome::of(&mut home.command(&binaries::wsd()), home.deadline()).exits(1);
    let _ = run.complains_of(&["107 bytes", "WSD_HOME"]);
    assert_eq!(fs::read_dir(home.work()).unwrap().count(), 0);
}

#[test]
fn where_all_seats_are_taken_one_is_told_so() {
    let (home, _web) = with_app();
    let mut seated = Vec::new();
    while home.ctl(["list"]).code == Some(0) {
        let socket = home.paths().socket();
        seated.extend((0..32).map(|_| Client::connect(&socket).expect("it listens")));
        assert!(seated.len() <= 256, "nobody is ever too many");
    }
    let told = home.ctl(["list"]).exits(1);
    let _ = told.complains_of(&["128", "ask again"]);
    drop(seated);
    home.ctl(["list"]).ok().shows(&["web", "online"]);
}

#[test]
fn a_daemon_without_descriptors_launches_no_more_and_still_does_the_rest() {
    let home = Home::empty();
    let family = |n: u32| {
        with(
            app(&format!("f{n}"), "forker", &[]),
            json!({ "max_restarts": 0 }),
        )
    };
    let apps: Vec<_> = (0..15).map(family).collect();
    let file = home.write("many.json", &json!({ "apps": apps }).to_string());
    let mut command = home.command(OsStr::new("sh").as_ref());
    command.args(["-c", "ulimit -n 80; exec \"$@\"", "sh"]);
    command.arg(binaries::wsctl()).arg("start").arg(&file);
    let started = Outcome::of(&mut command, home.deadline()).exits(1);
    let started = started.complains_of(&["too many open files", "hard limit"]);
    assert!(!started.stderr.contains("not on disk"), "{started}");
    home.follow();
    let online = |app: &protocol::view::AppView| app.instances[0].state == StateView::Online;
    let up = home.view().apps.iter().filter(|app| online(app)).count();
    assert!((1..15).contains(&up), "{up} of 15 are up");
    home.ctl(["stop", "all"]).ok();
    assert_eq!(running(&home, "forker"), 0);
}

#[test]
fn a_script_with_line_ends_of_windows_is_told_what_is_wrong_with_it() {
    let home = Home::new();
    let script = home.write("run.sh", "#!/bin/sh\r\nexit 0\r\n");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&script, executable).unwrap();
    let app = json!({ "name": "web", "script": script, "interpreter": "none", "max_restarts": 0 });
    let told = home.try_start(&[app]).exits(1);
    let _ = told.complains_of(&["/bin/sh\\r", "carriage return"]);
}

#[test]
fn to_root_an_app_of_another_users_daemon_is_that_users() {
    let Some(user) = runtimes::user() else { return };
    let home = Home::empty();
    home.open_to_all();
    let (uid, gid) = (u32::try_from(user.uid), u32::try_from(user.gid));
    let (uid, gid) = (uid.unwrap(), gid.unwrap());
    fs::create_dir(home.paths().home()).unwrap();
    chown(home.paths().home(), Some(uid), Some(gid)).unwrap();
    // Where they are built, only root may look.
    for program in [binaries::wsd(), binaries::wsctl()] {
        fs::copy(&program, home.work().join(program.file_name().unwrap())).unwrap();
    }
    let mut command = home.command(&home.work().join("wsctl"));
    command.args(["start", "sleep", "--name", "web", "--", "1000"]);
    Outcome::of(command.uid(uid).gid(gid), home.deadline()).ok();
    home.ctl(["list"]).ok().shows(&["web", &user.name]);
    let listed = home.ctl(["list", "--json"]).ok().stdout;
    assert!(listed.contains(&user.name), "{listed}");
    home.follow();
}
