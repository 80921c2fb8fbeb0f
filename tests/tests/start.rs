//! `wsctl start`.

use std::os::unix::fs::PermissionsExt;

use protocol::view::StateView;
use serde_json::json;
use tests::{Home, app, binaries, with};

#[test]
fn the_first_start_starts_the_daemon() {
    let home = Home::empty();
    home.start(&app("web", "listener", &[]));
    assert_eq!(home.state("web"), StateView::Online);
}

#[test]
fn a_script_with_flags_and_arguments_is_started() {
    let home = Home::new();
    let script = binaries::fake("echo_env");
    home.ctl([
        "start",
        script.to_str().unwrap(),
        "--name",
        "echo",
        "-i",
        "2",
        "--",
        "--port",
        "a b",
    ])
    .ok();
    let view = home.app("echo");
    assert_eq!(view.instances.len(), 2);
    assert_eq!(view.exec.args, ["--port", "a b"]);
    home.wait_said("echo", r#""arguments":["--port","a b"]"#);
}

#[test]
fn a_script_is_named_after_its_file() {
    let home = Home::new();
    home.write("server.sh", "echo up\nexec sleep 1000\n");
    home.ctl(["start", "server.sh"]).ok();
    assert_eq!(home.state("server"), StateView::Online);
    home.wait_said("server", "up\n");
}

#[test]
fn a_command_with_blanks_is_run_by_a_shell() {
    let home = Home::new();
    home.ctl([
        "start",
        "echo $((20+3)) up; exec sleep 1000",
        "--name",
        "shell",
    ])
    .ok();
    home.wait_said("shell", "23 up\n");
}

#[test]
fn a_program_is_looked_up_in_the_path_of_who_asks() {
    let mut home = Home::new();
    let file = home.write(
        "tools/mytool",
        "#!/bin/sh\necho mytool up\nexec sleep 1000\n",
    );
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    home.prepend_path(&home.work().join("tools"));
    home.ctl(["start", "mytool"]).ok();
    home.wait_said("mytool", "mytool up\n");
}

#[test]
fn only_some_apps_of_a_file_are_started() {
    let home = Home::new();
    let apps = json!([app("a", "listener", &[]), app("b", "listener", &[])]);
    home.write("ecosystem.json", &json!({ "apps": apps }).to_string());
    home.ctl(["start", "ecosystem.json", "--only", "b"]).ok();
    assert_eq!(home.view().apps.len(), 1);
    assert_eq!(home.state("b"), StateView::Online);
}

#[test]
fn a_named_environment_is_laid_over_the_plain_one() {
    let home = Home::new();
    let echo = with(
        app("echo", "echo_env", &[]),
        json!({ "env": { "KIND": "plain", "KEPT": 1 }, "env_production": { "KIND": "production" } }),
    );
    home.write("ecosystem.json", &json!({ "apps": [echo] }).to_string());
    home.ctl(["start", "ecosystem.json", "--env", "production"])
        .ok();
    let said = home.wait_said("echo", "\n");
    assert!(said.contains(r#""KIND":"production""#), "{said}");
    assert!(said.contains(r#""KEPT":"1""#), "{said}");
}

#[test]
fn an_app_that_dies_at_once_is_reported_with_its_last_words() {
    let home = Home::new();
    let words = "database refused the connection";
    home.try_start(&[with(
        app("api", "crasher", &["--code", "3", "--complain", words]),
        json!({ "restart_delay": 60_000 }),
    )])
    .exits(1)
    .complains_of(&["api", "exit code 3", words]);
}

#[test]
fn a_script_that_is_not_there_is_reported_and_nothing_is_started() {
    let home = Home::new();
    home.ctl(["start", "nowhere.js"])
        .exits(2)
        .complains_of(&["nowhere.js"]);
    assert_eq!(home.view().apps, []);
}

#[test]
fn a_folder_that_is_gone_is_named() {
    let home = Home::new();
    let gone = home.work().join("gone");
    home.try_start(&[with(app("web", "listener", &[]), json!({ "cwd": gone }))])
        .exits(2)
        .complains_of(&["web", gone.to_str().unwrap()]);
}

#[test]
fn a_start_by_name_starts_what_is_stopped() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    home.ctl(["stop", "web"]).ok();
    home.ctl(["start", "web"]).ok();
    assert_eq!(home.state("web"), StateView::Online);
}

#[test]
fn starting_the_same_file_again_changes_nothing() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    let before = home.process("web");
    home.start(&app("web", "listener", &[]));
    assert!(before.is_alive());
    assert_eq!(home.app("web").instances.len(), 1);
}

#[test]
fn an_app_without_autostart_waits_for_its_name_to_be_started() {
    let home = Home::new();
    home.start(&with(
        app("later", "listener", &[]),
        json!({ "autostart": false }),
    ));
    assert_eq!(home.state("later"), StateView::Stopped);
    home.ctl(["start", "later"]).ok();
    assert_eq!(home.state("later"), StateView::Online);
}

#[test]
fn one_app_that_fails_does_not_keep_the_others_down() {
    let home = Home::new();
    let bad = with(
        app("bad", "crasher", &[]),
        json!({ "restart_delay": 60_000 }),
    );
    home.try_start(&[bad, app("good", "listener", &[])])
        .exits(1)
        .complains_of(&["bad"]);
    assert_eq!(home.state("good"), StateView::Online);
}

#[test]
fn a_program_that_may_not_be_executed_is_named() {
    let home = Home::new();
    let file = home.write("tool", "#!/bin/sh\n");
    let rule = json!({ "script": file, "interpreter": "none", "restart_delay": 60_000 });
    home.try_start(&[with(app("tool", "listener", &[]), rule)])
        .exits(2)
        .complains_of(&["tool", "cannot be executed", "chmod +x"]);
}

#[test]
fn a_file_that_is_no_program_is_named_with_the_kernels_reason() {
    let home = Home::new();
    let file = home.write("tool", "\u{1}\u{0} no program");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let rule = json!({ "script": file, "interpreter": "none", "restart_delay": 60_000 });
    home.try_start(&[with(app("tool", "listener", &[]), rule)])
        .exits(1)
        .complains_of(&["tool", file.to_str().unwrap(), "xec format error"]);
}

#[test]
fn a_log_that_cannot_be_opened_is_named() {
    let home = Home::new();
    let file = home.write("a-file", "").join("out.log");
    let rule = json!({ "out_file": file, "restart_delay": 60_000 });
    home.try_start(&[with(app("web", "listener", &[]), rule)])
        .complains_of(&["web", file.parent().unwrap().to_str().unwrap()]);
}

#[test]
fn arguments_that_the_kernel_does_not_take_are_an_error_of_that_app_alone() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    let long = "x".repeat(200_000);
    let rule = json!({ "restart_delay": 60_000 });
    home.try_start(&[with(app("long", "listener", &[&long]), rule)])
        .exits(1)
        .complains_of(&["long", "too long"]);
    assert_eq!(home.state("web"), StateView::Online);
}
