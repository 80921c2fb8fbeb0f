//! Shapes of JSON that are not a reply's own: the list with what this side adds, and PM2's.
//!
//! Neither holds an environment: [`pm2`] gets one only where the person asked for it.

use std::collections::BTreeMap;

use config::spec::{ExecMode, RestartDelay, Scope};
use config::{AppName, Env};
use protocol::view::{AppView, InstanceView};
use protocol::{ExitStatus, View};
use serde_json::{Map, Value, json};

use crate::table::{self, Row, Sort};
use crate::{memory, users};

/// One object an instance: what the table shows under the same names, then all else that the view
/// knows of it and its app under the view's names.
///
/// Units: `memory` in bytes, `uptime` and the other times in milliseconds. What there is not is null.
pub(crate) fn list(view: &View, sort: Option<Sort>) -> anyhow::Result<Vec<Value>> {
    let apps = view
        .apps
        .iter()
        .map(|app| Ok((&app.name, settings_of(app)?)));
    let apps: BTreeMap<&AppName, Map<String, Value>> = apps.collect::<anyhow::Result<_>>()?;
    let rows = table::rows(view, sort);
    let shown = rows.iter().map(|row| {
        let app = apps.get(&row.app.name).cloned().unwrap_or_default();
        object_of(row, app)
    });
    shown.collect()
}

/// All that the view knows of an app, less its instances.
fn settings_of(app: &AppView) -> anyhow::Result<Map<String, Value>> {
    let alone = AppView {
        instances: Vec::new(),
        ..app.clone()
    };
    let mut settings = object(serde_json::to_value(alone)?);
    settings.shift_remove("instances");
    Ok(settings)
}

fn object_of(row: &Row<'_>, app: Map<String, Value>) -> anyhow::Result<Value> {
    let mut shown = object(json!({
        "id": row.instance.id,
        "name": row.app.name,
        "namespace": row.app.namespace,
        "mode": row.app.mode,
        "pid": row.instance.pid,
        "uptime": row.instance.uptime,
        "restarts": row.instance.restarts,
        "status": row.instance.state,
        "memory": row.memory,
        "user": row.user,
    }));
    let mut instance = object(serde_json::to_value(row.instance)?);
    // These are there already, as `name` and `status`.
    instance.shift_remove("app");
    instance.shift_remove("state");
    for (name, value) in instance.into_iter().chain(app) {
        shown.entry(name).or_insert(value);
    }
    Ok(Value::Object(shown))
}

/// One instance in the shape of an element of `pm2 jlist`.
///
/// Units: `now_ms`, `pm_uptime` in milliseconds since 1970; memory in bytes; times in milliseconds.
/// What there is no fact for is left out and not made up: `monit.cpu`, `created_at`, `version`.
///
/// Source: PM2's `jlist`.
pub(crate) fn pm2(app: &AppView, instance: &InstanceView, now_ms: u64, env: Option<Env>) -> Value {
    let memory = instance.pid.and_then(memory::resident).unwrap_or(0);
    let mut pm2_env = settings(app);
    pm2_env.extend(life(app, instance, now_ms));
    if let Some(env) = env {
        pm2_env.insert("env".to_owned(), json!(env));
    }
    json!({
        "pid": instance.pid.map_or(0, |pid| pid.0),
        "name": app.name,
        "pm_id": instance.id,
        "monit": { "memory": memory },
        "pm2_env": pm2_env,
    })
}

/// What the app was given.
fn settings(app: &AppView) -> Map<String, Value> {
    let exec = &app.exec;
    let interpreter = exec
        .interpreter
        .as_ref()
        .map_or_else(|| json!("none"), |path| json!(path));
    let mut settings = object(json!({
        "name": app.name,
        "namespace": app.namespace,
        "exec_mode": match app.mode {
            ExecMode::Fork => "fork_mode",
            ExecMode::Cluster => "cluster_mode",
        },
        "instances": app.instances.len(),
        "pm_exec_path": exec.script,
        "pm_cwd": app.cwd,
        "exec_interpreter": interpreter,
        "args": exec.args,
        "node_args": exec.interpreter_args,
        "autorestart": app.restart.autorestart,
        "max_restarts": app.restart.max_restarts,
        "min_uptime": app.restart.min_uptime,
        "stop_exit_codes": app.restart.stop_exit_codes,
        "kill_timeout": app.stop.timeout,
        "kill_signal": app.stop.signal,
        "treekill": app.stop.scope == Scope::Tree,
        "wait_ready": app.ready.wait_ready,
        "listen_timeout": app.ready.listen_timeout,
        "instance_var": app.instance_var,
        "username": users::name_of(app.uid.unwrap_or_else(users::own_uid)),
        "watch": false,
    }));
    let (name, delay) = match app.restart.delay {
        RestartDelay::Fixed(delay) => ("restart_delay", delay),
        RestartDelay::Backoff(first) => ("exp_backoff_restart_delay", first),
    };
    settings.insert(name.to_owned(), json!(delay));
    let optional = [
        ("uid", app.uid.map(|uid| json!(uid))),
        (
            "increment_var",
            app.increment_var.as_ref().map(|var| json!(var)),
        ),
        (
            "log_date_format",
            app.stamp.as_ref().map(|stamp| json!(stamp)),
        ),
    ];
    settings.extend(present(optional));
    settings
}

/// What became of the instance.
fn life(app: &AppView, instance: &InstanceView, now_ms: u64) -> Map<String, Value> {
    let mut life = object(json!({
        "pm_id": instance.id,
        "status": instance.state,
        "restart_time": instance.restarts,
        "unstable_restarts": instance.unstable.0,
        "pm_pid_path": instance.pid_file,
        "pm_out_log_path": instance.logs.out,
        "pm_err_log_path": instance.logs.err,
    }));
    life.insert(app.instance_var.clone(), json!(instance.slot));
    let born = instance
        .uptime
        .map(|uptime| now_ms.saturating_sub(uptime.as_millis()));
    let optional = [
        ("pm_uptime", born.map(|born| json!(born))),
        (
            "pm_log_path",
            instance.logs.combined.as_ref().map(|path| json!(path)),
        ),
        ("exit_code", instance.last_exit.and_then(exit_code)),
        ("exit_signal", instance.last_exit.and_then(exit_signal)),
    ];
    life.extend(present(optional));
    life
}

fn exit_code(status: ExitStatus) -> Option<Value> {
    match status {
        ExitStatus::Code(code) => Some(json!(code)),
        ExitStatus::Signal { .. } | ExitStatus::Unknown => None,
    }
}

fn exit_signal(status: ExitStatus) -> Option<Value> {
    match status {
        ExitStatus::Signal { signal, .. } => Some(json!(signal)),
        ExitStatus::Code(_) | ExitStatus::Unknown => None,
    }
}

fn present<const N: usize>(
    fields: [(&str, Option<Value>); N],
) -> impl Iterator<Item = (String, Value)> {
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
}

fn object(value: Value) -> Map<String, Value> {
    let mut value = value;
    value
        .as_object_mut()
        .map(std::mem::take)
        .unwrap_or_default()
}
