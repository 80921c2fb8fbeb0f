//! What `wsctl` exits with, and that reading starts nothing.

use tests::{Home, app, processes};

#[test]
fn reading_starts_no_daemon_and_says_that_there_is_none() {
    for verb in [
        &["list"][..],
        &["describe", "web"],
        &["pid", "web"],
        &["env", "web"],
        &["ping"],
        &["events"],
        &["stop", "web"],
        &["restart", "web"],
        &["delete", "web"],
        &["reset", "web"],
        &["save"],
    ] {
        let home = Home::empty();
        let outcome = home.ctl(verb).exits(3);
        assert!(outcome.stderr.contains("daemon"), "{outcome}");
        assert_eq!(outcome.stdout, "", "{outcome}");
        assert!(!home.paths().socket().exists());
        assert_eq!(processes::of_home(home.paths().home()).len(), 0);
    }
}

#[test]
fn wrong_usage_is_2() {
    let home = Home::empty();
    home.ctl(["frobnicate"])
        .exits(2)
        .complains_of(&["frobnicate"]);
    home.ctl(["stop"]).exits(2);
    home.ctl(["list", "--colour-me-surprised"]).exits(2);
}

#[test]
fn help_and_version_are_0() {
    let home = Home::empty();
    home.ctl(["--help"])
        .exits(0)
        .shows(&["start", "stop", "logs"]);
    home.ctl(["--version"]).exits(0).shows(&["wsctl"]);
}

#[test]
fn a_wrong_configuration_is_2() {
    let home = Home::empty();
    home.write("ecosystem.json", "{ \"apps\": [ { \"name\": 3 } ] }");
    home.ctl(["start", "ecosystem.json"])
        .exits(2)
        .complains_of(&["apps[0]"]);
}

#[test]
fn not_reached_is_1() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    home.ctl(["restart", "nobody"])
        .exits(1)
        .complains_of(&["nobody"]);
}
