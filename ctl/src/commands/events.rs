//! `events`: what happens to apps, as it happens.

use std::os::fd::AsFd;

use protocol::notice::Noticed;
use protocol::{Notice, Reply, Request};

use crate::client::unexpected;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::wait::{Waiter, Woken};
use crate::{clock, words};

/// Prints notices until the person, the reader or the daemon has had enough.
pub(crate) fn run(context: &mut Context) -> anyhow::Result<Exit> {
    let mut client = context.client()?;
    let Reply::Following = client.ask(Request::Events)? else {
        return Err(unexpected());
    };
    let waiter = Waiter::new()?;
    let mut expected_end = false;
    loop {
        if !client.has_line() && waiter.wait(client.stream().as_fd())? == Woken::Leave {
            return Ok(Exit::Done);
        }
        let Some(noticed) = client.notice()? else {
            break;
        };
        expected_end = matches!(noticed.notice, Notice::DaemonEnding { .. }) || expected_end;
        show(&noticed, context)?;
        if context.printer.reader_is_gone() {
            return Ok(Exit::Done);
        }
    }
    if expected_end {
        context.printer.note("the daemon has ended");
        return Ok(Exit::Done);
    }
    Err(
        Failure::new(Exit::NoDaemon, "the daemon closed the connection")
            .hint("`wsctl ping` says whether it is there")
            .into(),
    )
}

fn show(noticed: &Noticed, context: &mut Context) -> anyhow::Result<()> {
    let line = if context.json {
        serde_json::to_string(noticed)?
    } else {
        let notice = words::notice(&noticed.notice);
        format!("{} {notice}", clock::local(noticed.at))
    };
    context.printer.out(&line)
}
