//! The configurations of the deployment guides, lowered to exact specifications.

use std::path::Path;

use config::spec::{Exec, ExecMode, LogSpec, Origin, ReadyRule, RestartDelay, RestartRule};
use config::spec::{Scope, StopRule};
use config::{AppName, AppSpec, Env, Namespace, Signal, Span};
use serde_json::json;

use crate::scene::{Scene, one};

fn guide(scene: &Scene) -> String {
    include_str!("fixtures/guide.config.cjs")
        .replace("/var/www", &scene.path("www").to_string_lossy())
}

fn text(env: &[(&str, &str)]) -> Env {
    env.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn the_guide_of_one_bun_api_means_exactly_this() {
    let scene = Scene::with(&["node"]);
    let bun = scene.program("home/.bun/bin/bun");
    let path = format!("{}:/nowhere", scene.path("home/.bun/bin").display());
    let scene = Scene {
        env: vec![("PATH", path.leak()), ("USER", "web")],
        ..scene
    };
    let script = scene.file("www/workscript/packages/api/src/index.ts", "");
    let loaded = scene.load("ecosystem.config.cjs", &guide(&scene));
    let warnings: Vec<&str> = loaded.warnings.iter().map(|w| w.what.as_str()).collect();
    assert_eq!(
        warnings,
        ["`max_memory_restart` is recognised but not honoured yet"]
    );
    let spec = one(loaded);
    let wanted = AppSpec {
        name: AppName::new("workscript-api").unwrap(),
        namespace: Namespace::default(),
        exec: Exec {
            script,
            interpreter: Some(bun),
            interpreter_args: vec![],
            args: vec![],
        },
        mode: ExecMode::Fork,
        cwd: scene.path("www/workscript/packages/api"),
        env: text(&[("NODE_ENV", "production"), ("PORT", "3013")]),
        inherited: scene.asker().env,
        instances: 1,
        instance_var: "NODE_APP_INSTANCE".into(),
        increment_var: None,
        run_as: None,
        autostart: true,
        restart: RestartRule {
            autorestart: true,
            max_restarts: 10,
            min_uptime: Span::millis(1000),
            delay: RestartDelay::Fixed(Span::millis(5000)),
            stop_exit_codes: vec![],
        },
        stop: StopRule {
            signal: Signal::INT,
            timeout: Span::millis(1600),
            scope: Scope::Tree,
        },
        ready: ReadyRule {
            wait_ready: false,
            listen_timeout: Span::secs(10),
        },
        handover: config::HandoverRule::default(),
        logs: LogSpec {
            out: Some("/var/log/workscript/output.log".into()),
            err: Some("/var/log/workscript/error.log".into()),
            combined: None,
            merge: true,
            stamp: Some("YYYY-MM-DD HH:mm:ss Z".into()),
        },
        pid_file: "/wsd/pids/workscript-api.pid".into(),
        origin: Some(Origin {
            file: scene.path("ecosystem.config.cjs"),
            place: "apps[0]".into(),
        }),
    };
    assert_eq!(spec, wanted);
}

#[test]
fn the_same_app_says_the_same_in_every_format() {
    let scene = Scene::with(&["bun"]);
    scene.file("www/workscript/packages/api/src/index.ts", "");
    let wanted = one(scene.load("ecosystem.config.cjs", &guide(&scene)));
    for (name, text) in [
        ("guide.yaml", include_str!("fixtures/guide.yaml")),
        ("guide.toml", include_str!("fixtures/guide.toml")),
        ("guide.json", include_str!("fixtures/guide.json")),
    ] {
        let text = text.replace("/var/www", &scene.path("www").to_string_lossy());
        let spec = one(scene.load(name, &text));
        assert!(spec.same_as(&wanted), "{name}: {spec:#?}");
    }
}

#[test]
fn the_small_server_runs_two_bun_instances_by_its_absolute_path() {
    let scene = Scene::with(&[]);
    let bun = scene.program("home/.bun/bin/bun");
    let script = scene.file("server/dist/index.js", "");
    let text = include_str!("fixtures/small.config.js")
        .replace("/home/user", &scene.path("home").to_string_lossy());
    let spec = one(scene.load("ecosystem.config.js", &text));
    assert_eq!(spec.exec.interpreter, Some(bun));
    assert_eq!(spec.exec.script, script);
    assert_eq!(spec.mode, ExecMode::Cluster);
    assert_eq!(spec.instances, 2);
    assert!(!spec.logs.merge);
    assert_eq!(
        spec.log_paths(7).out.as_deref(),
        Some(Path::new("/wsd/logs/workscript-api-out-7.log"))
    );
}

#[test]
fn without_a_file_the_flags_are_the_app() {
    let scene = Scene::with(&["node"]);
    let script = scene.file("server/dist/index.js", "");
    let loaded = scene.load_flags(json!({
        "script": "server/dist/index.js",
        "name": "workscript-api",
        "args": ["--verbose"],
    }));
    let spec = one(loaded);
    assert_eq!(spec.exec.script, script);
    assert_eq!(spec.exec.interpreter, Some(scene.path("bin/node")));
    assert_eq!(spec.exec.args, ["--verbose"]);
    assert_eq!(spec.mode, ExecMode::Fork);
    assert_eq!(spec.origin, None);
    assert_eq!(
        spec.logs.out,
        Some("/wsd/logs/workscript-api-out.log".into())
    );
}
