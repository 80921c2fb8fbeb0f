//! The thread behind [`super::Logs`]: it waits for pipes, orders and, while a file cannot be
//! written, for the time to try again. With nothing to do it does not wake up.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use config::spec::LogPaths;
use fleet::{Event, Ticket};
use jiff::tz::TimeZone;
use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::EventFd;
use protocol::RunId;

use super::WallClock;
use super::cut::Cutter;
use super::files::Files;
use super::open::Opened;
use super::pump::{Pump, Took};
use super::stamp::Stampers;
use super::stream::{Outlet, Polled, Side, Stream, StreamId};
use super::tail::Tail;
use crate::inbox::InboxSender;

/// How many pipes one turn of the thread serves at most.
const SERVED_MAX: usize = 64;

/// What the loop asks of the thread.
#[derive(Debug)]
pub(super) enum Order {
    /// Read the pipes of this run.
    Attach(Box<NewRun>),
    /// Nothing that the daemon accounts for writes to this run's pipes any more.
    Finish { run: RunId },
    /// Empty these files.
    Flush { ticket: Ticket, logs: Vec<LogPaths> },
    /// Open all paths again.
    Reopen,
    /// Take what is in the pipes and end.
    Stop,
}

/// A run whose pipes are to be read.
#[derive(Debug)]
pub(super) struct NewRun {
    pub(super) run: RunId,
    /// The pattern of its stamps.
    pub(super) stamp: Option<String>,
    pub(super) out: NewStream,
    pub(super) err: NewStream,
}

/// A pipe to read and the files to write.
#[derive(Debug)]
pub(super) struct NewStream {
    pub(super) pipe: OwnedFd,
    pub(super) own: Option<Opened>,
    pub(super) combined: Option<Opened>,
}

/// How the thread is reached and what it reports to.
#[derive(Debug)]
pub(super) struct Wiring {
    /// Counts the orders that were sent and not taken.
    pub(super) wake: Arc<EventFd>,
    pub(super) orders: Receiver<Order>,
    pub(super) epoll: Epoll,
    pub(super) inbox: InboxSender,
    pub(super) wall: WallClock,
}

/// The state of the thread.
#[derive(Debug)]
pub(super) struct Writer {
    wiring: Wiring,
    streams: BTreeMap<StreamId, Stream>,
    files: Files,
    stampers: Stampers,
    pump: Pump,
}

impl Writer {
    /// With nothing to read yet.
    pub(super) fn new(wiring: Wiring) -> Self {
        let files = Files::new(wiring.inbox.clone());
        Self {
            wiring,
            streams: BTreeMap::new(),
            files,
            stampers: Stampers::new(TimeZone::system()),
            pump: Pump::new(),
        }
    }

    /// Runs until it is told to stop.
    pub(super) fn run(mut self) {
        let mut ready = [EpollEvent::empty(); SERVED_MAX];
        loop {
            let count = self.wait(&mut ready);
            let now_ms = (self.wiring.wall)();
            for event in &ready[..count] {
                match StreamId::from_data(event.data()) {
                    StreamId::NONE => {
                        if self.obey(now_ms) == Next::End {
                            return;
                        }
                    }
                    id => self.serve(id, now_ms),
                }
            }
            if self.files.retry(now_ms) {
                self.watch_again();
            }
        }
    }

    /// Waits until something is ready, or a blocked file is to be tried again.
    fn wait(&self, ready: &mut [EpollEvent]) -> usize {
        let timeout = self.files.retry_in().map_or(EpollTimeout::NONE, |wait| {
            EpollTimeout::try_from(wait).unwrap_or(EpollTimeout::MAX)
        });
        // The only error there can be is a signal that was taken by this thread.
        self.wiring.epoll.wait(ready, timeout).unwrap_or(0)
    }

    /// Carries out the next order. One a turn: however many there are, the pipes are served too.
    fn obey(&mut self, now_ms: u64) -> Next {
        // Takes one from the count of the orders that were sent.
        self.wiring.wake.read().ok();
        match self.wiring.orders.try_recv() {
            Ok(Order::Attach(new)) => self.attach(*new),
            Ok(Order::Finish { run }) => self.finish(run, now_ms),
            Ok(Order::Flush { ticket, logs }) => self.flush(ticket, &logs, now_ms),
            Ok(Order::Reopen) => {
                self.stampers.moved(&TimeZone::system());
                self.files.reopen(now_ms);
                self.watch_again();
            }
            Ok(Order::Stop) => {
                self.stop(now_ms);
                return Next::End;
            }
            // An order is counted after it was sent, so there is one.
            Err(_) => {}
        }
        Next::GoOn
    }

