//! `pid`: process ids, one a line.

use protocol::View;
use serde_json::json;

use crate::args::SelectedOrAll;
use crate::context::Context;
use crate::exit::Exit;
use crate::select;

/// Prints the process ids of the apps that were named, else of all; 0 for what does not run. Source: PM2.
pub(crate) fn run(selected: &SelectedOrAll, context: &mut Context) -> anyhow::Result<Exit> {
    let view = context.client()?.view()?;
    let typed = selected.typed();
    let view = if typed.is_empty() {
        view
    } else {
        select::narrowed(view, typed, context)?
    };
    let pids = pids(&view);
    if context.json {
        context.printer.json(&json!(pids))?;
    } else {
        for pid in pids {
            context.printer.out(&pid.to_string())?;
        }
    }
    Ok(Exit::Done)
}

fn pids(view: &View) -> Vec<u32> {
    let instances = view.apps.iter().flat_map(|app| &app.instances);
    instances
        .map(|instance| instance.pid.map_or(0, |pid| pid.0))
        .collect()
}
