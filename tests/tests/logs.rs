//! `wsctl logs`.

use serde_json::json;
use tests::{Home, app, with};

#[test]
fn the_last_lines_are_shown() {
    let home = Home::new();
    home.start(&app("chatter", "chatter", &["lines=100", "errors"]));
    home.wait_said("chatter", "line 99\n");
    home.ctl([
        "logs",
        "chatter",
        "--nostream",
        "--lines",
        "3",
        "--out",
        "--raw",
    ])
    .exits(0)
    .shows(&["line 97\nline 98\nline 99\n"]);
    let shown = home.ctl(["logs", "chatter", "--nostream", "--lines", "2", "--out"]);
    assert!(!shown.stdout.contains("line 97"), "{shown}");
}

#[test]
fn errors_and_output_can_be_shown_alone() {
    let home = Home::new();
    home.start(&app("chatter", "chatter", &["errors", "plain"]));
    home.wait_said("chatter", "plain\n");
    let errors = home.instance("chatter").logs.err.unwrap();
    home.wait_text(&errors, "an error line\n");
    let shown = home
        .ctl(["logs", "chatter", "--nostream", "--err"])
        .exits(0);
    assert!(shown.stdout.contains("an error line"), "{shown}");
    assert!(!shown.stdout.contains("plain"), "{shown}");
    let shown = home
        .ctl(["logs", "chatter", "--nostream", "--out"])
        .exits(0);
    assert!(shown.stdout.contains("plain"), "{shown}");
    assert!(!shown.stdout.contains("an error line"), "{shown}");
}

#[test]
fn json_has_one_object_a_line() {
    let home = Home::new();
    home.start(&app("chatter", "chatter", &["hello"]));
    home.wait_said("chatter", "hello\n");
    let shown = home
        .ctl(["logs", "chatter", "--nostream", "--json"])
        .exits(0);
    let line: serde_json::Value =
        serde_json::from_str(shown.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(line["message"], "hello");
    assert_eq!(line["app_name"], "chatter");
    assert_eq!(line["type"], "out");
}

#[test]
fn following_shows_what_is_printed_later_across_a_restart() {
    let home = Home::new();
    home.start(&app("chatter", "chatter", &["before", "wait", "after"]));
    home.wait_said("chatter", "before\n");
    let follower = home.ctl_follow(["logs", "chatter", "--raw"]);
    follower.await_line("before");
    home.ctl(["signal", "SIGUSR1", "chatter"]).ok();
    follower.await_line("after");
    home.ctl(["restart", "chatter"]).ok();
    follower.await_line("before");
}

#[test]
fn logs_can_be_read_when_the_daemon_is_down() {
    let home = Home::new();
    home.start(&app("chatter", "chatter", &["hello"]));
    home.wait_said("chatter", "hello\n");
    home.ctl(["kill"]).ok();
    home.ctl(["logs", "chatter", "--nostream"])
        .exits(0)
        .shows(&["hello"]);
}

#[test]
fn each_line_says_whose_it_is() {
    let home = Home::new();
    home.start_all(&[
        app("one", "chatter", &["from one"]),
        with(app("two", "chatter", &["from two"]), json!({})),
    ]);
    home.wait_said("one", "from one\n");
    home.wait_said("two", "from two\n");
    let shown = home.ctl(["logs", "--nostream"]).exits(0);
    let line = |text: &str| shown.stdout.lines().find(|line| line.contains(text));
    assert!(line("from one").unwrap().contains("one"), "{shown}");
    assert!(line("from two").unwrap().contains("two"), "{shown}");
}
