//! `id`: the ids of apps.

use crate::args::Selected;
use crate::context::Context;
use crate::exit::Exit;
use crate::select;

/// Prints the ids of apps, as `[ 0, 1 ]`. Source: PM2.
pub(crate) fn run(selected: &Selected, context: &mut Context) -> anyhow::Result<Exit> {
    let view = context.client()?.view()?;
    let view = select::narrowed(view, selected.typed(), context)?;
    let instances = view.apps.iter().flat_map(|app| &app.instances);
    let ids: Vec<u32> = instances.map(|instance| instance.id.0).collect();
    if context.json {
        context.printer.json(&ids)?;
    } else {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        context.printer.out(&format!("[ {} ]", ids.join(", ")))?;
    }
    Ok(Exit::Done)
}
