//! `signal`: a signal to the main processes of apps.

use config::Signal;
use protocol::{Reply, Request};
use serde_json::json;

use crate::args::Selected;
use crate::client::unexpected;
use crate::context::Context;
use crate::exit::Exit;
use crate::{select, words};

/// Sends a signal; that nothing runs is a failure.
pub(crate) fn run(
    signal: Signal,
    selected: &Selected,
    context: &mut Context,
) -> anyhow::Result<Exit> {
    let mut client = context.client()?;
    let select = select::selectors(selected.typed(), &mut client, context)?;
    let Reply::Signalled { instances } = client.ask(Request::Signal { select, signal })? else {
        return Err(unexpected());
    };
    if context.json {
        context.printer.json(&json!({ "instances": instances }))?;
    }
    if instances.is_empty() {
        context.printer.error(&format!(
            "{signal} was sent to nobody: none of them is running"
        ));
        return Ok(Exit::NotReached);
    }
    let whom = words::ids(&instances);
    context
        .printer
        .note(&format!("{signal} was sent to {whom}"));
    Ok(Exit::Done)
}
