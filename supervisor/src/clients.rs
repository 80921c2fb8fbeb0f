//! The control socket: a task per connection; a request in, its reply out.
//!
//! Everything is bounded: how many connect, how long a line is, how long a line may take to arrive
//! or a reply to leave. A client that is malformed, slow or gone is told so or dropped, and harms
//! nobody else. A client that closes, even only its sending side, while it waits counts as gone: its
//! request goes on, and its answer is kept for a minute.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use config::Span;
use fleet::{Event, Ticket};
use interprocess::local_socket::tokio::{Listener, Stream};
use interprocess::local_socket::traits::StreamCommon as _;
use interprocess::local_socket::traits::tokio::Listener as _;
use protocol::version::PROTOCOL;
use protocol::{Hello, Lack, Pid, Refusal, Reply, Time};
use tokio::sync::{Semaphore, oneshot, watch};

use crate::clients::conversation::Conversation;
use crate::clock;
use crate::doctor::Doctor;
use crate::inbox::InboxSender;
use crate::notices::Notices;

mod conversation;
pub(crate) mod door;

/// How many clients may be connected at once.
const CLIENTS_MAX: usize = 128;

/// How long the kernel's queue is waited out after an accept that failed, for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The open tickets and who waits for each. Shared by the tasks and the loop, which run on one
/// thread; it is never borrowed across a wait.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tickets(Rc<RefCell<Drawer>>);

#[derive(Debug, Default)]
struct Drawer {
    last: u64,
    waiting: BTreeMap<Ticket, oneshot::Sender<Reply>>,
}

impl Tickets {
    /// Opens a ticket; its reply comes on the receiver.
    fn open(&self) -> (Ticket, oneshot::Receiver<Reply>) {
        let mut drawer = self.0.borrow_mut();
        drawer.last += 1;
        let ticket = Ticket(drawer.last);
        let (sender, receiver) = oneshot::channel();
        drawer.waiting.insert(ticket, sender);
        (ticket, receiver)
    }

    /// Closes a ticket whose client is gone.
    fn close(&self, ticket: Ticket) {
        self.0.borrow_mut().waiting.remove(&ticket);
    }

    /// Hands over the reply. A client that is gone gets none.
    pub(crate) fn answer(&self, ticket: Ticket, reply: Reply) {
        if let Some(client) = self.0.borrow_mut().waiting.remove(&ticket) {
            drop(client.send(reply));
        }
    }
}

/// What every conversation needs.
#[derive(Debug, Clone)]
pub(crate) struct Reception {
    pub(crate) tickets: Tickets,
    pub(crate) inbox: InboxSender,
    pub(crate) notices: Notices,
    pub(crate) admits: door::Admits,
    pub(crate) born: Time,
    /// Changes once, when the daemon ends.
    pub(crate) closing: watch::Receiver<Closing>,
}

/// Whether the daemon still listens to its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    NotYet,
    Now,
}

/// The clients that are connected; to be waited for at the end.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    seats: Arc<Semaphore>,
    /// For those who find no seat and are told so.
    standing: Arc<Semaphore>,
    closing: watch::Sender<Closing>,
    doctor: Doctor,
}

impl Clients {
    pub(crate) fn new() -> Self {
        Self {
            seats: Arc::new(Semaphore::new(CLIENTS_MAX)),
            standing: Arc::new(Semaphore::new(CLIENTS_MAX)),
            closing: watch::Sender::new(Closing::NotYet),
            doctor: Doctor::default(),
        }
    }

    /// Accepts connections for as long as the daemon lives.
    pub(crate) async fn accept(self, listener: Listener, reception: Reception) {
        loop {
            match listener.accept().await {
                Ok(stream) => self.welcome(stream, &reception),
                Err(error) => {
                    tracing::warn!(%error, "a client could not be accepted");
                    let pause = std::future::pending::<()>();
                    drop(tokio::time::timeout(ACCEPT_PAUSE, pause).await);
                }
            }
        }
    }

    /// Changes once, when the daemon ends.
    pub(crate) fn closing(&self) -> watch::Receiver<Closing> {
        self.closing.subscribe()
    }

    /// Sends away whoever waits for nothing, and waits until the last replies have left, at most
    /// this long.
    pub(crate) async fn drain(&self, limit: Duration) {
        self.closing.send_replace(Closing::Now);
        let all = u32::try_from(CLIENTS_MAX).unwrap_or(u32::MAX);
        drop(tokio::time::timeout(limit, self.seats.acquire_many(all)).await);
    }

    fn welcome(&self, stream: Stream, reception: &Reception) {
        let (reception, doctor) = (reception.clone(), self.doctor.clone());
        let free = |places: &Arc<Semaphore>| Arc::clone(places).try_acquire_owned().ok();
        let seat = free(&self.seats);
        let full = seat.is_none();
        let Some(place) = seat.or_else(|| free(&self.standing)) else {
            tracing::debug!(
                "a client was dropped: too many are told already that they are too many"
            );
            return;
        };
        tokio::task::spawn_local(async move {
            let outcome = hold(stream, (reception, doctor), full).await;
            if let Err(error) = outcome {
                tracing::debug!(%error, "a client was dropped");
            }
            drop(place);
        });
    }
}

async fn hold(
    stream: Stream,
    (reception, doctor): (Reception, Doctor),
    full: bool,
) -> io::Result<()> {
    let peer = stream.peer_creds()?;
    if !reception.admits.admits(peer.euid()) {
        return Err(io::Error::other("a client of another user"));
    }
    let mut conversation = Conversation::new(stream);
    let Some(hello) = conversation.greeting().await? else {
        return Ok(());
    };
    let lacks = found(&hello, &doctor).await;
    conversation.greet(&reception.welcome(lacks)).await?;
    if hello.wsd != PROTOCOL {
        return Ok(());
    }
    if full {
        let max = u32::try_from(CLIENTS_MAX).unwrap_or(u32::MAX);
        return conversation.refuse(None, Refusal::Busy { max }).await;
    }
    conversation.converse(&reception).await
}

/// What is missing on this machine, for who wants to know and can read it.
async fn found(hello: &Hello, doctor: &Doctor) -> Option<Vec<Lack>> {
    if !hello.examine || hello.wsd != PROTOCOL {
        return None;
    }
    doctor.examine().await
}

impl Reception {
    fn welcome(&self, lacks: Option<Vec<Lack>>) -> protocol::Welcome {
        protocol::Welcome {
            wsd: PROTOCOL,
            daemon: env!("CARGO_PKG_VERSION").to_owned(),
            pid: Pid(std::process::id()),
            uptime: self.uptime(),
            lacks,
        }
    }

    fn uptime(&self) -> Span {
        clock::boot().since(self.born)
    }

    /// Asks the fleet; the reply comes on the receiver.
    fn ask(&self, asking: protocol::Asking) -> (Ticket, oneshot::Receiver<Reply>) {
        let (ticket, reply) = self.tickets.open();
        let protocol::Asking { id, request } = asking;
        self.inbox.send(Event::Asked {
            ticket,
            id,
            request,
        });
        (ticket, reply)
    }

    /// The client of this ticket is gone.
    fn hang_up(&self, ticket: Ticket) {
        self.tickets.close(ticket);
        self.inbox.send(Event::Hung { ticket });
    }
}
