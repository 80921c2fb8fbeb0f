//! `resurrect`: the saved apps come back, and a daemon with them.

use protocol::reply::Refusal;
use protocol::view::StateView;
use protocol::{Reply, Request, Selector, View};

use crate::client::{Client, unexpected};
use crate::context::Context;
use crate::exit::Exit;
use crate::settled::{self, Deed, Settled};
use crate::words;

/// Brings back what `save` wrote and is not there. A daemon that is started for it brings back its
/// own goals first, and these are waited for; then it is no failure that nothing was saved besides.
pub(crate) fn run(context: &mut Context) -> anyhow::Result<Exit> {
    let running = Client::connect(&context.paths.socket())?;
    let was_running = running.is_some();
    let mut client = match running {
        Some(client) => client,
        None => context.client_or_start()?,
    };
    let there = client.view()?;
    let mut settled = Settled::default();
    if !was_running {
        await_goals(&there, &mut settled, &mut client)?;
    }
    match client.try_ask(Request::Resurrect)? {
        Reply::Settled { outcomes, unsaved } => settled.take_in(outcomes, unsaved),
        Reply::Refused {
            why: Refusal::NoDump { .. },
        } if !there.apps.is_empty() => {}
        Reply::Refused { why } => return Err(words::refusal(&why).into()),
        Reply::Pong
        | Reply::View { .. }
        | Reply::Specs { .. }
        | Reply::Signalled { .. }
        | Reply::Flushed { .. }
        | Reply::Dumped { .. }
        | Reply::Following
        | Reply::Ended => return Err(unexpected()),
    }
    let apps = words::count(there.apps.len(), "app");
    if !was_running {
        context
            .printer
            .note(&format!("the daemon was started with {apps}"));
    }
    if settled.outcomes.is_empty() {
        context
            .printer
            .note(&format!("nothing is missing: {apps} in the list"));
    }
    settled::conclude(Deed::Resurrect, &settled, &mut client, context)
}

/// Waits for what a new daemon brings back by itself: all that is to be up.
fn await_goals(there: &View, settled: &mut Settled, client: &mut Client) -> anyhow::Result<()> {
    let instances = there.apps.iter().flat_map(|app| &app.instances);
    let select: Vec<Selector> = instances
        .filter(|instance| instance.state != StateView::Stopped)
        .map(|instance| Selector::Id(instance.id))
        .collect();
    if select.is_empty() {
        return Ok(());
    }
    settled.ask(client, Request::Start { select })
}
