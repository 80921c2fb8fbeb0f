//! How a program that knows nothing about it comes to its end without a client noticing.
//!
//! New connections go elsewhere by the time this begins. What is left are the connections that exist,
//! and a program that has no intention to end them. So it is traced for this while: the head of its
//! next answer on each goes out with `Connection: close`, and each client leaves by itself, after a
//! whole answer. What stays silent is never closed by guess: when the run ends, the relay takes it over.
//!
//! ```text
//! watch ──▶ seize ──▶ each connection is known, as silent or not: `Watched`
//! begin ──▶ seize ──▶ heads get the word ──▶ nothing is under way: `Drained`
//! serve ──▶ let go: the program runs on as if nothing had been
//! retire ─▶ freeze, duplicate what is silent, `Retired`, end the run
//! ```
//!
//! * One thread does all of it, because what a thread traces is told to that thread alone. It begins
//!   with the first drain; it sleeps while nothing drains.
//! * A program that may not be traced is only watched: its connections end by themselves.
//! * Streams, WebSockets, what is encrypted or is not HTTP/1: left alone, and counted when cut.
//! * If the daemon dies the kernel lets all go, and they run on.
//! * What is read of the traffic is a head, or 64 KB, for as long as it is looked at. Nothing of it is
//!   logged.

mod call;
mod calls;
mod conversation;
mod doors;
mod draining;
mod finding;
mod memory;
mod retiring;
mod sends;
mod sight;
mod thread;
mod tracees;
mod writing;

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Sender, channel};

use config::handover::KeepAlive;
use config::spec::Scope;
use config::{Signal, Span};
use fleet::Event;
use nix::sys::signal::{SigSet, SigmaskHow, Signal as Known};
use nix::unistd::Pid;
use protocol::{Lack, LackOf, RunId, Tally};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::inbox::InboxSender;
use crate::relay::Relay;
use crate::sweep::Mark;
use thread::Thread;

/// A run that is to drain.
#[derive(Debug)]
pub(crate) struct Drain {
    /// Which.
    pub(crate) run: RunId,
    /// Its leader, a child of this process.
    pub(crate) leader: Pid,
    /// Duplicates of its listeners.
    pub(crate) sockets: Vec<OwnedFd>,
    /// How long connections that are just being made may take to be seen.
    pub(crate) settle: Span,
    /// How long nothing may happen on a connection until it counts as silent. Zero: nothing is waited
    /// for but requests that are under way.
    pub(crate) idle: Span,
}

/// A run that is to end.
#[derive(Debug)]
pub(crate) struct Retire {
    /// Which.
    pub(crate) run: RunId,
    /// The signal that `stop` sends, and to whom.
    pub(crate) signal: Signal,
    /// To whom.
    pub(crate) to: Scope,
    /// What becomes of silent connections.
    pub(crate) keepalive: KeepAlive,
    /// Sends the signal.
    pub(crate) stop: Stop,
}

/// Sends a run the signal that asks it to end, once.
pub(crate) struct Stop(Box<dyn FnOnce() + Send>);

/// What the thread is told.
#[derive(Debug)]
enum Order {
    Watch(Drain),
    Begin(Drain),
    Serve(RunId),
    /// What it has is told as well, for a run that does not drain yet.
    Retire(Retire, Option<Drain>),
    Ended(RunId),
}

/// Tells the thread what to do, in order. The thread ends with this.
#[derive(Debug)]
pub(crate) struct Drains {
    mark: Mark,
    outlets: Outlets,
    /// The way to the thread, once there is one.
    way: Option<Way>,
    #[cfg(test)]
    stops: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

/// Where is told, and given to, what comes of a drain.
#[derive(Debug, Clone)]
struct Outlets {
    inbox: InboxSender,
    relay: Relay,
}

#[derive(Debug)]
struct Way {
    orders: Sender<Order>,
    bell: OwnedFd,
}

impl Drains {
    /// Without a thread yet.
    pub(crate) fn new(mark: Mark, inbox: InboxSender, relay: Relay) -> Self {
        Self {
            mark,
            outlets: Outlets { inbox, relay },
            way: None,
            #[cfg(test)]
            stops: std::sync::Arc::default(),
        }
    }

    /// Looks at the connections of a run that serves, and asks nobody to leave. `Watched` follows once,
    /// unless it is told to drain, to serve, is retired or ends before; at once where it may not be
    /// traced.
    pub(crate) fn watch(&mut self, watch: Drain) {
        self.order(Order::Watch(watch));
    }

