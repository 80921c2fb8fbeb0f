//! `resurrect`: the saved apps come back, and a daemon with them.

use protocol::reply::Refusal;
use protocol::{Reply, Request};

use crate::client::{Client, unexpected};
use crate::context::Context;
use crate::exit::Exit;
use crate::settled::{self, Deed, Settled};
use crate::words;

/// Brings back what `save` wrote and is not there. A daemon that is started for it brings back its
/// own goals first; then it is no failure that nothing was saved besides.
pub(crate) fn run(context: &mut Context) -> anyhow::Result<Exit> {
    let mut client = context.client_or_start()?;
    let reply = client.try_ask(Request::Resurrect)?;
    let settled = match reply {
        Reply::Settled { outcomes, unsaved } => Settled { outcomes, unsaved },
        Reply::Refused { why } => {
            from_before(&why, &mut client, context)?;
            Settled::default()
        }
        Reply::Pong
        | Reply::View { .. }
        | Reply::Specs { .. }
        | Reply::Signalled { .. }
        | Reply::Flushed { .. }
        | Reply::Dumped { .. }
        | Reply::Following
        | Reply::Ended => return Err(unexpected()),
    };
    settled::show(Deed::Start, &settled, &mut client, context)
}

/// Says that the apps there are had not been saved by hand; fails where there are none, or where
/// that is not why the daemon refused.
fn from_before(why: &Refusal, client: &mut Client, context: &Context) -> anyhow::Result<()> {
    let apps = client.view()?.apps.len();
    if apps == 0 || !matches!(why, Refusal::NoDump { .. }) {
        return Err(words::refusal(why).into());
    }
    let apps = words::count(apps, "app");
    context.printer.note(&format!(
        "`wsctl save` has written nothing; {apps} are there from before"
    ));
    Ok(())
}
