//! `flush`: log files become empty.

use protocol::{Reply, Request, Selector};
use serde_json::json;

use crate::args::SelectedOrAll;
use crate::client::unexpected;
use crate::context::Context;
use crate::exit::Exit;
use crate::{select, words};

/// Empties the log files of the apps that were named, else of all.
pub(crate) fn run(selected: &SelectedOrAll, context: &mut Context) -> anyhow::Result<Exit> {
    let mut client = context.client()?;
    let typed = selected.typed();
    let select = if typed.is_empty() {
        vec![Selector::All]
    } else {
        select::selectors(typed, &mut client, context)?
    };
    let (files, failed) = if select.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        let Reply::Flushed { files, failed } = client.ask(Request::Flush { select })? else {
            return Err(unexpected());
        };
        (files, failed)
    };
    if context.json {
        let reply = json!({ "files": files, "failed": failed });
        context.printer.json(&reply)?;
    }
    for file in &files {
        context.printer.note(&format!("emptied {}", file.display()));
    }
    for error in &failed {
        let what = words::disk(error);
        context
            .printer
            .error(&format!("a log was not emptied: {what}"));
    }
    Ok(if failed.is_empty() {
        Exit::Done
    } else {
        Exit::NotReached
    })
}