    /// Begins to drain a run; one that is watched goes on with what is known of it. `Drained` follows
    /// once, unless it is told to serve, retired or ends before; `Hindered` where something is missing.
    pub(crate) fn begin(&mut self, drain: Drain) {
        self.order(Order::Begin(drain));
    }

    /// Lets go of a run, which serves on.
    pub(crate) fn serve(&mut self, run: RunId) {
        self.order(Order::Serve(run));
    }

    /// Ends a run. `Retired` follows, and then the signal is sent. One that does not drain yet is
    /// looked at by `unseen`; none where it has no listeners.
    pub(crate) fn retire(&mut self, retire: Retire, unseen: Option<Drain>) {
        self.order(Order::Retire(retire, unseen));
    }

    /// Takes in that a run has ended.
    pub(crate) fn ended(&mut self, run: RunId) {
        self.order(Order::Ended(run));
    }

    fn order(&mut self, order: Order) {
        if self.way.is_none() {
            if matches!(order, Order::Ended(_) | Order::Serve(_)) {
                return;
            }
            match self.start() {
                Ok(begun) => self.way = Some(begun),
                Err(error) => return self.refuse(order, &error),
            }
        }
        let Some(Way { orders, bell }) = &self.way else {
            return;
        };
        match orders.send(order) {
            // A bell that is full has been rung.
            Ok(()) => drop(rustix::io::write(bell, &[1])),
            // The thread has died, and has left a word in the log.
            Err(unsent) => self.refuse(unsent.0, &io::Error::from(io::ErrorKind::BrokenPipe)),
        }
    }

    /// How often the thread was told that something has stopped.
    #[cfg(test)]
    fn stops(&self) -> usize {
        self.stops.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn start(&self) -> io::Result<Way> {
        let (orders, taken) = channel();
        let (heard, bell) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        let thread = Thread::new(taken, heard, (self.mark.clone(), self.outlets.clone()))?;
        #[cfg(test)]
        let thread = thread.counting(std::sync::Arc::clone(&self.stops));
        thread.start()?;
        Ok(Way { orders, bell })
    }

    /// Does without the thread what must be done.
    fn refuse(&self, order: Order, error: &io::Error) {
        match order {
            Order::Watch(Drain { run, .. }) => {
                self.outlets.hinder(run, LackOf::Trace, error);
                self.outlets.inbox.send(Event::Watched { run });
            }
            Order::Begin(drain) => self.outlets.hinder(drain.run, LackOf::Trace, error),
            Order::Retire(retire, unseen) => {
                let cut = unseen.map_or(0, |unseen| self.count(unseen, error));
                self.outlets.retire_unseen(retire, cut);
            }
            Order::Serve(_) | Order::Ended(_) => {}
        }
    }

    /// How many connections a run has that nobody has looked at; says why nobody did.
    fn count(&self, unseen: Drain, error: &io::Error) -> u32 {
        let run = unseen.run;
        self.outlets.hinder(run, LackOf::Trace, error);
        finding::count(unseen, self.mark.clone()).unwrap_or_else(|error| {
            self.outlets.hinder(run, LackOf::Diagnosis, &error);
            0
        })
    }
}

impl Outlets {
    /// Reports what is missing for a run.
    fn hinder(&self, run: RunId, of: LackOf, error: &io::Error) {
        let errno = error.raw_os_error().unwrap_or(0);
        let lack = Lack { of, errno };
        self.inbox.send(Event::Hindered { run, lack });
    }

    /// Ends a run that has so many connections, of which nothing is known.
    fn retire_unseen(&self, retire: Retire, cut_unknown: u32) {
        let Retire { run, stop, .. } = retire;
        let tally = Tally {
            cut_unknown,
            ..Tally::default()
        };
        self.inbox.send(Event::Retired { run, tally });
        stop.fire();
    }
}

impl Stop {
    /// Sends it by this.
    pub(crate) fn new(send: impl FnOnce() + Send + 'static) -> Self {
        Self(Box::new(send))
    }

    fn fire(self) {
        (self.0)();
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stop")
    }
}

/// Holds SIGCHLD back from every thread that is begun after this: it is read by the thread that
/// drains, and by nobody else. Programs that are launched get their signals as they should be.
///
/// Errors: the kernel's, which there are none of.
pub(crate) fn hold_child_signals() -> io::Result<()> {
    let mut mask = SigSet::empty();
    mask.add(Known::SIGCHLD);
    Ok(nix::sys::signal::pthread_sigmask(
        SigmaskHow::SIG_BLOCK,
        Some(&mask),
        None,
    )?)
}

#[cfg(test)]
mod tests;
