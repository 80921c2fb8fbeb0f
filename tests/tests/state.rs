//! The goals on disk: they come back, and damage is never silence.

use std::fs;
use std::path::Path;

use protocol::InstanceId;
use protocol::view::StateView;
use serde_json::json;
use tests::{Home, Outcome, app, binaries, processes, with};

/// What must be the same after the daemon was started again, of one instance.
#[derive(Debug, PartialEq, Eq)]
struct Kept {
    app: String,
    id: InstanceId,
    slot: u32,
    restarts: u32,
    state: StateView,
}

fn kept(home: &Home) -> Vec<Kept> {
    let view = home.view();
    let instances = view.apps.iter().flat_map(|app| &app.instances);
    let kept = instances.map(|one| Kept {
        app: one.app.to_string(),
        id: one.id,
        slot: one.slot,
        restarts: one.restarts,
        state: one.state,
    });
    kept.collect()
}

/// A home in which several things were done, whose daemon has ended.
fn ended() -> Home {
    let home = Home::new();
    let two = json!({ "instances": 2, "env": { "KEPT": "✓" } });
    home.start_all(&[
        app("gone", "listener", &[]),
        with(app("web", "echo_env", &[]), two),
    ]);
    home.ctl(["delete", "gone"]).ok();
    home.start(&app("down", "listener", &[]));
    home.ctl(["restart", "web"]).ok();
    home.ctl(["stop", "down"]).ok();
    home
}

fn kill(home: &Home) {
    let daemon = home.daemon();
    home.ctl(["kill"]).ok();
    home.wait_end(&daemon);
}

fn start_again(home: &Home) {
    home.start_daemon();
    home.wait_settled();
}

#[test]
fn ids_counters_goals_and_environments_come_back() {
    let home = ended();
    let before = kept(&home);
    kill(&home);
    start_again(&home);
    assert_eq!(kept(&home), before);
    let environment = home.ctl(["env", "web", "--json"]).exits(0).json();
    assert_eq!(environment["KEPT"], "✓");
    home.start(&app("next", "listener", &[]));
    assert_eq!(home.instance("next").id, InstanceId(4));
}

#[test]
fn a_truncated_state_gives_way_to_the_one_before_and_is_reported() {
    let home = ended();
    home.start(&app("last", "listener", &[]));
    kill(&home);
    let state = home.paths().state();
    let whole = fs::read(&state).unwrap();
    fs::write(&state, &whole[..whole.len() / 2]).unwrap();
    start_again(&home);
    assert_eq!(home.state("web"), StateView::Online);
    assert_reported(&home);
}

#[test]
fn a_corrupted_state_gives_way_to_the_one_before_and_is_reported() {
    let home = ended();
    kill(&home);
    let state = home.paths().state();
    let mut bytes = fs::read(&state).unwrap();
    let web = bytes
        .windows(5)
        .position(|part| part == b"\"web\"")
        .unwrap();
    bytes[web + 1] = b'v';
    fs::write(&state, &bytes).unwrap();
    start_again(&home);
    assert_eq!(home.state("web"), StateView::Online);
    assert_reported(&home);
}

/// The damaged file is kept under another name, and the daemon's log says so.
fn assert_reported(home: &Home) {
    let log = fs::read_to_string(home.paths().daemon_log()).expect("the daemon has a log");
    assert!(log.contains("state.json"), "{log}");
    let kept = fs::read_dir(home.paths().home()).expect("the home is there");
    let names: Vec<String> = kept
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let damaged = names.iter().filter(|name| name.contains("damaged"));
    assert_eq!(damaged.count(), 1, "{names:?}");
}

#[test]
fn where_both_are_damaged_the_daemon_refuses_and_says_what_to_do() {
    let home = ended();
    kill(&home);
    let spoil = |path: &Path| fs::write(path, "{ not the goals").unwrap();
    spoil(&home.paths().state());
    spoil(&home.paths().state_before());
    let refused = Outcome::of(&mut home.command(&binaries::wsd()), home.deadline());
    assert_ne!(refused.code, Some(0), "{refused}");
    let refused = refused.complains_of(&["state.json", "state.json.before"]);
    assert!(refused.stderr.contains("put a good copy"), "{refused}");
    let left = fs::read_to_string(home.paths().state()).unwrap();
    assert_eq!(left, "{ not the goals");
    home.ctl(["start", "ecosystem.json"])
        .exits(3)
        .complains_of(&["state.json"]);
    // `wsctl` goes when the daemon has said why it does not run, a moment before that has ended.
    for daemon in processes::of_home(home.paths().home()) {
        home.wait_end(&daemon);
    }
}

#[test]
fn goals_are_on_disk_before_they_are_answered() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    home.ctl(["stop", "web"]).ok();
    let text = fs::read_to_string(home.paths().state()).unwrap();
    assert!(text.contains("\"goal\":\"down\""), "{text}");
}
