//! From an app as it was written to an app as it is meant: every default filled in, every path
//! absolute, every unit in its type.
//!
//! Each part reads its attributes, reports what is wrong with them and goes on with a default. A
//! specification exists only where nothing was wrong.

pub(crate) mod address;
pub(crate) mod draft;
pub(crate) mod environment;
pub(crate) mod handover;
mod interpreter;
mod logs;
mod program;
mod reader;
mod restart;
pub(crate) mod typed;
mod user;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::spec::{Exec, ExecMode, Origin};
use crate::tree::Part;
use crate::{AppName, AppSpec, Namespace};

use draft::Draft;
pub(crate) use reader::Ground;
use reader::Reader;

use crate::report::{At, Report};

/// The variable that tells an instance its number, if nobody says. Source: PM2.
const INSTANCE_VAR: &str = "NODE_APP_INSTANCE";

/// What an app is called: what it says, else its key, else after its script. Empty: nothing says.
///
/// Source: PM2; the name of the script without its last ending.
pub(crate) fn name_of(draft: &Draft, env_name: Option<&str>) -> String {
    let scalar = |name| {
        let given = draft.get(name)?;
        typed::scalar(&given.value).ok()
    };
    let name = scalar("name")
        .or_else(|| draft.key.clone())
        .or_else(|| scalar("script").map(|script| stem(&script)))
        .unwrap_or_default();
    let appended = draft
        .get("append_env_to_name")
        .is_some_and(|given| typed::boolean(&given.value) == Ok(true));
    match env_name.filter(|_| appended) {
        Some(env_name) => format!("{name}-{env_name}"),
        None => name,
    }
}

/// By which name messages tell of the app; none: it has no name.
fn told_name(draft: &Draft, env_name: Option<&str>) -> Option<String> {
    Some(name_of(draft, env_name)).filter(|name| !name.is_empty())
}

fn stem(script: &str) -> String {
    if script.trim().contains(' ') {
        let line = script.trim();
        return line
            .rsplit_once('.')
            .map_or(line, |(stem, _)| stem)
            .to_owned();
    }
    let stem = Path::new(script).file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// What the app means. None: something is wrong, and all of it is reported.
pub(crate) fn lower<'a>(
    draft: &Draft,
    ground: &Ground<'a>,
    report: &mut Report<'a>,
) -> Option<AppSpec> {
    let errors = report.errors.len();
    let name = name_of(draft, ground.env_name);
    report.app = told_name(draft, ground.env_name);
    draft.warn_of_oddities(report);
    draft.check_unserved(report);
    let mut reader = Reader {
        draft,
        ground,
        report,
    };
    let spec = spec(&mut reader, &name);
    let clean = reader.report.errors.len() == errors;
    reader.report.app = None;
    spec.filter(|_| clean)
}

fn spec(reader: &mut Reader<'_, '_>, name: &str) -> Option<AppSpec> {
    let app_name = app_name(reader, name);
    let namespace = namespace(reader);
    let (cwd, cwd_is_there) = cwd(reader);
    let mut layers = environment::layers(reader, &cwd);
    let scene = program::Scene::new(reader, &cwd, &layers);
    // Without its folder nothing of the program can be found; saying so as well would only confuse.
    let exec = if cwd_is_there {
        program::exec(reader, &scene)
    } else {
        None
    };
    let instances = instances(reader);
    let mode = mode(reader, exec.as_ref());
    reader.flag("append_env_to_name", false);
    let instance_var = reader.take("instance_var", typed::variable);
    let increment_var = reader.take("increment_var", typed::variable);
    let run_as = user::run_as(reader);
    let autostart = reader.flag("autostart", true);
    let restart = restart::restart(reader);
    let stop = restart::stop(reader);
    let ready = restart::ready(reader);
    let handover = handover::handover(reader, &cwd);
    let logs = logs::logs(reader, name, &cwd, instances);
    let pid_file = logs::pid_file(reader, name, &cwd);
    let exec = exec?;
    let python = interpreter::is_python(exec.interpreter.as_deref(), &exec.script);
    if python && layers.get("PYTHONUNBUFFERED").is_none() {
        // Otherwise what it prints appears only after 8 KiB of it. Source: PM2.
        layers.declared.set("PYTHONUNBUFFERED", "1");
    }
    Some(AppSpec {
        name: app_name?,
        namespace: namespace?,
        exec,
        mode,
        cwd,
        env: layers.declared,
        inherited: layers.inherited,
        instances,
        instance_var: instance_var.unwrap_or_else(|| INSTANCE_VAR.to_owned()),
        increment_var,
        run_as,
        autostart,
        restart,
        stop,
        ready,
        handover,
        logs,
        pid_file,
        origin: origin(reader),
    })
}

