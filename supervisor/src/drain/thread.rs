//! The thread that drains: it alone traces, so it alone is told what the traced do.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;
use protocol::{RunId, Time};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::draining::Draining;
use super::{Drain, Order, Outlets, Retire};
use crate::clock;
use crate::connections::Connections;
use crate::sweep::{Mark, Processes};
use crate::sys::trace;

/// Plenty for a thread that does not recurse and keeps large things on the heap.
const STACK_BYTES: usize = 256 * 1024;

/// How many stops are taken in before it is looked whether something else is due.
const STOPS_MAX: usize = 64;

/// The thread's own.
#[derive(Debug)]
pub(super) struct Thread {
    orders: Receiver<Order>,
    /// Rings for each order; closed when nobody can order any more.
    heard: OwnedFd,
    /// Readable when something that is traced has stopped or ended; see [`super::hold_child_signals`].
    children: SignalFd,
    kernel: Connections,
    processes: Processes,
    runs: BTreeMap<RunId, Draining>,
    outlets: Outlets,
    /// Whether more may have stopped than was taken in; no signal tells of it again.
    is_behind: bool,
    #[cfg(test)]
    stops: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

impl Thread {
    /// Makes ready.
    ///
    /// Errors: no descriptor to be had, or no way to ask the kernel for connections.
    pub(super) fn new(
        orders: Receiver<Order>,
        heard: OwnedFd,
        (mark, outlets): (Mark, Outlets),
    ) -> io::Result<Self> {
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGCHLD);
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        Ok(Self {
            orders,
            heard,
            children: SignalFd::with_flags(&mask, flags)?,
            kernel: Connections::open()?,
            processes: Processes::new(mark),
            runs: BTreeMap::new(),
            outlets,
            is_behind: false,
            #[cfg(test)]
            stops: std::sync::Arc::default(),
        })
    }

    /// Counts its stops there.
    #[cfg(test)]
    pub(super) fn counting(
        mut self,
        stops: std::sync::Arc<std::sync::atomic::AtomicUsize>,
    ) -> Self {
        self.stops = stops;
        self
    }

    /// Starts it.
    ///
    /// Errors: the kernel's.
    pub(super) fn start(self) -> io::Result<()> {
        thread::Builder::new()
            .name("drain".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(|| self.run())?;
        Ok(())
    }

    fn run(mut self) {
        loop {
            match self.wait() {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::error!(%error, "the draining thread cannot wait");
                    return;
                }
            }
            while let Ok(order) = self.orders.try_recv() {
                self.obey(order);
            }
            self.is_behind = self.take_stops();
            let now = clock::boot();
            for run in self.runs.values_mut() {
                run.push(now);
                run.advance(now, &mut self.kernel);
            }
            self.runs.retain(|_, run| !run.is_over());
        }
    }

