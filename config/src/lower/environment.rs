//! The environment of an app: what it inherits, and what the configuration declares.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::draft::{Draft, Given};
use super::reader::Reader;
use super::typed;
use crate::formats::TEXT_BYTES_MAX;
use crate::report::{At, Report};
use crate::tree::Part;
use crate::{Env, dotenv, suggest};

/// The two layers of an app's environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layers {
    /// What the asker has, after `filter_env`.
    pub(crate) inherited: Env,
    /// What the configuration says, to be laid over it.
    pub(crate) declared: Env,
}

impl Layers {
    /// What a variable will be.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.declared.get(name).or_else(|| self.inherited.get(name))
    }
}

/// Both layers. Of what is declared, `port` wins over `env_<name>`, that over `env`, that over
/// `env_file`.
pub(crate) fn layers(reader: &mut Reader<'_, '_>, cwd: &Path) -> Layers {
    let mut declared = Env::default();
    for (name, value) in files(reader, cwd) {
        declared.set(name, value);
    }
    let draft = reader.draft;
    if let Some(given) = draft.get("env") {
        lay_over(&mut declared, given, reader.report);
    }
    for (name, given) in &draft.environments {
        // Each is checked, so that a mistake does not wait for the day on which it is wanted.
        let mut layer = Env::default();
        lay_over(&mut layer, given, reader.report);
        if Some(name.as_str()) == reader.ground.env_name {
            declared = declared.overlaid(&layer);
        }
    }
    if let Some(port) = reader.take("port", |value| typed::whole(value, 0, u16::MAX.into())) {
        declared.set("PORT", port.to_string());
    }
    Layers {
        inherited: inherited(reader),
        declared,
    }
}

/// Lays an object of variables over an environment. The messages never show a value.
fn lay_over(env: &mut Env, given: &Given, report: &mut Report<'_>) {
    let Ok(map) = typed::object(&given.value) else {
        if !given.value.is_null() {
            let what = format!("`{}` must be an object of variables", given.spelled);
            let finding = report.error(&given.at, Part::Key, what);
            finding.excerpt = None;
            finding.advise("write `{ NAME: \"value\" }`");
        }
        return;
    };
    for (name, value) in map {
        let at = match &given.at {
            At::File(place) => At::File(place.key(name)),
            At::Flag(flag) => At::Flag(flag.clone()),
        };
        if name.is_empty() || name.contains(['=', '\0']) {
            report.error(&at, Part::Key, "a variable cannot have this name");
        } else if value.is_null() {
            let what = format!("`{name}` has no value and is left out");
            let finding = report.warning(&at, Part::Key, what);
            finding.advise("write an empty text for a variable that is there and empty");
        } else {
            let text = typed::plain(value);
            if text.contains('\0') {
                let what = format!("the value of `{name}` contains a zero byte");
                report.error(&at, Part::Key, what);
            } else {
                env.set(name, text);
            }
        }
    }
}

/// What the files named by `env_file` say, in their order.
fn files(reader: &mut Reader<'_, '_>, cwd: &Path) -> Vec<(String, String)> {
    // One file may have blanks in its name, so a text is not split here.
    let names = reader.take("env_file", |value| match value {
        Value::String(_) => typed::text(value).map(|text| vec![text]),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            typed::list(value)
        }
    });
    let mut pairs = Vec::new();
    for name in names.unwrap_or_default() {
        let path = reader.path(&name, cwd);
        match read(&path) {
            Ok(text) => pairs.extend(dotenv::parse(&text)),
            Err(why) => {
                let what = format!("`{}` cannot be read: {why}", path.display());
                reader
                    .error("env_file", what)
                    .advise("a relative path counts from the `cwd` of the app");
            }
        }
    }
    let fit = |(name, value): &(String, String)| !name.contains('\0') && !value.contains('\0');
    pairs.retain(fit);
    pairs
}

/// The text of a file that is of a sane size; devices and pipes, which may never end, are refused.
fn read(path: &Path) -> Result<String, String> {
    let meta = fs::metadata(path).map_err(|error| error.to_string())?;
    if !meta.is_file() {
        return Err("it is not a file".to_owned());
    }
    if meta.len() > TEXT_BYTES_MAX as u64 {
        return Err("it is larger than 1 MiB".to_owned());
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

/// What is left of the asker's environment.
///
/// Source: PM2; a list drops each variable whose name contains one of its texts, a text drops the
/// variable of that name, true drops all.
fn inherited(reader: &mut Reader<'_, '_>) -> Env {
    let mut env = reader.ground.env.clone();
    let Some(given) = reader.draft.get("filter_env") else {
        return env;
    };
    match (&given.value, typed::boolean(&given.value)) {
        (_, Ok(true)) => env = Env::default(),
        (_, Ok(false)) => {}
        (Value::String(name), Err(_)) => {
            env.0.remove(name);
        }
        (_, Err(_)) => {
            let parts = reader.take("filter_env", typed::list).unwrap_or_default();
            let parts: Vec<_> = parts.iter().filter(|part| !part.is_empty()).collect();
            env.0
                .retain(|name, _| !parts.iter().any(|part| name.contains(part.as_str())));
        }
    }
    env
}

/// Says so where no app has the environment that is wanted.
pub(crate) fn check_name(drafts: &[Draft], wanted: &str, report: &mut Report<'_>) {
    let known: BTreeSet<&str> = drafts
        .iter()
        .flat_map(|draft| draft.environments.keys())
        .map(String::as_str)
        .collect();
    if known.contains(wanted) {
        return;
    }
    let names: Vec<String> = known.iter().map(|name| format!("`env_{name}`")).collect();
    let what = format!("no app has `env_{wanted}`; `env` alone is used");
    let nearest = suggest::nearest(wanted, known.iter().copied());
    let finding = report.warning(&At::Flag("--env".to_owned()), Part::Value, what);
    finding.advise(match nearest {
        Some(name) => format!("did you mean `--env {name}`?"),
        None if names.is_empty() => format!("write `env_{wanted}: {{ … }}` into the app"),
        None => format!("there are {}", names.join(", ")),
    });
}

/// The environment of the asker after a configuration has changed it.
pub(crate) fn changed(env: &Env, changes: &BTreeMap<String, Option<String>>) -> Env {
    let mut env = env.clone();
    for (name, value) in changes {
        match value {
            Some(value) => env.set(name, value),
            None => {
                env.0.remove(name);
            }
        }
    }
    env
}
