//! `wsctl list`.

use serde_json::json;
use tests::{Home, app, with};

#[test]
fn the_table_shows_each_app_with_its_state() {
    let home = Home::new();
    home.start_all(&[app("web", "listener", &[]), app("job", "listener", &[])]);
    home.ctl(["stop", "job"]).ok();
    for verb in ["list", "ls", "status"] {
        home.ctl([verb])
            .exits(0)
            .shows(&["web", "online", "job", "stopped"]);
    }
}

#[test]
fn the_json_says_what_the_table_shows() {
    let home = Home::new();
    home.start(&with(
        app("web", "listener", &[]),
        json!({ "namespace": "front" }),
    ));
    let outcome = home.ctl(["list", "--json"]).exits(0);
    let shown = outcome.json();
    let first = &shown.as_array().expect("a list")[0];
    assert_eq!(first["name"], "web");
    assert_eq!(first["namespace"], "front");
    assert_eq!(first["status"], "online");
    assert_eq!(first["id"], 0);
    assert_eq!(first["pid"], home.process("web").pid);
}

#[test]
fn no_colour_goes_into_a_pipe() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    let outcome = home.ctl(["list"]).exits(0);
    assert!(!outcome.stdout.contains('\u{1b}'), "{outcome}");
}

#[test]
fn an_empty_fleet_is_said_to_be_empty() {
    let home = Home::new();
    let outcome = home.ctl(["list", "--json"]).exits(0);
    assert_eq!(outcome.json(), json!([]));
}
