//! The thread: sleeps until an app calls or the loop orders.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;

use config::Span;
use nix::libc;
use protocol::{CheckFailure, RunId};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use super::answer::answer;
use super::run::Run;
use super::table::Table;
use super::{Asked, Launched, Order};
use crate::drain::{Drain, Drains};
use crate::inbox::InboxSender;
use crate::relay::Relay;
use crate::sys::seccomp;

/// Plenty for a thread that does not recurse.
const STACK_BYTES: usize = 256 * 1024;

/// How many descriptors are looked at in one turn; the others are looked at in the next.
const READY_MAX: usize = 64;

/// How the bell, and what watches files, are known among what is ready; no run has these numbers.
const BELL: u64 = u64::MAX;
const FILES: u64 = BELL - 1;

/// The thread's own.
#[derive(Debug)]
pub(super) struct Thread {
    /// What it is told.
    orders: Receiver<Order>,
    /// The bell that rings for each order; closed when nobody can order any more.
    heard: OwnedFd,
    /// What it sleeps on: the bell, and where the calls of each run arrive.
    ready: OwnedFd,
    table: Table,
    drains: Drains,
    inbox: InboxSender,
}

/// Whether the thread goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Turn,
    End,
}

impl Thread {
    pub(super) fn new(
        (orders, heard): (Receiver<Order>, OwnedFd),
        (drains, relay): (Drains, Relay),
        inbox: InboxSender,
    ) -> io::Result<Self> {
        let ready = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&ready, &heard, EventData::new_u64(BELL), EventFlags::IN)?;
        let table = Table::new(relay);
        if let Some(files) = &table.files {
            epoll::add(&ready, files, EventData::new_u64(FILES), EventFlags::IN)?;
        }
        Ok(Self {
            orders,
            heard,
            ready,
            table,
            drains,
            inbox,
        })
    }

    /// Starts it.
    ///
    /// Errors: the kernel's.
    pub(super) fn start(self) -> io::Result<()> {
        thread::Builder::new()
            .name("listeners".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(|| self.run())?;
        Ok(())
    }

    fn run(mut self) {
        let mut ready = Vec::with_capacity(READY_MAX);
        loop {
            match epoll::wait(&self.ready, spare_capacity(&mut ready), None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => {
                    tracing::error!(%errno, "the listeners' thread cannot wait");
                    return;
                }
            }
            for event in ready.drain(..) {
                if self.turn(event) == Next::End {
                    return;
                }
                for told in self.table.events.drain(..) {
                    self.inbox.send(told);
                }
            }
        }
    }

    fn turn(&mut self, event: Event) -> Next {
        let Event { flags, data } = event;
        if data.u64() == BELL {
            self.take_orders();
            let is_alone = flags.contains(EventFlags::HUP) && !flags.contains(EventFlags::IN);
            return if is_alone { Next::End } else { Next::Turn };
        }
        if data.u64() == FILES {
            self.table.files_changed();
            return Next::Turn;
        }
        let run = RunId(data.u64());
        if flags.contains(EventFlags::IN) {
            self.serve(run);
        } else {
            // Nobody is left who could call.
            self.detach(run);
        }
        Next::Turn
    }

    fn take_orders(&mut self) {
        // The bell first: an order that comes after this rings it again.
        while rustix::io::read(&self.heard, &mut [0; 64]).is_ok_and(|taken| taken == 64) {}
        while let Ok(order) = self.orders.try_recv() {
            match order {
                Order::Attach(launched) => self.attach(launched),
                Order::Steer { app, said } => self.table.steer(&app, said),
                Order::Check(asked) => self.check(asked),
                Order::Checked { key, from } => self.table.probed(&key, from),
                Order::Watch { run, idle } => self.watch(run, idle),
                Order::Drain { run, settle, idle } => self.drain(run, settle, idle),
                Order::Serve { run } => self.drains.serve(run),
                Order::Retire(retire) => {
                    let unseen = self.drain_of(retire.run, Span::ZERO, Span::ZERO);
                    let unseen = unseen.filter(|it| !it.sockets.is_empty());
                    self.table.retired(retire.run);
                    self.drains.retire(retire, unseen);
                }
                Order::Ended { run } => {
                    self.drains.ended(run);
                    self.table.ended(run);
                }
                Order::Release { run } => self.table.release(run),
                Order::Publish { notice, by } => by.publish(notice),
                #[cfg(test)]
                Order::Tell(tell) => drop(tell.send(())),
            }
        }
    }

    fn attach(&mut self, launched: Launched) {
        let Launched { of, leader, calls } = launched;
        self.table.forget_closed(&of.who.app);
        let run = of.who.run;
        let calls = calls.map(Arc::new);
        self.table
            .runs
            .insert(run, Run::new(of, leader, calls.clone()));
        let Some(calls) = calls else {
            return;
        };
        let data = EventData::new_u64(run.0);
        if let Err(errno) = epoll::add(&self.ready, &*calls, data, EventFlags::IN) {
            // The descriptor is closed, and the app's calls fail: that is seen and said, and better
            // than calls that wait for ever.
            tracing::error!(%run, %errno, "the calls of a run cannot be watched");
            self.table.silent(run);
        }
    }

    fn watch(&mut self, run: RunId, idle: Span) {
        if let Some(watch) = self.drain_of(run, Span::ZERO, idle) {
            self.drains.watch(watch);
        }
    }

    fn drain(&mut self, run: RunId, settle: Span, idle: Span) {
        if let Some(drain) = self.drain_of(run, settle, idle) {
            self.drains.begin(drain);
        }
    }

    fn drain_of(&mut self, run: RunId, settle: Span, idle: Span) -> Option<Drain> {
        let (leader, sockets) = self.table.sockets_of(run)?;
        Some(Drain {
            run,
            leader,
            sockets,
            settle,
            idle,
        })
    }

    /// Lets a thread of its own ask a run, which reports back when it is done.
    fn check(&mut self, asked: Asked) {
        let (run, inbox) = (asked.run, self.inbox.clone());
        let tell = move |outcome| inbox.send(fleet::Event::Checked { run, outcome });
        let (key, check) = match self.table.probe(run) {
            Ok(probe) => probe,
            Err(failure) => return tell(Err(failure)),
        };
        let from = check.from;
        let (tell_unasked, asking_at) = (tell.clone(), key.clone());
        let asking = move || {
            let outcome = check.ask(&asked.path, asked.within);
            asked.done.order(Order::Checked {
                key: asking_at,
                from,
            });
            tell(outcome);
        };
        let begun = thread::Builder::new()
            .name("check".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(asking);
        if let Err(error) = begun {
            self.table.probed(&key, from);
            let errno = error.raw_os_error().unwrap_or(libc::EAGAIN);
            tell_unasked(Err(CheckFailure::Broken(errno)));
        }
    }

    fn detach(&mut self, run: RunId) {
        let calls = self.table.runs.get(&run).and_then(|run| run.calls.clone());
        if let Some(calls) = calls {
            epoll::delete(&self.ready, &*calls).ok();
        }
        self.table.silent(run);
    }

    /// Answers one call.
    fn serve(&mut self, run: RunId) {
        let calls = self.table.runs.get(&run).and_then(|run| run.calls.clone());
        let Some(calls) = calls else {
            return;
        };
        let Ok(call) = seccomp::receive(calls.as_fd()) else {
            // The caller was killed in the meantime.
            return;
        };
        let with = answer(&mut self.table, run, calls.as_fd(), call);
        if let Err(error) = seccomp::answer(calls.as_fd(), call.id, with)
            && error.raw_os_error() != Some(libc::ENOENT)
        {
            tracing::error!(%run, %error, "a call cannot be answered");
        }
    }
}