fn app_name(reader: &mut Reader<'_, '_>, name: &str) -> Option<AppName> {
    if reader.has("name") {
        reader.take("name", typed::scalar)?;
    }
    match AppName::new(name) {
        Ok(name) => Some(name),
        // An app without name and script lacks its script; its name would have come from there.
        Err(_) if name.is_empty() => None,
        Err(bad) => {
            reader.error("name", bad.to_string());
            None
        }
    }
}

fn namespace(reader: &mut Reader<'_, '_>) -> Option<Namespace> {
    let Some(text) = reader.take("namespace", typed::scalar) else {
        return Some(Namespace::default());
    };
    match Namespace::new(text) {
        Ok(namespace) => Some(namespace),
        Err(bad) => {
            reader.error("namespace", bad.to_string());
            None
        }
    }
}

/// The working folder, and whether it is there. Source: PM2; it counts from where the asker is.
fn cwd(reader: &mut Reader<'_, '_>) -> (PathBuf, bool) {
    let base = reader.ground.asker.cwd.as_path();
    let Some(text) = reader.take("cwd", typed::text) else {
        return (base.to_owned(), !reader.has("cwd"));
    };
    let cwd = reader.path(&text, base);
    let why = match cwd.metadata() {
        Ok(meta) if meta.is_dir() => return (cwd, true),
        Ok(_) => "is not a folder",
        Err(_) => "does not exist",
    };
    let what = format!("the folder `{}` {why}", cwd.display());
    reader
        .error("cwd", what)
        .advise("make it, or give another; a relative path counts from where you call");
    (cwd, false)
}

fn instances(reader: &mut Reader<'_, '_>) -> u32 {
    let processors = reader.ground.processors;
    reader
        .take("instances", |value| typed::instances(value, processors))
        .unwrap_or(1)
}

/// Source: PM2; what is said wins, else node and bun are a cluster as soon as `instances` is given.
fn mode(reader: &mut Reader<'_, '_>, exec: Option<&Exec>) -> ExecMode {
    let said = reader.take("exec_mode", typed::mode);
    if reader.flag("execute_command", false) {
        return ExecMode::Fork;
    }
    let interpreter = exec.and_then(|exec| exec.interpreter.as_deref());
    let clustered = reader.has("instances") && interpreter::is_clustered(interpreter);
    said.unwrap_or(if clustered {
        ExecMode::Cluster
    } else {
        ExecMode::Fork
    })
}

fn origin(reader: &Reader<'_, '_>) -> Option<Origin> {
    let file = reader.ground.file.clone()?;
    match &reader.draft.at {
        At::File(place) => Some(Origin {
            file,
            place: place.to_string(),
        }),
        At::Flag(_) => None,
    }
}

/// Reports each name that several apps have.
pub(crate) fn check_names(drafts: &[Draft], env_name: Option<&str>, report: &mut Report<'_>) {
    let mut firsts: BTreeMap<String, &Draft> = BTreeMap::new();
    for draft in drafts {
        let name = name_of(draft, env_name);
        if name.is_empty() {
            continue;
        }
        if let Some(first) = firsts.get(&name) {
            let other = report.describe(&first.at("name"));
            let what = format!("the name `{name}` is taken by {other}");
            report
                .error(&draft.at("name"), Part::Value, what)
                .advise("give it another name; for several runs of one app set `instances`");
        } else {
            firsts.insert(name, draft);
        }
    }
}

/// Warns where two apps write to one file only because their names look alike as file names.
pub(crate) fn check_logs(drafts: &[Draft], specs: &[AppSpec], report: &mut Report<'_>) {
    if drafts.len() != specs.len() {
        return;
    }
    let mut firsts: BTreeMap<&Path, &AppSpec> = BTreeMap::new();
    for (draft, spec) in drafts.iter().zip(specs) {
        let Some(out) = spec.logs.out.as_deref() else {
            continue;
        };
        if draft.get("out_file").is_some() {
            continue;
        }
        // Two apps of one name are an error already.
        if let Some(first) = firsts.insert(out, spec)
            && first.name != spec.name
        {
            let what = format!(
                "`{}` and `{}` write to the same log files",
                first.name, spec.name
            );
            report
                .warning(&draft.at("name"), Part::Value, what)
                .advise("set `out_file` and `error_file`, or give one another name");
        }
    }
}
