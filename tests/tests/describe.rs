//! `wsctl describe`.

use serde_json::json;
use tests::{Home, app, with};

#[test]
fn it_shows_where_everything_of_an_app_is() {
    let home = Home::new();
    home.start(&app("web", "listener", &["--flag"]));
    let out = home.out_file("web");
    for verb in ["describe", "show"] {
        home.ctl([verb, "web"]).exits(0).shows(&[
            "online",
            "listener",
            "--flag",
            out.to_str().unwrap(),
        ]);
    }
}

#[test]
fn it_says_which_attempt_this_is_and_why_the_last_one_ended() {
    let home = Home::new();
    let rule = json!({ "max_restarts": 10, "restart_delay": 60_000 });
    home.try_start(&[with(
        app(
            "api",
            "crasher",
            &["--code", "3", "--complain", "no database"],
        ),
        rule,
    )])
    .exits(1);
    home.ctl(["describe", "api"]).exits(0).shows(&[
        "waiting restart",
        "exit code 3",
        "no database",
        "10",
    ]);
}

#[test]
fn an_unknown_app_cannot_be_described() {
    let home = Home::new();
    home.ctl(["describe", "nobody"])
        .exits(1)
        .complains_of(&["nobody"]);
}
