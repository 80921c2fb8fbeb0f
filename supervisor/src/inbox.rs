//! The one channel on which everything arrives.
//!
//! Two queues: the lives of runs, and the rest. The first is taken before anything else that is
//! ready, so that a death is known before a signal is thought about. Both queues are unbounded in type and bounded
//! in fact: each run is reported a fixed number of times, and clients hold a permit for each open
//! request (`clients.rs`).

use fleet::Event;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The receiving side; the loop owns the only one.
#[derive(Debug)]
pub(crate) struct Inbox {
    lives: UnboundedReceiver<Event>,
    rest: UnboundedReceiver<Event>,
}

/// The sending side, for any task or thread.
#[derive(Debug, Clone)]
pub(crate) struct InboxSender {
    lives: UnboundedSender<Event>,
    rest: UnboundedSender<Event>,
}

/// Makes both sides.
pub(crate) fn inbox() -> (InboxSender, Inbox) {
    let (lives, lives_in) = unbounded_channel();
    let (rest, rest_in) = unbounded_channel();
    (
        InboxSender { lives, rest },
        Inbox {
            lives: lives_in,
            rest: rest_in,
        },
    )
}

impl InboxSender {
    /// Puts an event in. After the loop has ended there is nobody to tell, which is not an error.
    pub(crate) fn send(&self, event: Event) {
        let queue = match &event {
            Event::Launched { .. }
            | Event::LaunchFailed { .. }
            | Event::LeaderExited { .. }
            | Event::Listening { .. }
            | Event::Hindered { .. }
            | Event::Retired { .. }
            | Event::Exited { .. } => &self.lives,
            Event::Asked { .. }
            | Event::Hung { .. }
            | Event::Ready { .. }
            | Event::Checked { .. }
            | Event::Watched { .. }
            | Event::Drained { .. }
            | Event::LogEnded { .. }
            | Event::Saved { .. }
            | Event::Flushed { .. }
            | Event::Dumped { .. }
            | Event::DumpRead { .. }
            | Event::Told { .. }
            | Event::Tick
            | Event::ShutDown { .. } => &self.rest,
        };
        drop(queue.send(event));
    }
}

impl Inbox {
    /// The next event, the lives of runs first. Waits for one.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        tokio::select! {
            biased;
            event = self.lives.recv() => event,
            event = self.rest.recv() => event,
        }
    }
}
