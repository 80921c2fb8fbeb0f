//! Shapes of JSON that are not a reply's own: the list with what this side adds, what became of a
//! request, and PM2's list.
//!
//! None holds an environment: [`pm2`] gets one only where the person asked for it.

use config::Env;
use config::spec::{ExecMode, RestartDelay, Scope};
use protocol::reply::{Outcome, Reached};
use protocol::view::{AppView, InstanceView};
use protocol::{ExitStatus, View};
use serde_json::{Map, Value, json};

use crate::table::{self, Sort};
use crate::{memory, users};

/// One object an instance: what the table and the description show, under the same names with `_` for
/// a space, and what else the view knows of it.
///
/// Units: `memory` in bytes, `uptime` and the other times in milliseconds. What there is not is null.
pub(crate) fn list(view: &View, sort: Option<Sort>) -> Vec<Value> {
    let rows = table::rows(view, sort);
    let shown = rows.iter().map(|row| {
        let mut shown = named(row.instance, row.memory);
        shown.extend(of_app(row.app, &row.user));
        in_order(shown)
    });
    shown.collect()
}

/// What became of one instance: the object of [`list`], then in a word what became of it, whether
/// that was asked for, how it or its successor died or finished where one did, and how it passed
/// from one run to the next. `app`: none where it is gone.
pub(crate) fn outcome(outcome: &Outcome, app: Option<&AppView>) -> Value {
    let instance = &outcome.instance;
    let mut shown = named(instance, instance.pid.and_then(memory::resident));
    if let Some(app) = app {
        let user = users::name_of(app.uid.unwrap_or_else(users::own_uid));
        shown.extend(of_app(app, &user));
    }
    let (word, death, finish) = match &outcome.reached {
        Reached::Done => ("done", Value::Null, Value::Null),
        Reached::AlreadySo => ("already_so", Value::Null, Value::Null),
        Reached::Overtaken => ("overtaken", Value::Null, Value::Null),
        Reached::LeftAlone => ("left_alone", Value::Null, Value::Null),
        Reached::Died { death } => ("died", json!(death), Value::Null),
        Reached::Kept { death } => ("kept", json!(death), Value::Null),
        Reached::Finished {
            status,
            finish,
            last_lines,
        } => {
            let finish = json!({ "status": status, "finish": finish, "last_lines": last_lines });
            ("finished", Value::Null, finish)
        }
    };
    shown.insert("outcome".to_owned(), json!(word));
    shown.insert("reached".to_owned(), json!(outcome.reached.is_success()));
    shown.insert("death".to_owned(), death);
    shown.insert("finished".to_owned(), finish);
    shown.insert("handed".to_owned(), json!(outcome.handed));
    in_order(shown)
}

/// What is the instance's own.
fn named(instance: &InstanceView, memory: Option<u64>) -> Map<String, Value> {
    let (early_deaths, gives_up_at) = instance.unstable;
    object(json!({
        "id": instance.id,
        "name": instance.app,
        "pid": instance.pid,
        "uptime": instance.uptime,
        "restarts": instance.restarts,
        "status": instance.state,
        "memory": memory,
        "instance": instance.slot,
        "run": instance.run,
        "early_deaths": early_deaths,
        "gives_up_at": gives_up_at,
        "failures": instance.failures,
        "last_death": instance.last_death,
        "last_exit": instance.last_exit,
        "next_start": instance.next_in,
        "listens": instance.listens,
        "reload": instance.next_mode,
        "lacks": instance.lacks,
        "beside": instance.beside,
        "out_file": instance.logs.out,
        "error_file": instance.logs.err,
        "log_file": instance.logs.combined,
        "pid_file": instance.pid_file,
    }))
}

/// What all instances of an app have in common.
fn of_app(app: &AppView, user: &str) -> Map<String, Value> {
    object(json!({
        "namespace": app.namespace,
        "mode": app.mode,
        "user": user,
        "uid": app.uid,
        "script": app.exec.script,
        "args": app.exec.args,
        "interpreter": app.exec.interpreter,
        "interpreter_args": app.exec.interpreter_args,
        "cwd": app.cwd,
        "instance_var": app.instance_var,
        "increment_var": app.increment_var,
        "restart": app.restart,
        "stop": app.stop,
        "ready": app.ready,
        "handover": app.handover,
        "log_date_format": app.stamp,
        "origin": app.origin,
    }))
}

/// The columns of the table first, in its order.
fn in_order(shown: Map<String, Value>) -> Value {
    const COLUMNS: [&str; 10] = [
        "id",
        "name",
        "namespace",
        "mode",
        "pid",
        "uptime",
        "restarts",
        "status",
        "memory",
        "user",
    ];
    let mut rest = shown;
    let columns: Vec<(String, Value)> = COLUMNS
        .iter()
        .filter_map(|name| rest.shift_remove_entry(*name))
        .collect();
    Value::Object(columns.into_iter().chain(rest).collect())
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
