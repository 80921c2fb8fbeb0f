//! `wsctl check`, `schema`, `init` and `completion`: what needs no daemon.

use serde_json::Value;
use tests::{Home, app, binaries, processes};

#[test]
fn a_right_configuration_is_checked_and_nothing_is_started() {
    let home = Home::empty();
    let apps = serde_json::json!({ "apps": [app("web", "listener", &[])] });
    home.write("ecosystem.json", &apps.to_string());
    home.ctl(["check", "ecosystem.json"]).ok();
    assert_eq!(processes::of_home(home.paths().home()).len(), 0);
}

#[test]
fn all_errors_are_shown_at_once_each_with_its_place() {
    let home = Home::empty();
    home.write(
        "ecosystem.json",
        "{\n  \"apps\": [\n    { \"name\": \"web\", \"script\": \"/bin/true\", \"max_restarts\": \"many\" },\n    \
         { \"name\": \"job\", \"script\": \"/bin/true\", \"kill_timeout\": \"soon\" }\n  ]\n}\n",
    );
    home.ctl(["check", "ecosystem.json"])
        .exits(2)
        .complains_of(&["apps[0].max_restarts", "apps[1].kill_timeout", ":3:", ":4:"]);
}

#[test]
fn an_unknown_setting_warns_with_the_nearest_name() {
    let home = Home::empty();
    home.write(
        "ecosystem.json",
        r#"{ "apps": [ { "name": "web", "script": "/bin/true", "max_restart": 3 } ] }"#,
    );
    home.ctl(["check", "ecosystem.json"])
        .exits(0)
        .complains_of(&["max_restart", "max_restarts"]);
}

#[test]
fn the_resolved_specifications_are_shown_as_json() {
    let home = Home::empty();
    let script = binaries::fake("listener");
    home.write(
        "ecosystem.config.cjs",
        &format!(
            "// comment\nmodule.exports = {{ apps: [{{ name: 'web', script: '{}', \
             instances: 2, }},], }};\n",
            script.display()
        ),
    );
    let shown = home
        .ctl(["check", "ecosystem.config.cjs", "--json"])
        .exits(0)
        .json();
    let text = shown.to_string();
    assert!(text.contains(r#""name":"web""#), "{text}");
    assert!(text.contains(script.to_str().unwrap()), "{text}");
}

#[test]
fn a_configuration_comes_by_standard_input_too() {
    let home = Home::new();
    let apps = serde_json::json!([app("web", "listener", &[])]);
    let file = home.write("piped", &apps.to_string());
    let mut command = home.command(&binaries::wsctl());
    command.args(["start", "-"]);
    let child = command
        .stdin(std::fs::File::open(file).unwrap())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    tests::Outcome::await_end("wsctl start -".to_owned(), child, home.deadline()).ok();
    assert!(home.process("web").is_alive());
}

#[test]
fn the_schema_is_json_and_knows_the_settings() {
    let home = Home::empty();
    let schema = home.ctl(["schema"]).exits(0).json();
    let text = schema.to_string();
    for setting in ["max_restarts", "restart_delay", "exec_mode", "kill_signal"] {
        assert!(text.contains(setting), "{setting}");
    }
    assert!(matches!(schema, Value::Object(_)));
}

#[test]
fn init_writes_a_configuration_that_is_right_and_never_over_another() {
    let home = Home::empty();
    home.ctl(["init"]).ok();
    let file = home.work().join("ecosystem.config.cjs");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("module.exports"), "{text}");
    home.ctl(["init"])
        .exits(1)
        .complains_of(&["ecosystem.config.cjs"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn completions_are_written_for_each_shell() {
    let home = Home::empty();
    for shell in ["bash", "zsh", "fish"] {
        home.ctl(["completion", shell])
            .exits(0)
            .shows(&["wsctl", "restart"]);
    }
}
