//! `wsctl scale`.

use protocol::view::StateView;
use serde_json::json;
use tests::{Home, app, with};

fn slots(home: &Home) -> Vec<u32> {
    let app = home.app("web");
    assert!(
        app.instances
            .iter()
            .all(|one| one.state == StateView::Online)
    );
    app.instances.iter().map(|one| one.slot).collect()
}

#[test]
fn an_app_is_scaled_up_and_down() {
    let home = Home::new();
    home.start(&with(
        app("web", "stubborn", &[]),
        json!({ "kill_timeout": 50 }),
    ));
    home.ctl(["scale", "web", "3"]).ok();
    assert_eq!(slots(&home), [0, 1, 2]);
    home.ctl(["scale", "web", "+1"]).ok();
    assert_eq!(slots(&home), [0, 1, 2, 3]);
    home.ctl(["scale", "web", "-2"]).ok();
    assert_eq!(slots(&home), [0, 1]);
    home.ctl(["scale", "web", "1"]).ok();
    assert_eq!(slots(&home), [0]);
}

#[test]
fn scaling_keeps_the_instances_that_stay() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    let first = home.process("web");
    home.ctl(["scale", "web", "2"]).ok();
    home.ctl(["scale", "web", "1"]).ok();
    assert!(first.is_alive());
}

#[test]
fn an_app_has_not_endlessly_many_instances() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    home.ctl(["scale", "web", "100000"])
        .exits(1)
        .complains_of(&["web", "1024"]);
}
