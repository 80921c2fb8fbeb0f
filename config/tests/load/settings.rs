//! What each setting means.

use config::handover::{Backlog, KeepAlive, NoNewPrivs};
use config::spec::{ExecMode, RestartDelay, RunAs, Scope};
use config::{Address, Handover, HandoverRule, Signal, Source, Span, Wanted};
use serde_json::{Value, json};

use crate::scene::{Scene, flagged, one};

/// The only app of a file that says this about it.
fn app(scene: &Scene, mut settings: Value) -> config::AppSpec {
    if settings.get("script").is_none() {
        settings["script"] = json!("server.js");
    }
    one(scene.load("apps.json", &json!({"apps": [settings]}).to_string()))
}

#[test]
fn what_pm2_refuses_is_understood() {
    let scene = Scene::with(&["node"]);
    let spec = app(
        &scene,
        json!({
            "autorestart": "false",
            "restart_delay": "1.5s",
            "kill_timeout": "1m",
            "kill_signal": "term",
            "stop_exit_codes": "0, 2",
            "max_restarts": "3",
            "treekill": "false",
            "min_uptime": "1h30m",
        }),
    );
    assert!(!spec.restart.autorestart);
    assert_eq!(spec.restart.delay, RestartDelay::Fixed(Span::millis(1500)));
    assert_eq!(spec.restart.stop_exit_codes, [0, 2]);
    assert_eq!(spec.restart.max_restarts, 3);
    assert_eq!(spec.restart.min_uptime, Span::secs(5400));
    assert_eq!(spec.stop.timeout, Span::secs(60));
    assert_eq!(spec.stop.signal, Signal::TERM);
    assert_eq!(spec.stop.scope, Scope::Leader);
}

#[test]
fn a_backoff_overrides_a_fixed_delay() {
    let scene = Scene::with(&["node"]);
    let both = json!({"restart_delay": 1, "exp_backoff_restart_delay": 100});
    let off = json!({"restart_delay": 1, "exp_backoff_restart_delay": 0});
    let delay = |settings| app(&scene, settings).restart.delay;
    assert_eq!(delay(both), RestartDelay::Backoff(Span::millis(100)));
    assert_eq!(delay(off), RestartDelay::Fixed(Span::millis(1)));
}

#[test]
fn a_hand_over_is_as_it_is_by_default_where_nothing_is_said() {
    let scene = Scene::with(&["node"]);
    assert_eq!(app(&scene, json!({})).handover, HandoverRule::default());
}

#[test]
fn every_setting_of_a_hand_over_is_read_in_either_spelling() {
    let scene = Scene::with(&["node"]);
    let expected = HandoverRule {
        mode: Handover::Overlap,
        check: Some("/health?deep=1".to_owned()),
        batch: 2,
        settle: Span::ZERO,
        drain_timeout: Span::secs(120),
        drain_idle: Span::secs(1),
        queue_pause: Span::millis(2500),
        hold_timeout: Span::ZERO,
        keepalive: KeepAlive::Close,
        backlog: Backlog::App,
        no_new_privs: NoNewPrivs::Auto,
        listen: vec![Address::Tcp(([127, 0, 0, 1], 3013).into())],
    };
    let snake = json!({
        "handover": "overlap",
        "reload_check": "/health?deep=1",
        "reload_batch": "2",
        "handover_settle": 0,
        "drain_timeout": "2m",
        "drain_idle": "1s",
        "queue_pause": 2500,
        "hold_timeout": 0,
        "keepalive": "close",
        "backlog": "app",
        "no_new_privs": "auto",
        "listen": "127.0.0.1:3013",
    });
    let camel: serde_json::Map<String, Value> = snake
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| (camel(key), value.clone()))
        .collect();
    assert!(camel.contains_key("drainTimeout"));
    assert_eq!(app(&scene, snake).handover, expected);
    assert_eq!(app(&scene, Value::Object(camel)).handover, expected);
}

fn camel(key: &str) -> String {
    let mut words = key.split('_');
    let first = words.next().unwrap().to_owned();
    words.fold(first, |camel, word| {
        let (head, tail) = word.split_at(1);
        camel + &head.to_uppercase() + tail
    })
}

#[test]
fn what_an_app_is_given_to_listen_at_may_be_ports_addresses_and_files() {
    let scene = Scene::with(&["node"]);
    let spec = app(
        &scene,
        json!({"cwd": "bin", "script": "node", "listen": [
            3013, "127.0.0.1:3013", "[::1]:80", "unix:/run/x.sock", "y.sock", "~/z.sock",
        ]}),
    );
    let shown: Vec<String> = spec
        .handover
        .listen
        .iter()
        .map(ToString::to_string)
        .collect();
    let unix = |name| format!("unix:{}", scene.path(name).display());
    assert_eq!(
        shown,
        [
            "[::]:3013".to_owned(),
            "127.0.0.1:3013".to_owned(),
            "[::1]:80".to_owned(),
            "unix:/run/x.sock".to_owned(),
            unix("bin/y.sock"),
            unix("home/z.sock"),
        ]
    );
}

