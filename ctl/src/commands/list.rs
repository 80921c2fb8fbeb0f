//! `list`: all apps, one row an instance.

use protocol::View;

use crate::context::Context;
use crate::exit::Exit;
use crate::{json, printer, table};

/// Lists all apps.
pub(crate) fn run(context: &mut Context) -> anyhow::Result<Exit> {
    let view = context.client()?.view()?;
    if context.json {
        context.printer.json(&json::list(&view, context.sort))?;
    } else {
        show(&view, context)?;
    }
    Ok(Exit::Done)
}

/// Prints the list for a person.
pub(crate) fn show(view: &View, context: &mut Context) -> anyhow::Result<()> {
    let rows = table::rows(view, context.sort);
    let width = printer::terminal_width();
    let drawn = table::drawn(&rows, context.look, width, context.printer.out_paint());
    context.printer.out(&drawn)?;
    if view.apps.is_empty() {
        context
            .printer
            .note("the list is empty; `wsctl start app.js` starts an app");
    }
    Ok(())
}
