//! `save`: the list of apps, written to a file of its own.

use protocol::{Reply, Request};
use serde_json::json;

use crate::client::unexpected;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::words;

/// Writes the list. What runs is kept over a reboot without it: this is a copy to come back to.
pub(crate) fn run(context: &mut Context) -> anyhow::Result<Exit> {
    let Reply::Dumped { written, file } = context.client()?.ask(Request::Dump)? else {
        return Err(unexpected());
    };
    let apps = written.map_err(|error| {
        let what = format!("the list was not saved: {}", words::disk(&error));
        Failure::new(Exit::NotReached, what)
    })?;
    if context.json {
        let reply = json!({ "apps": apps, "file": file });
        context.printer.json(&reply)?;
    }
    let apps = words::count(usize::try_from(apps).unwrap_or(usize::MAX), "app");
    context
        .printer
        .note(&format!("{apps} saved in {}", file.display()));
    Ok(Exit::Done)
}
