//! Where in a configuration its apps are.
//!
//! PM2 takes `{apps: […]}`, `{apps: {…}}`, `{pm2: …}` (for `package.json`), a list, and one app.
//! An object of apps by their names is taken too, since people expect it.

use serde_json::{Map, Value};

use crate::lower::draft::Draft;
use crate::place::Place;
use crate::raw::{self, Kind};
use crate::report::{At, Report};
use crate::suggest;
use crate::tree::Part;

/// The apps of a configuration, as they were written. What is no app is reported.
pub(crate) fn apps(root: &Value, report: &mut Report<'_>) -> Vec<Draft> {
    let place = Place::root();
    let drafts = match root.as_object() {
        Some(map) if map.contains_key("apps") => {
            warn_of_neighbours(map, report);
            entries(&map["apps"], &place.key("apps"), report)
        }
        // The rest of a `package.json` is not ours to judge.
        Some(map) if map.contains_key("pm2") => {
            let place = place.key("pm2");
            match map["pm2"].get("apps") {
                Some(apps) => entries(apps, &place.key("apps"), report),
                None => entries(&map["pm2"], &place, report),
            }
        }
        Some(map) if !is_app(map) => {
            no_apps(map, report);
            return Vec::new();
        }
        Some(_) | None => entries(root, &place, report),
    };
    if drafts.is_empty() && report.errors.is_empty() {
        let finding = report.error(&At::File(place), Part::Value, "there is no app in it");
        finding.advise("write `apps: [{ name: \"web\", script: \"server.js\" }]`");
    }
    drafts
}

/// The apps in a list, in an object by their names, or the one app that this is.
fn entries(value: &Value, place: &Place, report: &mut Report<'_>) -> Vec<Draft> {
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| entry(item, &place.index(index), report))
            .collect(),
        Value::Object(map) if holds_apps(map) => map
            .iter()
            .filter_map(|(key, item)| {
                let mut draft = entry(item, &place.key(key), report)?;
                draft.key = Some(key.clone());
                Some(draft)
            })
            .collect(),
        Value::Object(map) if map.is_empty() => Vec::new(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            entry(value, place, report).into_iter().collect()
        }
    }
}

fn entry(value: &Value, place: &Place, report: &mut Report<'_>) -> Option<Draft> {
    if let Value::Object(map) = value {
        return Some(Draft::of_file(map, place));
    }
    let at = At::File(place.clone());
    let what = match value {
        Value::Null => "here is nothing where an app is expected",
        Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => "this is no app: an app is an object with a `script`",
    };
    report.error(&at, Part::Value, what);
    None
}

/// Whether one of its keys is a setting of an app.
fn is_app(map: &Map<String, Value>) -> bool {
    map.keys().any(|key| raw::find(key).is_some())
}

/// Whether these are apps by their names: objects, and not those that an app itself has.
fn holds_apps(map: &Map<String, Value>) -> bool {
    let is_setting = |key: &str| {
        let kind = raw::find(key).map(|attribute| attribute.kind);
        key.starts_with("env_") || matches!(kind, Some(Kind::Env | Kind::Object))
    };
    !map.is_empty() && map.values().all(Value::is_object) && !map.keys().all(|key| is_setting(key))
}

/// Says what stands beside `apps` and will not be read.
fn warn_of_neighbours(map: &Map<String, Value>, report: &mut Report<'_>) {
    for key in map.keys().filter(|key| *key != "apps") {
        let at = At::File(Place::root().key(key));
        match key.as_str() {
            "deploy" | "static" => {
                let what = format!("`{key}` is recognised but not served yet");
                report.warning(&at, Part::Key, what);
            }
            // The schema for editors, and where YAML keeps its anchors.
            key if key.starts_with(['$', '.', '_']) || raw::is_for_people(key) => {}
            key if raw::find(key).is_some() => {
                let what = format!("`{key}` stands beside `apps` and is not read");
                report
                    .warning(&at, Part::Key, what)
                    .advise("move it into each app that it is meant for");
            }
            key => {
                let what = format!("`{key}` beside `apps` means nothing");
                let finding = report.warning(&at, Part::Key, what);
                finding.advise(match suggest::nearest(key, ["deploy", "static"]) {
                    Some(word) => format!("did you mean `{word}`?"),
                    None => format!("call it `x-{key}` if it is a place for anchors"),
                });
            }
        }
    }
}

fn no_apps(map: &Map<String, Value>, report: &mut Report<'_>) {
    let root = At::File(Place::root());
    let near = map
        .keys()
        .find(|key| suggest::nearest(key, ["apps"]).is_some());
    if let Some(key) = near {
        let at = At::File(Place::root().key(key));
        let what = format!("there is no app in it, and `{key}` means nothing");
        report
            .error(&at, Part::Key, what)
            .advise("did you mean `apps`?");
        return;
    }
    let finding = report.error(&root, Part::Value, "there is no app in it");
    finding.advise(if holds_apps(map) {
        "put what is there under `apps`"
    } else {
        "write `apps: [{ name: \"web\", script: \"server.js\" }]`"
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The scripts and keys of the apps, and how many errors and warnings there were.
    fn shape(root: &Value) -> (Vec<String>, usize, usize) {
        let mut report = Report::on(None);
        let apps = apps(root, &mut report)
            .iter()
            .map(|app| {
                let script = app.get("script").map(|given| given.value.to_string());
                format!(
                    "{}{}",
                    app.key.as_deref().unwrap_or(""),
                    script.unwrap_or_default()
                )
            })
            .collect();
        (apps, report.errors.len(), report.warnings.len())
    }

    #[test]
    fn every_shape_holds_its_apps() {
        let app = json!({"script": "a"});
        for root in [
            json!({"apps": [app]}),
            json!({"apps": app}),
            json!({"name": "x", "version": "1", "pm2": {"apps": [app]}}),
            json!({"pm2": [app]}),
            json!({"pm2": app}),
            json!([app]),
            app,
        ] {
            assert_eq!(shape(&root), (vec!["\"a\"".into()], 0, 0), "{root}");
        }
        let named = json!({"apps": {"web": {"script": "a"}, "user": {"script": "b"}}});
        assert_eq!(
            shape(&named),
            (vec!["web\"a\"".into(), "user\"b\"".into()], 0, 0)
        );
        let without_script = json!({"apps": {"env": {}, "env_production": {}}});
        assert_eq!(shape(&without_script), (vec![String::new()], 0, 0));
    }

    #[test]
    fn no_app_is_an_error_and_neighbours_are_warned_of() {
        for root in [
            json!({}),
            json!([]),
            json!({"app": []}),
            json!(null),
            json!("x"),
            json!({"apps": []}),
            json!({"apps": {}}),
            json!({"apps": null}),
        ] {
            assert_eq!(shape(&root).1, 1, "{root}");
        }
        let root = json!({"apps": [{"script": "a"}], "deploy": {}, "watch": true, "$schema": "x"});
        assert_eq!(shape(&root).2, 2);
    }
}
