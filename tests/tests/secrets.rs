//! The value of no variable is shown where nobody asked for it.

use std::fs;

use serde_json::json;
use tests::{Home, app, with};

const SECRET: &str = "correct-horse-battery-staple";

#[test]
fn no_value_of_a_variable_is_shown_or_logged() {
    let mut home = Home::new();
    home.set("SHELL_SECRET", SECRET);
    home.write("settings.env", &format!("DB_PASSWORD={SECRET}\n"));
    let secret = json!({ "env": { "JWT_SECRET": SECRET }, "env_file": "settings.env" });
    home.start(&with(app("web", "listener", &[]), secret));
    home.ctl(["restart", "web"]).ok();
    for words in [
        &["list"][..],
        &["list", "--json"],
        &["describe", "web"],
        &["describe", "web", "--json"],
        &["logs", "--nostream"],
        &["stop", "web"],
        &["start", "web"],
        &["check", "ecosystem.json"],
    ] {
        let shown = home.ctl(words);
        let text = [&*shown.stdout, &*shown.stderr].concat();
        assert!(!text.contains(SECRET), "{shown}");
    }
    let log = fs::read_to_string(home.paths().daemon_log()).unwrap();
    assert!(!log.contains(SECRET), "{log}");
    let notices = format!("{:?}", home.noticed());
    assert!(!notices.contains(SECRET), "{notices}");
}

#[test]
fn whoever_asks_for_the_environment_gets_it() {
    let home = Home::new();
    let secret = json!({ "env": { "JWT_SECRET": SECRET } });
    home.start(&with(app("web", "listener", &[]), secret));
    home.ctl(["env", "web"])
        .exits(0)
        .shows(&["JWT_SECRET", SECRET]);
}
