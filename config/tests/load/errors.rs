//! What people read when something is wrong, in every format.

use config::{Source, Wanted};
use insta::assert_snapshot;
use serde_json::json;

use crate::scene::{Scene, flagged};

#[test]
fn json_errors_point_at_key_and_value() {
    let scene = Scene::with(&["node"]);
    let loaded = scene.load(
        "apps.json",
        r#"{
  // Two apps.
  "apps": [
    {
      "name": "web",
      "script": "server.js",
      "max_restarts": "ten",
      "max_memory_restart": "500X",
      "kill_signal": "SIGTREM",
      "autorestart": "yes",
      "instances": 5000,
      "stop_exit_codes": [0, 1000],
      "maxRestart": 3
    },
    {
      "name": "web",
      "script": "servr.js",
      "kill_timeout": "5 minutes",
      "exec_mode": "clutser"
    }
  ],
  "watch": true,
  "deploy": {}
}
"#,
    );
    assert!(loaded.specs.is_empty());
    assert_snapshot!(scene.shown(&loaded));
}

#[test]
fn yaml_errors_point_at_key_and_value() {
    let scene = Scene::with(&["node"]);
    let loaded = scene.load(
        "apps.yaml",
        "base: &base\n  restart_delay: soon\napps:\n  - <<: *base\n    name: web\n    \
         script: server.js\n    env: [A=1]\n    port: 70000\n  - script: 5\n  - web\n",
    );
    assert_snapshot!(scene.shown(&loaded));
}

#[test]
fn mistakes_about_a_hand_over_say_what_would_be_right() {
    let scene = Scene::with(&["node"]);
    let loaded = scene.load(
        "apps.yaml",
        "apps:\n  - name: web\n    script: server.js\n    handover: overlay\n    \
         reload_check: http://localhost:3013/health\n    reload_batch: 0\n    \
         handover_settle: 2m\n    drain_timeout: soon\n    drain_idle: 0\n    \
         keepalive: keep\n    backlog: 511\n    no_new_privs: true\n    drainTimout: 5s\n    \
         listen: [3013, localhost:80, 70000, 0, '@x']\n  \
         - name: two\n    script: server.js\n    listen: [3013, ':3013']\n",
    );
    assert_snapshot!(scene.shown(&loaded));
}

#[test]
fn toml_errors_are_all_reported() {
    let scene = Scene::with(&["node"]);
    let broken = scene.load("broken.toml", "[[apps]]\nname = web\nscript = 'a\n");
    let wrong = scene.load(
        "apps.toml",
        "[[apps]]\nname = 'web'\nscript = 'server.js'\nmin_uptime = true\ninterpreter = 'nod'\n",
    );
    assert_snapshot!(format!(
        "{}\n\n{}",
        scene.shown(&broken),
        scene.shown(&wrong)
    ));
}

#[test]
fn javascript_errors_are_found_where_there_is_no_doubt() {
    let scene = Scene::with(&["node"]);
    let loaded = scene.load(
        "ecosystem.config.js",
        "const port = 'x';\nmodule.exports = {\n  apps: [\n    { name: 'a', script: 'server.js', \
         max_restarts: 'ten' },\n    { name: 'b', script: 'server.js', port },\n  ],\n};\n",
    );
    assert_snapshot!(scene.shown(&loaded));
}

#[test]
fn text_that_is_broken_says_where() {
    let scene = Scene::with(&["node"]);
    let texts = [
        (
            "a.json",
            "{ \"apps\": [ { \"name\": \"web\" \"script\": \"a\" } ] }",
        ),
        ("b.json", ""),
        ("c.yaml", "apps:\n  - name: 'web\n"),
        ("d.yaml", "apps:\n\t- name: web\n"),
        ("e.json", "{}"),
        ("f.json", "{ \"app\": [] }"),
        ("g.yaml", "web:\n  foo: 1\n"),
        ("h.json", "{ apps: [{ script: nope() }] }"),
    ];
    let shown: Vec<String> = texts
        .iter()
        .map(|(name, text)| scene.shown(&scene.load(name, text)))
        .collect();
    assert_snapshot!(shown.join("\n\n"));
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let scene = Scene::with(&[]);
    let source = Source::File("nowhere.json".into());
    let loaded = config::load(&source, &scene.asker(), &Wanted::default());
    assert_snapshot!(scene.shown(&loaded));
}

#[test]
fn flags_are_named_as_they_are_typed() {
    let scene = Scene::with(&["node"]);
    let flags = json!({"script": "sevrer.js", "max_restarts": "x", "out_file": 5, "colour": 1});
    let alone = scene.load_flags(flags);
    let beside = scene.load_wanted(
        "apps.json",
        r#"[{"name": "a", "script": "server.js"}, {"name": "b", "script": "server.js"}]"#,
        &Wanted {
            only: vec!["c".into()],
            env_name: Some("prod".into()),
            ..flagged(json!({"kill_timeout": "x"}))
        },
    );
    assert_snapshot!(format!(
        "{}\n\n{}",
        scene.shown(&alone),
        scene.shown(&beside)
    ));
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let scene = Scene::with(&["node"]);
    scene.program("home/.bun/bin/bun");
    scene.file("deep/app.js", "");
    scene.file("main.ts", "");
    scene.file("tool", "#!/usr/bin/env rubby\n");
    let loaded = scene.load(
        "deep/apps.json",
        r#"{ "apps": {
  "ts": { "script": "main.ts" },
  "here": { "script": "app.js" },
  "folder": { "script": "home" },
  "cwd": { "script": "server.js", "cwd": "nowhere" },
  "none": { "script": "server.js", "interpreter": "none" },
  "shebang": { "script": "tool" },
  "program": { "script": "nde" },
  "absolute": { "script": "server.js", "interpreter": "./server.js" },
  "dotenv": { "script": "server.js", "env_file": ".env" },
  "user": { "script": "server.js", "uid": "nobody" },
  "root": { "script": "server.js", "uid": 0 },
  "empty": {}
} }
"#,
    );
    assert_snapshot!(scene.shown(&loaded));
}

#[test]
fn the_value_of_a_variable_is_never_shown() {
    let scene = Scene::with(&["node"]);
    let loaded = scene.load(
        "apps.yaml",
        "apps:\n  - script: server.js\n    env: { A: \"hunter2\\0\", \"B=\": hunter2 }\n",
    );
    assert_eq!(loaded.errors.len(), 2);
    let beside = scene.load(
        "apps.json",
        r#"[{"script": "server.js", "port": "x", "env": {"A": "hunter2"}}]"#,
    );
    assert_eq!(beside.errors.len(), 1);
    assert!(
        !scene.shown(&beside).contains("hunter2"),
        "{}",
        scene.shown(&beside)
    );
    let evaluated = scene.load(
        "ecosystem.config.js",
        "module.exports = [{ script: 'server.js', port: 'x', env: { A: 'hunter2' } }]",
    );
    assert_eq!(evaluated.errors.len(), 1);
    assert!(!scene.shown(&evaluated).contains("hunter2"));
    assert!(
        !scene.shown(&loaded).contains("hunter2"),
        "{}",
        scene.shown(&loaded)
    );
}
