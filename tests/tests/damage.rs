//! What a person is told when the saved fleet was damaged, and what comes back when the daemon does.

use std::fs;

use protocol::view::StateView;
use serde_json::json;
use tests::{Home, Outcome, app, with};

/// A home with apps whose daemon has ended.
fn ended(apps: &[serde_json::Value]) -> Home {
    let home = Home::new();
    home.start_all(apps);
    let daemon = home.daemon();
    home.ctl(["kill"]).ok();
    home.wait_end(&daemon);
    home
}

/// Cuts the saved state in half.
fn damage(home: &Home) {
    let state = home.paths().state();
    let whole = fs::read(&state).expect("the state was saved");
    fs::write(&state, &whole[..whole.len() / 2]).expect("room for half of it");
}

fn assert_told(home: &Home, shown: &Outcome) {
    let state = home.paths().state();
    let kept_as = format!("{}.damaged-1", state.display());
    for part in [
        "warning: ",
        &format!("`{}` is damaged", state.display()),
        &format!("kept as `{kept_as}`"),
        "the generation before it was used",
        "wsctl list",
    ] {
        assert!(shown.stderr.contains(part), "{part} in {shown}");
    }
    assert!(fs::exists(kept_as).expect("the home is there"), "{shown}");
}

#[test]
fn who_starts_the_daemon_is_told_that_the_state_was_damaged() {
    let home = ended(&[app("web", "listener", &[])]);
    damage(&home);
    let shown = home.ctl(["resurrect"]).exits(0);
    assert_told(&home, &shown);
    assert_eq!(home.state("web"), StateView::Online);
}

#[test]
fn the_damage_is_told_however_silent_the_command_is_to_be() {
    let home = ended(&[app("web", "listener", &[])]);
    damage(&home);
    let shown = home.ctl(["start", "web", "--silent", "--json"]).exits(0);
    assert_told(&home, &shown);
    assert_eq!(shown.json()["outcomes"][0]["name"], "web");
}

#[test]
fn a_state_that_is_gone_is_told_with_the_one_that_was_used() {
    let home = ended(&[app("web", "listener", &[])]);
    fs::remove_file(home.paths().state()).unwrap();
    let shown = home.ctl(["resurrect"]).exits(0);
    let shown = shown.complains_of(&["warning: ", "is missing", "state.json.before"]);
    assert_eq!(home.state("web"), StateView::Online, "{shown}");
}

#[test]
fn a_whole_state_is_no_news() {
    let home = ended(&[app("web", "listener", &[])]);
    let shown = home.ctl(["resurrect"]).exits(0);
    assert!(!shown.stderr.contains("warning"), "{shown}");
}

#[test]
fn a_resurrect_waits_for_what_the_new_daemon_brings_back() {
    let slow = json!({ "wait_ready": true, "listen_timeout": "8s" });
    let home = ended(&[
        with(
            app("slow", "slow_ready", &["notify", "--after", "600"]),
            slow,
        ),
        app("down", "listener", &[]),
    ]);
    let shown = home.ctl(["resurrect"]).exits(0);
    assert_eq!(home.state("slow"), StateView::Online, "{shown}");
    assert!(
        shown.stderr.contains("slow (id 0): brought back"),
        "{shown}"
    );
}

#[test]
fn a_resurrect_reports_what_does_not_come_back() {
    let home = Home::new();
    let script = home.write("app.sh", "#!/bin/sh\nexec sleep 1000\n");
    home.start(&json!({
        "name": "sick", "script": script, "interpreter": "/bin/sh", "restart_delay": "1h",
    }));
    let daemon = home.daemon();
    home.ctl(["kill"]).ok();
    home.wait_end(&daemon);
    home.write("app.sh", "#!/bin/sh\necho 'no database' >&2\nexit 3\n");
    home.ctl(["resurrect"])
        .exits(1)
        .complains_of(&["`sick` (id 0) did not start: exit code 3", "| no database"]);
}
