//! Two hundred instances at once.

use std::time::Duration;

use protocol::view::StateView;
use serde_json::json;
use tests::{Home, app, processes, with};

#[test]
fn two_hundred_instances_are_started_listed_and_stopped() {
    let home = Home::with_limit(Duration::from_secs(80));
    home.start_daemon();
    home.start(&with(
        app("many", "chatter", &["hello"]),
        json!({ "instances": 200 }),
    ));
    let states = |state| {
        let app = home.app("many");
        app.instances
            .iter()
            .filter(|one| one.state == state)
            .count()
    };
    assert_eq!(states(StateView::Online), 200);
    let shown = home.ctl(["list", "--json"]).exits(0).json();
    assert_eq!(shown.as_array().unwrap().len(), 200);
    home.ctl(["stop", "many"]).ok();
    assert_eq!(states(StateView::Stopped), 200);
    let left = processes::of_home(home.paths().home());
    assert_eq!(left.len(), 1, "the daemon alone");
    for instance in home.app("many").instances {
        home.wait_text(&instance.logs.out.unwrap(), "hello\n");
    }
}
