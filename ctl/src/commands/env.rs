//! `env`: the environment of an app. The only verb whose purpose is to show one.

use anyhow::Context as _;
use config::Env;
use protocol::view::InstanceView;
use protocol::{Reply, Request, Selector};
use serde_json::json;

use crate::args::Selected;
use crate::client::{Client, unexpected};
use crate::context::Context;
use crate::exit::Exit;
use crate::select;

/// Prints the environment of the first instance of each app that is meant.
pub(crate) fn run(selected: &Selected, context: &mut Context) -> anyhow::Result<Exit> {
    let mut client = context.client()?;
    let view = select::narrowed(client.view()?, selected.typed(), context)?;
    let firsts = view.apps.iter().filter_map(|app| app.instances.first());
    let mut shown = Vec::new();
    for instance in firsts {
        shown.push((instance, environment(instance, &mut client)?));
    }
    match shown.as_slice() {
        [] => context.printer.note("nothing that was named has instances"),
        [(_, env)] => show(env, context)?,
        several => show_each(several, context)?,
    }
    Ok(Exit::Done)
}

fn environment(instance: &InstanceView, client: &mut Client) -> anyhow::Result<Env> {
    let request = Request::Specs {
        select: vec![Selector::Id(instance.id)],
    };
    let Reply::Specs { apps: specs } = client.ask(request)? else {
        return Err(unexpected());
    };
    let spec = specs
        .first()
        .with_context(|| format!("`{}` has just been deleted", instance.app))?;
    Ok(spec.env_of(instance.slot))
}

fn show(env: &Env, context: &mut Context) -> anyhow::Result<()> {
    if context.json {
        context.printer.json(env)
    } else {
        context.printer.out(&lines(env))
    }
}

fn show_each(several: &[(&InstanceView, Env)], context: &mut Context) -> anyhow::Result<()> {
    if context.json {
        let each = several
            .iter()
            .map(|(one, env)| json!({ "id": one.id, "name": one.app, "env": env }));
        return context.printer.json(&each.collect::<Vec<_>>());
    }
    let each = several
        .iter()
        .map(|(one, env)| format!("{} (id {}):\n{}", one.app, one.id, lines(env)));
    context.printer.out(&each.collect::<Vec<_>>().join("\n\n"))
}

/// Source: PM2's `KEY: value`.
fn lines(env: &Env) -> String {
    let lines = env.0.iter().map(|(name, value)| format!("{name}: {value}"));
    lines.collect::<Vec<_>>().join("\n")
}
