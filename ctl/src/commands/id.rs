//! `id`: the ids of an app.

use crate::context::Context;
use crate::exit::Exit;
use crate::select;

/// Prints the ids of an app, as `[ 0, 1 ]`. Source: PM2.
pub(crate) fn run(typed: &str, context: &mut Context) -> anyhow::Result<Exit> {
    let view = context.client()?.view()?;
    let view = select::narrowed(view, &[typed.to_owned()])?;
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
