//! `wsctl restart`.

use protocol::view::StateView;
use serde_json::json;
use tests::{Home, app, with};

#[test]
fn a_restart_gives_a_new_process_and_counts() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    let before = home.process("web");
    home.ctl(["restart", "web"]).ok();
    assert!(!before.is_alive());
    let instance = home.instance("web");
    assert_eq!(instance.state, StateView::Online);
    assert_eq!(instance.restarts, 1);
}

#[test]
fn a_restart_starts_what_is_stopped() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    home.ctl(["stop", "web"]).ok();
    home.ctl(["restart", "web"]).ok();
    assert_eq!(home.state("web"), StateView::Online);
}

#[test]
fn several_are_restarted_at_once() {
    let home = Home::new();
    let stubborn = with(app("b", "stubborn", &[]), json!({ "kill_timeout": 200 }));
    home.start_all(&[app("a", "listener", &[]), stubborn]);
    let before = [home.process("a"), home.process("b")];
    home.ctl(["restart", "a", "b"]).ok();
    assert!(before.iter().all(|process| !process.is_alive()));
    assert_eq!(home.state("a"), StateView::Online);
    assert_eq!(home.state("b"), StateView::Online);
}

#[test]
fn a_restart_from_the_file_takes_its_changes() {
    let home = Home::new();
    let file = home.write(
        "ecosystem.json",
        &json!({ "apps": [app("web", "echo_env", &["old"])] }).to_string(),
    );
    home.ctl(["start", "ecosystem.json"]).ok();
    let changed = json!({ "apps": [app("web", "echo_env", &["new"])] });
    std::fs::write(&file, changed.to_string()).unwrap();
    home.ctl(["restart", "ecosystem.json"]).ok();
    home.wait_said("web", r#""arguments":["new"]"#);
}
