//! `jlist`: the list in PM2's shape, for the scripts that read it.
//!
//! PM2 puts every app's environment in, and so its passwords. Here it is left out unless asked for.

use std::collections::BTreeMap;

use anyhow::Context as _;
use config::{AppName, AppSpec};
use protocol::{Reply, Request, Selector, View};
use serde_json::Value;

use crate::client::{Client, unexpected};
use crate::context::Context;
use crate::exit::Exit;
use crate::{clock, json};

/// Prints the list on one line, by id.
pub(crate) fn run(show_env: bool, context: &mut Context) -> anyhow::Result<Exit> {
    let mut client = context.client()?;
    let view = client.view()?;
    let specs = if show_env && !view.apps.is_empty() {
        specs(&mut client)?
    } else {
        BTreeMap::new()
    };
    let list = serde_json::to_string(&list(&view, &specs)).context("failed to form JSON")?;
    context.printer.out(&list)?;
    Ok(Exit::Done)
}

fn list(view: &View, specs: &BTreeMap<AppName, AppSpec>) -> Vec<Value> {
    let now_ms = clock::now_ms();
    let mut instances: Vec<_> = view
        .apps
        .iter()
        .flat_map(|app| app.instances.iter().map(move |instance| (app, instance)))
        .collect();
    instances.sort_by_key(|(_, instance)| instance.id);
    let shape = |(app, instance): (&protocol::view::AppView, &protocol::view::InstanceView)| {
        let env = specs.get(&app.name).map(|spec| spec.env_of(instance.slot));
        json::pm2(app, instance, now_ms, env)
    };
    instances.into_iter().map(shape).collect()
}

fn specs(client: &mut Client) -> anyhow::Result<BTreeMap<AppName, AppSpec>> {
    let request = Request::Specs {
        select: vec![Selector::All],
    };
    let Reply::Specs { apps } = client.ask(request)? else {
        return Err(unexpected());
    };
    let named = apps.into_iter().map(|spec| (spec.name.clone(), spec));
    Ok(named.collect())
}
