//! Specifications that are there, with some attributes changed by flags.
//!
//! The flags go through the configuration's lowering, as the flags of `start` do: together with the
//! app's own script and interpreter they give a whole specification, of which only what the flags
//! name is taken over. So each attribute is understood in one place.

use config::AppSpec;
use config::load::{Source, Wanted, load as evaluate};
use protocol::{Reply, Request, Selector};
use serde_json::{Map, Value, json};

use crate::client::{Client, unexpected};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::load;

/// The specifications of what was selected, with these attributes changed.
///
/// Errors: a flag is wrong, or names what cannot be changed: the name.
pub(crate) fn amended(
    select: Vec<Selector>,
    given: &Map<String, Value>,
    client: &mut Client,
    context: &Context,
) -> anyhow::Result<Vec<AppSpec>> {
    if given.contains_key("name") {
        return Err(
            Failure::new(Exit::Usage, "an app cannot be given another name")
                .hint("start it under the new name, then delete the old one")
                .into(),
        );
    }
    let Reply::Specs { mut apps } = client.ask(Request::Specs { select })? else {
        return Err(unexpected());
    };
    if !given.is_empty() {
        for spec in &mut apps {
            amend(spec, given, context)?;
        }
    }
    Ok(apps)
}

/// Gives the app the environment of the person who asks, less what its `filter_env` keeps from it.
///
/// That setting is in the configuration that the app came from, so that is read again where it is
/// still there; of an app without one, the flags count.
pub(crate) fn take_environment(
    spec: &mut AppSpec,
    given: &Map<String, Value>,
    context: &Context,
) -> anyhow::Result<()> {
    let origin = spec.origin.as_ref().filter(|origin| origin.file.is_file());
    if let Some(origin) = origin {
        let wanted = Wanted {
            only: vec![spec.name.to_string()],
            ..Wanted::default()
        };
        let source = Source::File(origin.file.clone());
        let loaded = evaluate(&source, &context.asker(), &wanted);
        if let Some(fresh) = loaded
            .specs
            .into_iter()
            .find(|fresh| fresh.name == spec.name)
        {
            spec.inherited = fresh.inherited;
            return Ok(());
        }
    }
    spec.inherited = lowered(spec, given, context)?.inherited;
    Ok(())
}

fn amend(spec: &mut AppSpec, given: &Map<String, Value>, context: &Context) -> anyhow::Result<()> {
    let fresh = lowered(spec, given, context)?;
    for name in given.keys() {
        take(spec, &fresh, name);
    }
    Ok(())
}

/// The specification that the flags give for the app's own program.
fn lowered(
    spec: &AppSpec,
    given: &Map<String, Value>,
    context: &Context,
) -> anyhow::Result<AppSpec> {
    let mut flags = given.clone();
    let mut own = |name: &str, value: Value| {
        flags.entry(name).or_insert(value);
    };
    own("name", json!(spec.name));
    own("script", json!(spec.exec.script));
    own("cwd", json!(spec.cwd));
    let interpreter = spec.exec.interpreter.as_ref();
    own(
        "interpreter",
        interpreter.map_or_else(|| json!("none"), |path| json!(path)),
    );
    let wanted = Wanted {
        flags,
        ..Wanted::default()
    };
    let specs = load::specs(&Source::Flags, &wanted, context)?;
    specs.into_iter().next().ok_or_else(|| {
        let what = format!("the flags give no specification for `{}`", spec.name);
        Failure::new(Exit::Usage, what).into()
    })
}

/// Takes over what one attribute says. One that is not heeded has been warned of.
fn take(spec: &mut AppSpec, fresh: &AppSpec, attribute: &str) {
    match attribute {
        "namespace" => spec.namespace = fresh.namespace.clone(),
        "instances" => spec.instances = fresh.instances,
        "interpreter" => spec.exec.interpreter = fresh.exec.interpreter.clone(),
        "interpreter_args" => spec.exec.interpreter_args = fresh.exec.interpreter_args.clone(),
        "args" => spec.exec.args = fresh.exec.args.clone(),
        "cwd" => spec.cwd = fresh.cwd.clone(),
        "filter_env" => spec.inherited = fresh.inherited.clone(),
        "increment_var" => spec.increment_var = fresh.increment_var.clone(),
        "instance_var" => spec.instance_var = fresh.instance_var.clone(),
        "port" | "env_file" => spec.env.0.extend(fresh.env.0.clone()),
        "uid" | "gid" => spec.run_as = fresh.run_as.clone(),
        "autostart" => spec.autostart = fresh.autostart,
        "autorestart" => spec.restart.autorestart = fresh.restart.autorestart,
        "stop_exit_codes" => spec.restart.stop_exit_codes = fresh.restart.stop_exit_codes.clone(),
        "max_restarts" => spec.restart.max_restarts = fresh.restart.max_restarts,
        "min_uptime" => spec.restart.min_uptime = fresh.restart.min_uptime,
        "restart_delay" | "exp_backoff_restart_delay" => spec.restart.delay = fresh.restart.delay,
        "kill_timeout" => spec.stop.timeout = fresh.stop.timeout,
        "kill_signal" => spec.stop.signal = fresh.stop.signal,
        "treekill" => spec.stop.scope = fresh.stop.scope,
        "wait_ready" => spec.ready.wait_ready = fresh.ready.wait_ready,
        "listen_timeout" => spec.ready.listen_timeout = fresh.ready.listen_timeout,
        "handover" => spec.handover.mode = fresh.handover.mode,
        "reload_check" => spec.handover.check = fresh.handover.check.clone(),
        "drain_timeout" => spec.handover.drain_timeout = fresh.handover.drain_timeout,
        "listen" => spec.handover.listen = fresh.handover.listen.clone(),
        "out_file" => spec.logs.out = fresh.logs.out.clone(),
        "error_file" => spec.logs.err = fresh.logs.err.clone(),
        "log_file" => spec.logs.combined = fresh.logs.combined.clone(),
        "merge_logs" => spec.logs.merge = fresh.logs.merge,
        "log_date_format" | "time" => spec.logs.stamp = fresh.logs.stamp.clone(),
        "pid_file" => spec.pid_file = fresh.pid_file.clone(),
        _ => {}
    }
}