    /// Sleeps until something is to be done; false when nobody can order any more.
    fn wait(&mut self) -> io::Result<bool> {
        let mut awaited = vec![
            PollFd::new(&self.heard, PollFlags::IN),
            PollFd::new(&self.children, PollFlags::IN),
        ];
        let handles = self.runs.values().flat_map(Draining::handles);
        let ends: Vec<(RunId, Pid)> = handles
            .map(|(run, pid, handle)| {
                awaited.push(PollFd::from_borrowed_fd(handle, PollFlags::IN));
                (run, pid)
            })
            .collect();
        let sockets = self.runs.values().flat_map(Draining::full);
        awaited.extend(sockets.map(|it| PollFd::from_borrowed_fd(it, PollFlags::OUT)));
        match poll(&mut awaited, self.pause().as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let mut flags = awaited.iter().map(PollFd::revents);
        let bell = flags.next().unwrap_or_else(PollFlags::empty);
        let children = flags.next().unwrap_or_else(PollFlags::empty);
        let ended: Vec<(RunId, Pid)> = ends
            .into_iter()
            .zip(flags)
            .filter_map(|(end, flags)| (!flags.is_empty()).then_some(end))
            .collect();
        drop(awaited);
        if bell.contains(PollFlags::IN) {
            while rustix::io::read(&self.heard, &mut [0; 64]).is_ok_and(|taken| taken == 64) {}
        }
        if !children.is_empty() {
            // A signal that is not told again until it was read: one is all there is.
            self.children.read_signal().ok();
        }
        for (run, pid) in ended {
            if let Some(run) = self.runs.get_mut(&run) {
                run.tracees.ended(pid);
            }
        }
        Ok(!bell.contains(PollFlags::HUP) || bell.contains(PollFlags::IN))
    }

    /// How long nothing is due; none where nothing ever is.
    fn pause(&self) -> Option<Timespec> {
        if self.is_behind {
            return Some(Timespec::default());
        }
        let due = self.runs.values().filter_map(Draining::due).min()?;
        let left = Duration::from_millis(due.since(clock::boot()).as_millis());
        Timespec::try_from(left).ok()
    }

    fn obey(&mut self, order: Order) {
        let now = clock::boot();
        match order {
            Order::Watch(order) => self.watch(order, now),
            Order::Begin(order) => self.begin(order, now),
            Order::Serve(run) => self.with(run, |it| it.serve(now)),
            Order::Retire(order, unseen) => self.retire(order, unseen, now),
            Order::Ended(run) => self.with(run, Draining::ended),
        }
    }

    fn watch(&mut self, order: Drain, now: Time) {
        let run = order.run;
        // What it still traces is taken up again.
        self.with(run, Draining::abandon);
        let world = (&mut self.processes, &mut self.kernel);
        let draining = Draining::watch(order, now, world, self.outlets.clone());
        self.runs.insert(run, draining);
    }

    fn begin(&mut self, order: Drain, now: Time) {
        let (run, settle, idle) = (order.run, order.settle, order.idle);
        if !self.runs.get(&run).is_some_and(Draining::is_watched) {
            self.watch(order, now);
        }
        if let Some(draining) = self.runs.get_mut(&run) {
            draining.drain((settle, idle), now, &mut self.kernel);
        }
    }

    fn retire(&mut self, order: Retire, unseen: Option<Drain>, now: Time) {
        let run = order.run;
        let drains = self.runs.get(&run).is_some_and(|it| !it.is_releasing());
        if let Some(unseen) = unseen.filter(|_| !drains) {
            self.watch(unseen, now);
        }
        match self.runs.get_mut(&run) {
            Some(draining) => draining.retire(order, now),
            None => self.outlets.retire_unseen(order, 0),
        }
    }

    fn with(&mut self, run: RunId, what: impl FnOnce(&mut Draining)) {
        if let Some(run) = self.runs.get_mut(&run) {
            what(run);
        }
    }

    /// Takes in what has stopped and what has ended; whether there may be more.
    fn take_stops(&mut self) -> bool {
        let mut taken = 0;
        while taken < STOPS_MAX {
            let Some((thread, stop)) = trace::next_stop() else {
                break;
            };
            taken += 1;
            #[cfg(test)]
            self.stops
                .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let now = clock::boot();
            match self.run_of(thread) {
                Some(run) => run.stopped(thread, stop, now),
                // Nobody's: its parent was let go of while it was born.
                None => drop(trace::detach(thread, 0)),
            }
        }
        if trace::has_ended() {
            self.runs.values_mut().for_each(|run| run.tracees.reap());
        }
        taken == STOPS_MAX
    }

    /// The run of a thread, which may be new.
    fn run_of(&mut self, thread: Pid) -> Option<&mut Draining> {
        let known = self.runs.iter().find(|(_, it)| it.tracees.has(thread));
        let run = match known {
            Some((run, _)) => *run,
            None => *self
                .runs
                .iter_mut()
                .find_map(|(run, it)| it.tracees.is_parent_of(thread).then_some(run))?,
        };
        self.runs.get_mut(&run)
    }
}
