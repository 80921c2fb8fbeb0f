//! `env`: the environment of an app. The only verb whose purpose is to show one.

use anyhow::Context as _;
use config::Env;
use protocol::{Reply, Request, Selector};

use crate::client::unexpected;
use crate::context::Context;
use crate::exit::Exit;
use crate::select;

/// Prints the environment of the first instance that is meant.
pub(crate) fn run(typed: &str, context: &mut Context) -> anyhow::Result<Exit> {
    let mut client = context.client()?;
    let view = select::narrowed(client.view()?, &[typed.to_owned()])?;
    let first = view.apps.iter().find_map(|app| app.instances.first());
    let instance = first.with_context(|| format!("`{typed}` has no instances"))?;
    let request = Request::Specs {
        select: vec![Selector::Id(instance.id)],
    };
    let Reply::Specs { apps: specs } = client.ask(request)? else {
        return Err(unexpected());
    };
    let spec = specs
        .first()
        .with_context(|| format!("`{typed}` has just been deleted"))?;
    show(&spec.env_of(instance.slot), context)
}

/// Source: PM2's `KEY: value`.
fn show(env: &Env, context: &mut Context) -> anyhow::Result<Exit> {
    if context.json {
        context.printer.json(env)?;
        return Ok(Exit::Done);
    }
    let lines: Vec<String> = env
        .0
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    context.printer.out(&lines.join("\n"))?;
    Ok(Exit::Done)
}
