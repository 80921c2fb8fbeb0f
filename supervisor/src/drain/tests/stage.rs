//! What the tests stand on: a drain of a home of its own, and what it reports.

use std::fs;
use std::io;
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use config::Signal;
use config::Span;
use config::handover::KeepAlive;
use config::spec::Scope;
use fleet::Event;
use protocol::{LackOf, RunId, Tally};
use tempfile::TempDir;

use super::servers::Server;
use crate::clock;
use crate::drain::{Drain, Drains, Order, Retire, Stop, hold_child_signals};
use crate::inbox::{Inbox, inbox};
use crate::relay::{Limits, Relay};
use crate::sweep::Mark;

/// Long enough for every test, so that nothing is silent by having waited.
pub(super) const NEVER: Span = Span::secs(1000);

/// A process has one thread that drains, which reads SIGCHLD; so one test at a time has it.
static THREAD: Mutex<()> = Mutex::new(());

/// A drain, and what it reports.
pub(super) struct Stage {
    drains: Option<Drains>,
    pub(super) relay: Relay,
    pub(super) inbox: Inbox,
    home: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Stage {
    pub(super) fn new() -> Self {
        let turn = THREAD.lock().unwrap_or_else(PoisonError::into_inner);
        hold_child_signals().unwrap();
        let home = TempDir::new().unwrap();
        let (sender, inbox) = inbox();
        let relay = Relay::new(Limits::default());
        let drains = Drains::new(Mark::new(home.path()), sender, relay.clone());
        Self {
            drains: Some(drains),
            relay,
            inbox,
            home,
            _turn: turn,
        }
    }

    pub(super) fn drains(&mut self) -> &mut Drains {
        self.drains.as_mut().unwrap()
    }

    /// The value of the mark of a run.
    pub(super) fn mark(&self, run: RunId) -> String {
        Mark::new(self.home.path()).value(run)
    }

    /// Begins to watch a server.
    pub(super) fn watch(&mut self, server: &Server, idle: Span) {
        self.drains().watch(drain(server, idle));
    }

    /// Begins to drain a server.
    pub(super) fn begin(&mut self, server: &Server, idle: Span) {
        self.drains().begin(drain(server, idle));
    }

    /// Ends a server by SIGTERM.
    pub(super) fn retire(&mut self, server: &Server, keepalive: KeepAlive) {
        let unseen = drain(server, Span::ZERO);
        self.drains()
            .retire(retire(server, keepalive), Some(unseen));
    }

    /// The same where there is no thread to be had.
    pub(super) fn retire_without_thread(&mut self, server: &Server) {
        let unseen = drain(server, Span::ZERO);
        let order = Order::Retire(retire(server, KeepAlive::Adopt), Some(unseen));
        let error = io::Error::from_raw_os_error(nix::libc::EAGAIN);
        self.drains().refuse(order, &error);
    }

    pub(super) async fn next(&mut self) -> Event {
        tokio::time::timeout(Duration::from_secs(20), self.inbox.next())
            .await
            .expect("an event within twenty seconds")
            .unwrap()
    }

    /// Whether nothing is told for so long.
    pub(super) async fn is_quiet(&mut self, long: Span) -> bool {
        let long = Duration::from_millis(long.as_millis());
        tokio::time::timeout(long, self.inbox.next()).await.is_err()
    }

    /// The next event must be that all of this run is known.
    pub(super) async fn watched(&mut self, expected: RunId) {
        let event = self.next().await;
        let Event::Watched { run } = event else {
            panic!("not watched but {event:?}");
        };
        assert_eq!(run, expected);
    }

    /// The next event must be that this run has drained.
    pub(super) async fn drained(&mut self, expected: RunId) {
        let event = self.next().await;
        let Event::Drained { run } = event else {
            panic!("not drained but {event:?}");
        };
        assert_eq!(run, expected);
    }

    /// The next event must be that this is missing for this run.
    pub(super) async fn hindered(&mut self, expected: RunId, of: LackOf) {
        let event = self.next().await;
        let Event::Hindered { run, lack } = event else {
            panic!("not hindered but {event:?}");
        };
        assert_eq!((run, lack.of), (expected, of));
    }

    /// The next event must be that this run was retired.
    pub(super) async fn retired(&mut self, expected: RunId) -> Tally {
        let event = self.next().await;
        let Event::Retired { run, tally } = event else {
            panic!("not retired but {event:?}");
        };
        assert_eq!(run, expected);
        tally
    }
}

fn drain(server: &Server, idle: Span) -> Drain {
    Drain {
        run: server.run,
        leader: server.leader(),
        sockets: server.listeners(),
        settle: Span::millis(100),
        idle,
    }
}

fn retire(server: &Server, keepalive: KeepAlive) -> Retire {
    let leader = server.handle();
    let stop = move || drop(crate::sys::signal_process(leader.as_fd(), Signal::TERM));
    Retire {
        run: server.run,
        signal: Signal::TERM,
        to: Scope::Tree,
        keepalive,
        stop: Stop::new(stop),
    }
}

impl Drop for Stage {
    /// Waits until the thread has ended.
    fn drop(&mut self) {
        self.drains = None;
        while thread().is_some() {
            std::thread::yield_now();
        }
    }
}

/// Waits until something is so, for as long as a test may wait.
pub(super) fn wait_until(mut is_so: impl FnMut() -> bool) {
    let limit = clock::boot() + Span::secs(20);
    while !is_so() {
        assert!(clock::boot() < limit, "not within twenty seconds");
        std::thread::yield_now();
    }
}

/// The folder of the thread that drains.
fn thread() -> Option<PathBuf> {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let mut folders = threads.map(|entry| entry.unwrap().path());
    let is_drain = |folder: &PathBuf| {
        let name = fs::read_to_string(folder.join("comm"));
        name.is_ok_and(|name| name == "drain\n")
    };
    folders.find(is_drain)
}

/// How long the thread that drains has run so far.
pub(super) fn spent() -> Duration {
    let spent = fs::read_to_string(thread().unwrap().join("schedstat")).unwrap();
    let nanoseconds = spent.split(' ').next().unwrap();
    Duration::from_nanos(nanoseconds.parse().unwrap())
}
