//! The short verbs: env, pid, ping, reset, signal, flush, kill.

use protocol::view::StateView;
use serde_json::json;
use tests::{Home, app, processes, with};

#[test]
fn env_shows_the_environment_of_an_instance() {
    let home = Home::new();
    home.start(&with(
        app("web", "listener", &[]),
        json!({ "env": { "COLOUR": "red" } }),
    ));
    home.ctl(["env", "0"]).exits(0).shows(&["COLOUR"]);
    let shown = home.ctl(["env", "0", "--json"]).exits(0).json();
    assert_eq!(shown["COLOUR"], "red");
}

#[test]
fn pid_prints_the_process_number_alone() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    let shown = home.ctl(["pid", "web"]).exits(0);
    assert_eq!(shown.stdout, format!("{}\n", home.process("web").pid));
}

#[test]
fn ping_is_answered() {
    let home = Home::new();
    home.ctl(["ping"]).ok();
}

#[test]
fn reset_zeroes_the_count_of_restarts() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    home.ctl(["restart", "web"]).ok();
    assert_eq!(home.instance("web").restarts, 1);
    home.ctl(["reset", "web"]).ok();
    assert_eq!(home.instance("web").restarts, 0);
}

#[test]
fn a_signal_reaches_the_app() {
    let home = Home::new();
    home.start(&app("chatter", "chatter", &["wait", "woken"]));
    home.ctl(["signal", "USR1", "chatter"]).ok();
    home.wait_said("chatter", "woken\n");
    assert_eq!(home.state("chatter"), StateView::Online);
}

#[test]
fn an_unknown_signal_is_wrong_usage() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    home.ctl(["signal", "SIGFOO", "web"])
        .exits(2)
        .complains_of(&["SIGFOO"]);
}

#[test]
fn flush_empties_the_logs_of_a_running_app() {
    let home = Home::new();
    home.start(&app("chatter", "chatter", &["first", "wait", "second"]));
    home.wait_said("chatter", "first\n");
    home.ctl(["flush", "chatter"]).ok();
    assert_eq!(std::fs::read(home.out_file("chatter")).unwrap(), b"");
    home.ctl(["signal", "SIGUSR1", "chatter"]).ok();
    assert_eq!(home.wait_said("chatter", "second\n"), "second\n");
}

#[test]
fn kill_ends_the_daemon_and_all_apps() {
    let home = Home::new();
    home.start_all(&[app("web", "listener", &[]), app("tree", "forker", &[])]);
    let daemon = home.daemon();
    home.ctl(["kill"]).ok();
    home.wait_end(&daemon);
    assert_eq!(processes::of_home(home.paths().home()).len(), 0);
    assert!(!home.paths().socket().exists());
}