#[test]
fn settings_that_another_one_makes_useless_are_warned_of() {
    let scene = Scene::with(&["node"]);
    let told = |settings: Value| {
        let loaded = scene.load("apps.json", &json!([settings]).to_string());
        let told = loaded.warnings.iter().map(|warning| warning.place.clone());
        told.collect::<Vec<String>>()
    };
    let script = "server.js";
    assert_eq!(
        told(
            json!({"script": script, "handover": "off", "drain_timeout": 1, "keepalive": "close"})
        ),
        ["[0].drain_timeout", "[0].keepalive"]
    );
    assert_eq!(
        told(
            json!({"script": script, "handover": "queue", "reload_check": "/", "drain_timeout": 1,
                "drain_idle": "1s", "queue_pause": 1})
        ),
        ["[0].reload_check", "[0].drain_timeout"]
    );
    assert_eq!(
        told(json!({"script": script, "no_new_privs": "never"})),
        ["[0].no_new_privs"]
    );
    let root = Scene {
        uid: 0,
        ..Scene::with(&["node"])
    };
    let text = json!([{"script": script, "no_new_privs": "never"}]).to_string();
    assert_eq!(root.load("apps.json", &text).warnings, []);
}

#[test]
fn node_with_instances_is_a_cluster_and_python_is_not() {
    let scene = Scene::with(&["node", "python3"]);
    scene.file("main.py", "");
    let mode = |settings| app(&scene, settings).mode;
    assert_eq!(mode(json!({})), ExecMode::Fork);
    assert_eq!(mode(json!({"instances": 1})), ExecMode::Cluster);
    assert_eq!(
        mode(json!({"instances": 2, "exec_mode": "fork"})),
        ExecMode::Fork
    );
    assert_eq!(
        mode(json!({"instances": 2, "script": "main.py"})),
        ExecMode::Fork
    );
    assert_eq!(
        mode(json!({"instances": 2, "execute_command": true})),
        ExecMode::Fork
    );
}

#[test]
fn the_log_files_of_one_instance_keep_their_plain_names() {
    let scene = Scene::with(&["node"]);
    let out = |settings| app(&scene, settings).log_paths(3).out.unwrap();
    let name = |path: std::path::PathBuf| path.to_string_lossy().into_owned();
    assert_eq!(
        name(out(json!({"instances": 1}))),
        "/wsd/logs/server-out.log"
    );
    assert_eq!(
        name(out(json!({"instances": 2}))),
        "/wsd/logs/server-out-3.log"
    );
    assert_eq!(
        name(out(json!({"instances": 2, "merge_logs": true}))),
        "/wsd/logs/server-out.log"
    );
    assert_eq!(
        name(out(json!({"name": "../a_b"}))),
        "/wsd/logs/..-a-b-out.log"
    );
    assert_eq!(
        name(out(json!({"name": "日本 1"}))),
        "/wsd/logs/日本-1-out.log"
    );
    assert_eq!(out(json!({"out": "~/x.log"})), scene.path("home/x.log"));
    assert_eq!(
        out(json!({"out": "x.log", "cwd": "bin", "script": "node"})),
        scene.path("bin/x.log")
    );
}

#[test]
fn logs_can_be_switched_off_joined_and_dated() {
    let scene = Scene::with(&["node"]);
    let logs = |settings| app(&scene, settings).logs;
    let off = logs(json!({"out_file": "NULL", "error_file": "/dev/null", "log_file": true}));
    assert_eq!((off.out, off.err), (None, None));
    assert_eq!(off.combined, Some("/wsd/logs/server.log".into()));
    let none = logs(json!({"disable_logs": true, "log": "all.log"}));
    assert_eq!((none.out, none.err, none.combined), (None, None, None));
    let dated = logs(json!({"time": true}));
    assert_eq!(dated.stamp.as_deref(), Some("YYYY-MM-DDTHH:mm:ss"));
    let both = logs(json!({"time": true, "log_date_format": "HH"}));
    assert_eq!(both.stamp.as_deref(), Some("HH"));
}

