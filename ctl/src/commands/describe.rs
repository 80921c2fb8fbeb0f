//! `describe`: everything about an app.

use crate::args::Selected;
use crate::context::Context;
use crate::exit::Exit;
use crate::{describe, json, select};

/// Describes instances, one after the other.
pub(crate) fn run(selected: &Selected, context: &mut Context) -> anyhow::Result<Exit> {
    let view = context.client()?.view()?;
    let view = select::narrowed(view, selected.typed(), context)?;
    if context.json {
        context.printer.json(&json::list(&view, None))?;
        return Ok(Exit::Done);
    }
    let paint = context.printer.out_paint();
    let instances = view
        .apps
        .iter()
        .flat_map(|app| app.instances.iter().map(move |instance| (app, instance)));
    let drawn: Vec<String> = instances
        .map(|(app, instance)| describe::drawn(app, instance, paint))
        .collect();
    if drawn.is_empty() {
        context.printer.note("it has no instances");
    } else {
        context.printer.out(&drawn.join("\n\n"))?;
    }
    Ok(Exit::Done)
}
