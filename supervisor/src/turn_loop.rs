//! The loop: wait for the next event or deadline, ask the fleet, perform what it says.

use std::time::Duration;

use fleet::{Event, Fleet};
use tokio::time::timeout;

use crate::clock;
use crate::inbox::Inbox;
use crate::journal::Journal;
use crate::perform::{Next, Shell};

/// Turns until the fleet says `Exit`.
///
/// What a turn changed is in the journal before its first effect is performed.
pub(crate) async fn run(
    fleet: &mut Fleet,
    inbox: &mut Inbox,
    journal: &mut Journal,
    shell: &mut Shell,
) {
    loop {
        let event = next(inbox, fleet).await;
        tracing::trace!(?event);
        shell.witness(&event);
        let turn = fleet.handle(clock::boot(), event);
        if let Err(error) = journal.append(&turn.records) {
            tracing::error!(%error, "the journal cannot be written");
        }
        for effect in turn.effects {
            if shell.perform(effect) == Next::End {
                return;
            }
        }
    }
}

/// The next event; `Tick` where a deadline comes first.
async fn next(inbox: &mut Inbox, fleet: &Fleet) -> Event {
    let Some((due, _)) = fleet.deadline() else {
        return inbox.next().await.unwrap_or(Event::Tick);
    };
    let wait = Duration::from_millis(due.since(clock::boot()).as_millis());
    match timeout(wait, inbox.next()).await {
        Ok(event) => event.unwrap_or(Event::Tick),
        Err(_elapsed) => Event::Tick,
    }
}