    fn attach(&mut self, new: NewRun) {
        self.stampers.moved(&TimeZone::system());
        let stamp = new.stamp.as_deref();
        self.attach_stream(StreamId::new(new.run, Side::Out), new.out, stamp);
        self.attach_stream(StreamId::new(new.run, Side::Err), new.err, stamp);
        self.watch_again();
    }

    fn attach_stream(&mut self, id: StreamId, new: NewStream, stamp: Option<&str>) {
        let own = new.own.map(|opened| self.files.adopt(opened));
        let mut combined = new.combined.map(|opened| self.files.adopt(opened));
        if combined == own
            && let Some(twice) = combined.take()
        {
            self.files.release(twice);
        }
        let stream = Stream {
            pipe: Some(new.pipe),
            polled: Polled::Held,
            is_reported: false,
            cutter: Cutter::default(),
            outlet: Outlet {
                stamper: stamp.map(|source| self.stampers.get(source)),
                own,
                combined,
                tail: Tail::default(),
            },
        };
        self.streams.insert(id, stream);
    }

    /// Takes a turn at one stream.
    fn serve(&mut self, id: StreamId, now_ms: u64) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        // A stream that shares the file may have found it blocked a moment ago.
        if !stream.outlet.is_blocked(&self.files)
            && self.pump.turn(stream, &mut self.files, now_ms) == Took::End
        {
            self.pump.end_line(stream, &mut self.files, now_ms);
            self.ended(id);
        } else if stream.outlet.is_blocked(&self.files) {
            unwatch(&self.wiring.epoll, stream);
        }
    }

    /// Takes in what a run has left, and reports its end. Who still holds its pipes is served on.
    fn finish(&mut self, run: RunId, now_ms: u64) {
        let err = self.finish_stream(StreamId::new(run, Side::Err), now_ms);
        let out = self.finish_stream(StreamId::new(run, Side::Out), now_ms);
        let last = if err.is_empty() { out } else { err };
        self.wiring.inbox.send(Event::LogEnded { run, last });
    }

    /// The last lines of a stream that is drained with this; none where it was never attached.
    fn finish_stream(&mut self, id: StreamId, now_ms: u64) -> Vec<String> {
        let Some(stream) = self.streams.get_mut(&id) else {
            return Vec::new();
        };
        let found = self.pump.drain(stream, &mut self.files, now_ms);
        let last = std::mem::take(&mut stream.outlet.tail).lines();
        stream.is_reported = true;
        if found == Took::End {
            self.ended(id);
        }
        last
    }

    /// A pipe has no writer any more. Its stream is kept for its last lines, until they were told.
    fn ended(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        unwatch(&self.wiring.epoll, stream);
        stream.pipe = None;
        if stream.is_reported
            && let Some(stream) = self.streams.remove(&id)
        {
            for file in stream.outlet.targets() {
                self.files.release(file);
            }
        }
    }

    fn flush(&mut self, ticket: Ticket, logs: &[LogPaths], now_ms: u64) {
        let reply = self.files.flush(logs, now_ms);
        self.watch_again();
        self.wiring.inbox.send(Event::Flushed { ticket, reply });
    }

    /// Has epoll watch the pipes of all streams whose files can be written.
    fn watch_again(&mut self) {
        for (id, stream) in &mut self.streams {
            if stream.polled == Polled::Held
                && !stream.outlet.is_blocked(&self.files)
                && let Some(pipe) = &stream.pipe
            {
                let event = EpollEvent::new(EpollFlags::EPOLLIN, id.to_data());
                if self.wiring.epoll.add(pipe.as_fd(), event).is_ok() {
                    stream.polled = Polled::Watched;
                }
            }
        }
    }

    fn stop(&mut self, now_ms: u64) {
        for stream in self.streams.values_mut() {
            self.pump.drain(stream, &mut self.files, now_ms);
        }
        self.files.retry_now(now_ms);
    }
}

/// Whether the thread goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    GoOn,
    End,
}

/// Has epoll forget the pipe: it would report a hang-up again and again.
fn unwatch(epoll: &Epoll, stream: &mut Stream) {
    if stream.polled == Polled::Watched
        && let Some(pipe) = &stream.pipe
    {
        epoll.delete(pipe.as_fd()).ok();
        stream.polled = Polled::Held;
    }
}
