//! `ping`: whether the daemon answers.

use protocol::{Reply, Request};
use serde_json::json;

use crate::client::unexpected;
use crate::context::Context;
use crate::exit::Exit;
use crate::words;

/// Asks whether the daemon is there.
pub(crate) fn run(context: &mut Context) -> anyhow::Result<Exit> {
    let mut client = context.client()?;
    let Reply::Pong = client.ask(Request::Ping)? else {
        return Err(unexpected());
    };
    let daemon = client.welcome();
    if context.json {
        let own = env!("CARGO_PKG_VERSION");
        let answer = json!({
            "daemon": daemon.daemon, "pid": daemon.pid, "uptime": daemon.uptime, "client": own,
        });
        context.printer.json(&answer)?;
    } else {
        let uptime = words::span(daemon.uptime);
        let (version, pid) = (&daemon.daemon, daemon.pid);
        let own = env!("CARGO_PKG_VERSION");
        context.printer.out(&format!(
            "pong: wsd {version}, pid {pid}, up {uptime}; wsctl {own}"
        ))?;
    }
    Ok(Exit::Done)
}
