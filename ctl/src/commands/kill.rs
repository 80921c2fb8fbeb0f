//! `kill`: all apps stop and the daemon ends.

use protocol::{Reply, Request};

use crate::client::{Client, unexpected};
use crate::context::Context;
use crate::exit::Exit;

/// Ends the daemon. That none is running is what was asked for.
pub(crate) fn run(context: &mut Context) -> anyhow::Result<Exit> {
    let home = context.paths.home().display().to_string();
    let Some(mut client) = Client::connect(&context.paths.socket())? else {
        context
            .printer
            .note(&format!("no daemon is running for {home}"));
        return Ok(Exit::Done);
    };
    let Reply::Ended = client.ask(Request::Kill)? else {
        return Err(unexpected());
    };
    client.wait_for_end();
    context.printer.note(&format!(
        "all apps have stopped and the daemon for {home} has ended; `wsctl resurrect` brings them back"
    ));
    Ok(Exit::Done)
}
