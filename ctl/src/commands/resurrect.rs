//! `resurrect`: the saved apps come back, and a daemon with them.

use protocol::reply::Refusal;
use protocol::{Reply, Request};

use crate::client::{Client, unexpected};
use crate::commands::list;
use crate::context::Context;
use crate::exit::Exit;
use crate::printer::Quiet;
use crate::settled::{self, Deed, Settled};
use crate::words;

/// Brings back what `save` wrote and is not there. A daemon that is started for it brings back its
/// own goals first; then it is no failure that nothing was saved besides.
pub(crate) fn run(context: &mut Context) -> anyhow::Result<Exit> {
    let running = Client::connect(&context.paths.socket())?;
    let was_running = running.is_some();
    let mut client = match running {
        Some(client) => client,
        None => context.client_or_start()?,
    };
    let came_back = client.view()?.apps.len();
    match client.try_ask(Request::Resurrect)? {
        Reply::Settled { outcomes, unsaved } if !outcomes.is_empty() => {
            let settled = Settled { outcomes, unsaved };
            settled::show(Deed::Start, &settled, &mut client, context)
        }
        Reply::Settled { .. } => nothing_more(was_running, came_back, &mut client, context),
        Reply::Refused {
            why: Refusal::NoDump { .. },
        } if came_back > 0 => nothing_more(was_running, came_back, &mut client, context),
        Reply::Refused { why } => Err(words::refusal(&why).into()),
        Reply::Pong
        | Reply::View { .. }
        | Reply::Specs { .. }
        | Reply::Signalled { .. }
        | Reply::Flushed { .. }
        | Reply::Dumped { .. }
        | Reply::Following
        | Reply::Ended => Err(unexpected()),
    }
}

/// Says that all saved apps are there, since when, and shows them.
fn nothing_more(
    was_running: bool,
    apps: usize,
    client: &mut Client,
    context: &mut Context,
) -> anyhow::Result<Exit> {
    let apps = words::count(apps, "app");
    context.printer.note(&if was_running {
        format!("nothing is missing: {apps} in the list")
    } else {
        format!("the daemon was started and has brought back {apps}")
    });
    let view = client.view()?;
    if context.json {
        context.printer.json(&Settled::default())?;
    } else if context.quiet == Quiet::No {
        list::show(&view, context)?;
    }
    Ok(Exit::Done)
}