#[test]
fn declared_variables_win_in_order() {
    let scene = Scene {
        env: vec![("A", "asker"), ("SECRET_KEY", "x"), ("KEEP", "y")],
        ..Scene::with(&["node"])
    };
    scene.file(".env", "A=file\nB=file\nC=file\nD=file\n");
    let text = json!({"apps": [{
        "script": "server.js",
        "env_file": ".env",
        "env": {"B": "env", "C": "env", "PORT": 1, "OBJECT": {"a": 1}, "YES": true},
        "env_production": {"C": "production"},
        "port": 8080,
        "filter_env": ["SECRET", "PATH"],
        "append_env_to_name": true,
    }]});
    let wanted = Wanted {
        env_name: Some("production".into()),
        ..Wanted::default()
    };
    let spec = one(scene.load_wanted("apps.json", &text.to_string(), &wanted));
    let declared: Vec<String> = spec
        .env
        .0
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let expected = [
        "A=file",
        "B=env",
        "C=production",
        "D=file",
        "OBJECT={\"a\":1}",
        "PORT=8080",
        "YES=true",
    ];
    assert_eq!(declared, expected);
    let inherited: Vec<&String> = spec.inherited.0.keys().collect();
    assert_eq!(inherited, ["A", "KEEP"]);
    assert_eq!(spec.name.as_str(), "server-production");
}

#[test]
fn an_environment_that_no_app_has_is_warned_of() {
    let scene = Scene::with(&["node"]);
    let wanted = Wanted {
        env_name: Some("prodution".into()),
        ..Wanted::default()
    };
    let text = r#"[{"script": "server.js", "env_production": {}}]"#;
    let loaded = scene.load_wanted("apps.json", text, &wanted);
    assert_eq!(loaded.specs.len(), 1);
    assert_eq!(
        loaded.warnings[0].hint.as_deref(),
        Some("did you mean `--env production`?")
    );
}

#[test]
fn what_javascript_changes_in_its_environment_reaches_the_apps() {
    let scene = Scene {
        env: vec![("GONE", "x")],
        ..Scene::with(&["node"])
    };
    let text = "process.env.ADDED = 'yes'; delete process.env.GONE;\n\
                module.exports = { script: 'server.js' };";
    let spec = one(scene.load("ecosystem.config.js", text));
    assert_eq!(spec.inherited.get("ADDED"), Some("yes"));
    assert_eq!(spec.inherited.get("GONE"), None);
}

#[test]
fn a_script_is_a_file_else_a_program_else_a_command_line() {
    let scene = Scene::with(&["node", "npm", "bash"]);
    let exec = |settings| app(&scene, settings).exec;
    assert_eq!(exec(json!({})).script, scene.path("server.js"));
    let npm = exec(json!({"script": "npm", "args": "start --x \"a b\""}));
    assert_eq!(npm.script, scene.path("bin/npm"));
    assert_eq!(npm.interpreter, None);
    assert_eq!(npm.args, ["start", "--x", "a b"]);
    let line = exec(json!({"script": "npm run start"}));
    assert_eq!(line.script, scene.path("bin/bash"));
    assert_eq!(line.args, ["-c", "npm run start"]);
    let more = exec(json!({"script": "npm run start", "args": ["x y"]}));
    assert_eq!(more.args[1], "npm run start \"$@\"");
    assert_eq!(more.args[3], "x y");
}

#[test]
fn the_interpreter_is_found_in_the_path_of_the_app() {
    let scene = Scene::with(&["node"]);
    let own = scene.program("own/node");
    let path = scene.path("own");
    let spec = app(&scene, json!({"env": {"PATH": path}}));
    assert_eq!(spec.exec.interpreter, Some(own));
}

