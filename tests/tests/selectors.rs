//! What a person types for an app, in every verb that takes one.

use protocol::view::StateView;
use serde_json::json;
use tests::{Home, app, with};

fn fleet() -> Home {
    let home = Home::new();
    let front = json!({ "namespace": "front" });
    home.start_all(&[
        with(app("web", "listener", &[]), front.clone()),
        with(app("web-admin", "listener", &[]), front),
        app("job", "listener", &[]),
    ]);
    home
}

/// Stops what the words name, and gives the names of what is stopped.
fn stopped_by(words: &[&str]) -> Vec<String> {
    let home = fleet();
    home.ctl(["stop"].iter().chain(words)).ok();
    let view = home.view();
    let stopped = view
        .apps
        .iter()
        .filter(|app| app.instances[0].state == StateView::Stopped);
    stopped.map(|app| app.name.to_string()).collect()
}

#[test]
fn a_name_is_exact() {
    assert_eq!(stopped_by(&["web"]), ["web"]);
}

#[test]
fn an_id_is_one_instance() {
    let home = fleet();
    let id = home.instance("web-admin").id.to_string();
    home.ctl(["stop", &id]).ok();
    assert_eq!(home.state("web-admin"), StateView::Stopped);
    assert_eq!(home.state("web"), StateView::Online);
}

#[test]
fn all_is_everything() {
    assert_eq!(stopped_by(&["all"]), ["job", "web", "web-admin"]);
}

#[test]
fn a_namespace_is_its_apps() {
    assert_eq!(stopped_by(&["front"]), ["web", "web-admin"]);
}

#[test]
fn a_regular_expression_is_what_it_matches() {
    assert_eq!(stopped_by(&["/^web|nothing/"]), ["web", "web-admin"]);
}

#[test]
fn several_are_taken_together() {
    assert_eq!(stopped_by(&["job", "web"]), ["job", "web"]);
}

#[test]
fn a_configuration_is_the_apps_in_it() {
    let home = fleet();
    let apps = json!({ "apps": [app("job", "listener", &[])] });
    home.write("only-job.json", &apps.to_string());
    home.ctl(["stop", "only-job.json"]).ok();
    assert_eq!(home.state("job"), StateView::Stopped);
    assert_eq!(home.state("web"), StateView::Online);
}
