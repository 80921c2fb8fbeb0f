//! Which app a finding tells of, and what is left unsaid because it is said already.

use config::Wanted;
use serde_json::json;

use crate::scene::{Scene, flagged};

#[test]
fn a_warning_below_an_app_names_the_app() {
    let scene = Scene::with(&["node"]);
    let loaded = scene.load_wanted(
        "apps.json",
        r#"{ "apps": {
  "web": { "script": "server.js", "colour": 1, "watch": true },
  "api": { "script": "server.js", "out": "a", "output": "b", "append_env_to_name": true, "maxRestart": 3 }
} }"#,
        &Wanted {
            env_name: Some("prod".into()),
            ..Wanted::default()
        },
    );
    let told: Vec<(&str, Option<&str>)> = loaded
        .warnings
        .iter()
        .filter(|warning| warning.file.is_some())
        .map(|warning| (warning.place.as_str(), warning.app.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("apps.web.watch", Some("web")),
            ("apps.web.colour", Some("web")),
            ("apps.api.output", Some("api-prod")),
            ("apps.api.maxRestart", Some("api-prod")),
        ],
        "{}",
        scene.shown(&loaded)
    );
    assert!(scene.shown(&loaded).contains("app `web`: `colour` is no"));
}

#[test]
fn an_unknown_flag_beside_a_file_is_told_once_and_of_no_app() {
    let scene = Scene::with(&["node"]);
    let text = r#"[{"name": "a", "script": "server.js"}, {"name": "b", "script": "server.js"}]"#;
    let loaded = scene.load_wanted("apps.json", text, &flagged(json!({"colour": 1})));
    assert_eq!(loaded.warnings.len(), 1);
    assert_eq!(loaded.warnings[0].app, None);
}

#[test]
fn two_apps_of_one_name_are_one_mistake() {
    let scene = Scene::with(&["node"]);
    let app = r#"{"name": "a", "script": "server.js"}"#;
    let text = format!("[{app}, {app}]");
    let loaded = scene.load("apps.json", &text);
    assert_eq!(loaded.errors.len(), 1);
    assert_eq!(loaded.warnings, []);
    let wanted = Wanted {
        only: vec!["b".into()],
        ..Wanted::default()
    };
    let loaded = scene.load_wanted("apps.json", &text, &wanted);
    let hint = loaded.errors[0].hint.as_deref();
    assert_eq!(hint, Some("there are `a`"));
}

#[test]
fn a_key_for_people_is_passed_over_beside_the_apps_and_in_them() {
    let scene = Scene::with(&["node"]);
    let text = "x-base: &base\n  script: server.js\napps:\n  - <<: *base\n    x-owner: me\n";
    let loaded = scene.load("apps.yaml", text);
    assert_eq!((loaded.specs.len(), loaded.warnings.len()), (1, 0));
}