#[test]
fn the_ending_of_a_script_chooses_its_interpreter() {
    let scene = Scene::with(&["bun", "python3", "bash"]);
    for (script, interpreter) in [("a.ts", "bun"), ("a.py", "python3"), ("a.sh", "bash")] {
        scene.file(script, "");
        let spec = app(&scene, json!({"script": script}));
        let wanted = scene.path("bin").join(interpreter);
        assert_eq!(spec.exec.interpreter, Some(wanted), "{script}");
        let unbuffered = spec.env.get("PYTHONUNBUFFERED");
        assert_eq!(unbuffered.is_some(), interpreter == "python3");
    }
    let fallback = scene.load("apps.json", r#"[{"script": "server.js"}]"#);
    assert_eq!(fallback.warnings.len(), 1);
    assert_eq!(one(fallback).exec.interpreter, Some(scene.path("bin/bun")));
}

#[test]
fn a_shebang_is_heeded() {
    let scene = Scene::with(&["node", "python3"]);
    scene.file("plain", "#!/usr/bin/env -S python3 -u\nprint()\n");
    let spec = app(&scene, json!({"script": "plain"}));
    assert_eq!(spec.exec.interpreter, Some(scene.path("bin/python3")));
    assert_eq!(spec.exec.interpreter_args, ["-u"]);
    scene.file("text", "console.log(1)\n");
    let spec = app(&scene, json!({"script": "text"}));
    assert_eq!(spec.exec.interpreter, Some(scene.path("bin/node")));
}

#[test]
fn uvicorn_runs_itself_or_under_python() {
    let scene = Scene::with(&["python3"]);
    let uvicorn = scene.program("venv/bin/uvicorn");
    let args = "app.main:app --host 0.0.0.0 --port 8000";
    let alone = app(
        &scene,
        json!({"script": "venv/bin/uvicorn", "args": args, "interpreter": "none"}),
    );
    assert_eq!(alone.exec.script, uvicorn);
    assert_eq!(alone.exec.interpreter, None);
    assert_eq!(alone.exec.args.len(), 5);
    assert_eq!(alone.name.as_str(), "uvicorn");
    let under = app(
        &scene,
        json!({"script": "venv/bin/uvicorn", "args": args, "interpreter": "python3"}),
    );
    assert_eq!(under.exec.interpreter, Some(scene.path("bin/python3")));
    assert_eq!(under.env.get("PYTHONUNBUFFERED"), Some("1"));
}

#[test]
fn root_may_run_an_app_as_somebody_else() {
    let scene = Scene {
        uid: 0,
        ..Scene::with(&["node"])
    };
    let spec = app(&scene, json!({"user": "web"}));
    let web = RunAs {
        uid: 1000,
        gid: 1000,
        groups: vec![1000, 33],
        name: Some("web".into()),
        home: Some("/home/web".into()),
    };
    assert_eq!(spec.run_as, Some(web));
    let nobody = app(&scene, json!({"uid": 65534, "gid": "www"}));
    let run_as = nobody.run_as.unwrap();
    assert_eq!((run_as.uid, run_as.gid, run_as.name), (65534, 33, None));
    assert_eq!(run_as.groups, [33]);
}

#[test]
fn asking_for_oneself_is_asking_for_nothing() {
    let scene = Scene::with(&["node"]);
    assert_eq!(app(&scene, json!({"uid": "web"})).run_as, None);
}

#[test]
fn flags_win_over_every_app_of_a_file() {
    let scene = Scene::with(&["node"]);
    let text = r#"[{"name": "a", "script": "server.js", "max_restarts": "wrong"}]"#;
    let wanted = flagged(json!({"max_restarts": 4, "instances": "2"}));
    let spec = one(scene.load_wanted("apps.json", text, &wanted));
    assert_eq!(spec.restart.max_restarts, 4);
    assert_eq!(spec.instances, 2);
}

#[test]
fn the_mistakes_of_an_app_that_is_not_wanted_stop_nobody() {
    let scene = Scene::with(&["node"]);
    let text = r#"[{"name": "a", "script": "server.js"}, {"name": "b", "cwd": "/nowhere"}]"#;
    let wanted = Wanted {
        only: vec!["a".into()],
        ..Wanted::default()
    };
    let spec = one(scene.load_wanted("apps.json", text, &wanted));
    assert_eq!(spec.name.as_str(), "a");
}

#[test]
fn standard_input_is_read_in_the_format_it_looks_like() {
    let scene = Scene::with(&["node"]);
    for text in [
        "{\"script\": \"server.js\"}",
        "script: server.js",
        "script = 'server.js'",
        "[{script: `server.${'js'}`}]",
        "module.exports = { apps: [{ script: 'server.js' }] }",
    ] {
        let source = Source::Stdin(text.to_owned());
        let loaded = config::load(&source, &scene.asker(), &Wanted::default());
        assert_eq!(scene.shown(&loaded), "", "{text}");
        assert_eq!(one(loaded).name.as_str(), "server", "{text}");
    }
}

#[test]
fn names_that_look_alike_as_files_are_warned_of() {
    let scene = Scene::with(&["node"]);
    let text =
        r#"[{"name": "a_b", "script": "server.js"}, {"name": "a-b", "script": "server.js"}]"#;
    let loaded = scene.load("apps.json", text);
    assert_eq!(loaded.specs.len(), 2);
    assert_eq!(loaded.warnings.len(), 1);
}

#[test]
fn a_setting_that_asks_for_nothing_warns_of_nothing() {
    let scene = Scene::with(&["node"]);
    let settings = json!({
        "script": "server.js", "watch": false, "cron_restart": 0, "ignore_watch": [],
        "vizion": false, "pmx": "false", "windowsHide": true, "max_memory_restart": null,
    });
    let loaded = scene.load("apps.json", &settings.to_string());
    assert_eq!(scene.shown(&loaded), "");
}

#[test]
fn two_spellings_of_one_setting_are_warned_of() {
    let scene = Scene::with(&["node"]);
    let settings = json!({"exec": "other.js", "script": "server.js"});
    let loaded = scene.load("apps.json", &settings.to_string());
    assert_eq!(loaded.warnings.len(), 1);
    assert_eq!(one(loaded).exec.script, scene.path("server.js"));
}
