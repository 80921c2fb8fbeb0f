//! Connections that were silent when the program that had accepted them was replaced.
//!
//! A client that keeps a connection may send its next request at any moment. To close such a
//! connection is a guess, and each guess loses a request some time; so the daemon takes it over.
//! When the client asks, its request goes to whoever listens at the address, which is the new
//! program, and the answer comes back with `Connection: close`: the client leaves by itself, after
//! a whole answer, and connects anew. For that one request the program sees the peer 127.0.0.1 or
//! the like.
//!
//! * What does not begin like a request of HTTP/1 is closed.
//! * One request is passed on, with `Connection: close` in its head as well, so that the server
//!   closes after its answer and the end of the answer is the end of the connection. What a client
//!   sends beyond it, before it has read that word in the answer, is not passed on; such a client
//!   sends it again on another connection (RFC 9112, 9.3.2).
//! * Where a client has sent several requests at once, nothing is changed in either direction, and
//!   the connection lasts until one side ends it: so no answer is lost.
//! * An upgrade (WebSocket) is passed on as it is, and so is all that follows.
//! * Nothing is sent twice. A connection that is refused was not used, so it is tried again for a
//!   while; a server that is gone before its answer ends the client's connection, too.
//! * A client that stays silent is told the end after a while, as any server does.
//!
//! All is bounded: the number of connections, the bytes held for each, the time that each may take.
//! One thread serves all of them; it begins with the first connection and ends with the last.
//! Nothing of what passes is logged, only how many connections there were, how they ended, and why any
//! were refused.

mod client;
mod ears;
mod exchange;
mod thread;

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// Where connections are given to. Its clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Relay {
    shared: Arc<Shared>,
}

/// A connection that is taken over.
#[derive(Debug)]
pub(crate) struct Adopted {
    /// The server's side of it. Others may hold duplicates, and its receiving half may be shut down
    /// through one of them, as far as the kernel of this machine knows; the client does not.
    pub(crate) socket: OwnedFd,
    /// Where its successor listens. If that is every address, the connection's own one is used.
    pub(crate) local: SocketAddr,
}

/// The bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// How many connections there may be at a time; those beyond are closed.
    pub(crate) open: usize,
    /// How long a client may send nothing before its request is there.
    pub(crate) silence: Duration,
    /// How long a server is waited for that refuses connections.
    pub(crate) refusal: Duration,
    /// How long everything may take from the first byte of a request on.
    pub(crate) exchange: Duration,
}

/// What became of the connections, counted since the beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Were taken over.
    pub(crate) adopted: u64,
    /// Were closed at once, because there were too many.
    pub(crate) refused: u64,
    /// Have ended, one way or the other.
    pub(crate) ended: Ends,
}

/// In which ways they have ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ends {
    /// After an answer that the server has ended.
    pub(crate) answered: u64,
    /// By the client, before it had sent a whole head.
    pub(crate) left: u64,
    /// By us, because the client stayed silent.
    pub(crate) silent: u64,
    /// By us, because what the client sent is no request.
    pub(crate) foreign: u64,
    /// By us, because there was no server to be reached.
    pub(crate) unreached: u64,
    /// Within a request or an answer: by an error or the end of either side, or because it took
    /// too long.
    pub(crate) broken: u64,
}

/// What the handles and the thread share.
#[derive(Debug)]
struct Shared {
    limits: Limits,
    /// The way to the thread, while there is one.
    door: Mutex<Option<UnboundedSender<Vec<Adopted>>>>,
    counts: Mutex<Counts>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // The connections to one server can come from 28,000 ports, and each takes two descriptors.
            open: 16_384,
            // What web servers commonly grant a kept connection.
            silence: Duration::from_secs(75),
            // Where a hand-over holds the address, nothing is refused. What is refused is about to
            // be started again, or was stopped and refuses honestly; so not for long.
            refusal: Duration::from_secs(5),
            // Longer than a download or a long poll takes, and the end for what was upgraded to a
            // stream: its client connects anew, and sees the server without a stranger between.
            exchange: Duration::from_secs(60 * 60),
        }
    }
}

impl Relay {
    /// Without a connection, and without a thread.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            shared: Arc::new(Shared {
                limits,
                door: Mutex::new(None),
                counts: Mutex::new(Counts::default()),
            }),
        }
    }

    /// Takes connections over. Returns at once.
    ///
    /// Where there are too many, or no thread can be made, they are closed and counted.
    pub(crate) fn adopt(&self, connections: Vec<Adopted>) {
        if connections.is_empty() {
            return;
        }
        let mut door = lock(&self.shared.door);
        let unsent = match door.as_ref() {
            // An error gives them back: the thread has died of a bug.
            Some(thread) => thread.send(connections).err().map(|error| error.0),
            None => Some(connections),
        };
        if let Some(connections) = unsent {
            *door = thread::begin(&self.shared, connections);
        }
    }

    /// What became of the connections up to this moment.
    #[cfg(test)]
    pub(crate) fn counts(&self) -> Counts {
        *lock(&self.shared.counts)
    }
}

impl Shared {
    /// Closes the door if nobody waits at it; else lets them in.
    fn leave(&self, adopted: &mut UnboundedReceiver<Vec<Adopted>>) -> Option<Vec<Adopted>> {
        let mut door = lock(&self.door);
        let waiting = adopted.try_recv().ok();
        if waiting.is_none() {
            *door = None;
            lock(&self.counts).tell();
        }
        waiting
    }

    /// Counts connections that were closed at once, and says why.
    fn refuse(&self, connections: usize, error: &io::Error) {
        tracing::warn!(%error, connections, "silent connections are not taken over");
        self.count(|counts| counts.refused += connections as u64);
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut lock(&self.counts));
    }
}

impl Counts {
    /// Says them in the log.
    fn tell(&self) {
        let Self {
            adopted,
            refused,
            ended,
        } = self;
        let Ends {
            answered,
            left,
            silent,
            foreign,
            unreached,
            broken,
        } = ended;
        tracing::debug!(
            adopted,
            refused,
            answered,
            left,
            silent,
            foreign,
            unreached,
            broken,
            "no connection is left that was taken over"
        );
    }
}

/// What is behind it is whole between any two statements, also after a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
