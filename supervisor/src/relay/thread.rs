//! The thread, from the first connection to the last.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinError, JoinSet, LocalSet, spawn_local};

use super::client::Client;
use super::ears::Ears;
use super::exchange::{self, End};
use super::{Adopted, Shared};

/// The connections of which the thread hears later than of the first.
type Arrivals = UnboundedReceiver<Vec<Adopted>>;

/// Begins the thread with these connections. Nothing where that is impossible; they are closed then.
pub(super) fn begin(
    shared: &Arc<Shared>,
    connections: Vec<Adopted>,
) -> Option<UnboundedSender<Vec<Adopted>>> {
    let (sender, arrivals) = unbounded_channel();
    let count = connections.len();
    let ours = Arc::clone(shared);
    let begun = thread::Builder::new()
        .name("relay".to_owned())
        .spawn(move || run(&ours, connections, arrivals));
    match begun {
        Ok(_detached) => Some(sender),
        Err(error) => {
            shared.refuse(count, &error);
            None
        }
    }
}

fn run(shared: &Shared, connections: Vec<Adopted>, mut arrivals: Arrivals) {
    let mut count = connections.len();
    let runtime = Builder::new_current_thread().enable_all().build();
    let served = runtime.and_then(|runtime| {
        LocalSet::new().block_on(&runtime, serve(shared, connections, &mut arrivals))
    });
    if let Err(error) = served {
        while let Some(later) = shared.leave(&mut arrivals) {
            count += later.len();
        }
        shared.refuse(count, &error);
    }
}

/// Serves all until none is left and none arrives.
async fn serve(
    shared: &Shared,
    connections: Vec<Adopted>,
    arrivals: &mut Arrivals,
) -> io::Result<()> {
    let ears = Rc::new(Ears::new()?);
    let mut listening = spawn_local(Rc::clone(&ears).listen());
    let mut open = JoinSet::new();
    take(shared, connections, &ears, &mut open);
    loop {
        while open.is_empty() {
            let Some(connections) = shared.leave(arrivals) else {
                return Ok(());
            };
            take(shared, connections, &ears, &mut open);
        }
        tokio::select! {
            Some(connections) = arrivals.recv() => take(shared, connections, &ears, &mut open),
            Some(end) = open.join_next() => count(shared, end),
            error = &mut listening => return error.unwrap_or_else(|bug| Err(io::Error::other(bug))),
        }
    }
}

/// Begins with these connections, as far as there is room.
fn take(shared: &Shared, connections: Vec<Adopted>, ears: &Rc<Ears>, open: &mut JoinSet<End>) {
    let mut refused = 0;
    let mut why = None;
    for adopted in connections {
        match Client::new(ears, adopted.socket) {
            Ok(client) if open.len() < shared.limits.open => {
                shared.count(|counts| counts.adopted += 1);
                open.spawn_local(exchange::serve(client, adopted.local, shared.limits));
            }
            outcome => {
                refused += 1;
                why = Some(outcome.err().unwrap_or_else(too_many));
            }
        }
    }
    if let Some(error) = why {
        shared.refuse(refused, &error);
    }
}

fn too_many() -> io::Error {
    io::Error::other("there are as many already as may be taken over at a time")
}

fn count(shared: &Shared, end: Result<End, JoinError>) {
    let end = end.unwrap_or_else(|error| {
        tracing::error!(%error, "a connection was lost to a bug");
        End::Broken
    });
    shared.count(|counts| {
        let ended = &mut counts.ended;
        *match end {
            End::Answered => &mut ended.answered,
            End::Left => &mut ended.left,
            End::Silent => &mut ended.silent,
            End::Foreign => &mut ended.foreign,
            End::Unreached => &mut ended.unreached,
            End::Broken => &mut ended.broken,
        } += 1;
    });
}
