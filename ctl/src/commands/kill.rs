//! `kill`: all apps stop and the daemon ends.

use std::time::Duration;

use protocol::{Reply, Request};
use serde_json::json;

use crate::client::{Client, unexpected};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::holder::Holder;
use crate::words;

/// How long a daemon may take to go after its last answer.
const FAREWELL: Duration = Duration::from_secs(5);

/// Ends the daemon. That none is running is what was asked for.
pub(crate) fn run(context: &mut Context) -> anyhow::Result<Exit> {
    let home = context.paths.home().display().to_string();
    let was_running = end_any(&home, context)?;
    if context.json {
        let facts = json!({ "home": context.paths.home(), "ended": was_running });
        context.printer.json(&facts)?;
    }
    context.printer.note(&if was_running {
        format!(
            "all apps have stopped and the daemon for {home} has ended; `wsctl resurrect` brings them back"
        )
    } else {
        format!("no daemon is running for {home}")
    });
    Ok(Exit::Done)
}

/// Ends the daemon that there is; returns whether there was one.
fn end_any(home: &str, context: &Context) -> anyhow::Result<bool> {
    if let Some(mut client) = Client::connect(&context.paths.socket())? {
        let Reply::Ended = client.ask(Request::Kill)? else {
            return Err(unexpected());
        };
        client.wait_for_end();
        // So that the next one finds the home free.
        if let Some(holder) = Holder::of(&context.paths) {
            holder.ends_within(Some(FAREWELL));
        }
    } else if let Some(holder) = Holder::of(&context.paths) {
        end(&holder, home)?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// Ends a daemon that cannot be asked, because its socket is gone: by a signal, which it obeys alike.
fn end(holder: &Holder, home: &str) -> Result<(), Failure> {
    holder.ask_to_end().map_err(|errno| {
        let pid = holder.pid;
        let why = words::errno(errno as i32);
        let what = format!("failed to end process {pid}, the daemon for {home}: {why}");
        Failure::new(Exit::NotReached, what)
    })?;
    holder.ends_within(None);
    Ok(())
}
