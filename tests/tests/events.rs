//! `wsctl events`.

use protocol::{Notice, Noticed};
use serde_json::json;
use tests::{Home, app, with};

/// A home with an app that dies again and again, so that there is always something to notice.
fn restless() -> Home {
    let home = Home::new();
    let rule = json!({ "max_restarts": 1000, "restart_delay": 100 });
    home.try_start(&[with(app("loop", "crasher", &["--code", "3"]), rule)])
        .exits(1);
    home
}

#[test]
fn each_notice_is_a_line_of_json() {
    let home = restless();
    let follower = home.ctl_follow(["events", "--json"]);
    let died = (0..10).any(|_| {
        let noticed: Noticed = serde_json::from_str(&follower.line()).unwrap();
        matches!(noticed.notice, Notice::Died { who, .. } if who.app.as_str() == "loop")
    });
    assert!(died);
}

#[test]
fn each_notice_is_a_line_for_people() {
    let home = restless();
    let follower = home.ctl_follow(["events"]);
    let told = (0..10).any(|_| {
        let line = follower.line();
        line.contains("loop") && line.contains("exit code 3")
    });
    assert!(told);
}
