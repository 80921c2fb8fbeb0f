//! A strict load on a server: what a client sees, and nothing is forgiven.
//!
//! One thread with tokio's current-thread runtime keeps from a handful to a thousand connections busy,
//! because the server and the daemon need the machine. HTTP/1.1 is written by hand: a library would
//! repeat a request, and that is what must not be needed.
//!
//! *Nothing is repeated.* A request has a complete and right answer, every byte of it verified, or it
//! has failed: refused, reset, ended before or within the answer, another status, another length, other
//! bytes, later than ten seconds. What a client of the real world takes in its stride is no failure:
//! a connection whose answer says `Connection: close` is closed after that answer, and one that the
//! server closes while nothing was asked is counted (`closed idle`) when that is seen before the next
//! request is written. Where the request was already under way it is a failure.
//!
//! Each answer names its release and its process (`X-Run`, see `tests/servers`), so that a report knows
//! who answered, and whether an old run was still given new connections after it should not have been.

mod answer;
mod board;
mod body;
mod client;
mod connection;
mod counter;
mod failure;
mod incoming;
mod latency;
mod plan;
mod random;
mod report;
mod streams;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use tokio::runtime::Builder;
use tokio::task::{JoinHandle, LocalSet};

use crate::Deadline;

use board::Board;
use client::Shared;

pub use board::Phase;
pub use failure::{Failure, How, Place};
pub use latency::Latency;
pub use plan::{Plan, Request, Streaming};
pub use report::{Report, StreamTally, Tally};

/// A load under way.
#[derive(Debug)]
pub struct Load {
    board: Arc<Board>,
    thread: Option<thread::JoinHandle<Report>>,
}

impl Load {
    /// Begins to ask the server at this address.
    ///
    /// # Panics
    /// Where the machine has no thread for it.
    #[must_use]
    pub fn on(server: SocketAddr, plan: Plan) -> Self {
        let board = Arc::new(Board::new());
        let shared = Arc::clone(&board);
        let thread = thread::Builder::new().name("load".to_owned());
        let thread = thread.spawn(move || run(server, plan, &shared));
        Self {
            board,
            thread: Some(thread.expect("the machine has one more thread")),
        }
    }

    /// Says what happens to the server from here on; what ends from here on is counted there.
    pub fn enter(&self, phase: Phase) {
        self.board.enter(phase);
    }

    /// Says that connections made from here on are to be answered by this release or a later one.
    pub fn flipped(&self, release: u64) {
        self.board.flipped(release);
    }

    /// Waits until so many more answers have come, or streams were opened; whether they have in time.
    #[must_use = "they may not have come"]
    pub fn await_answers(&self, more: u64, deadline: Deadline) -> bool {
        self.board.answers.await_more(more, deadline)
    }

    /// Waits until so many answers have come, or streams were opened, since the load began; whether they
    /// have in time.
    #[must_use = "they may not have come"]
    pub fn await_all_answers(&self, count: u64, deadline: Deadline) -> bool {
        self.board.answers.await_count(count, deadline)
    }

    /// Waits until so many more requests have failed; whether they have in time.
    #[must_use = "they may not have failed"]
    pub fn await_failures(&self, more: u64, deadline: Deadline) -> bool {
        self.board.failures.await_more(more, deadline)
    }

    /// Ends it: what is under way is waited for, and counts.
    ///
    /// # Panics
    /// Where the load itself has.
    #[must_use]
    pub fn finish(mut self) -> Report {
        self.board.stop();
        let thread = self.thread.take().expect("only this takes it");
        thread.join().expect("the load does not panic")
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.board.stop();
    }
}

fn run(server: SocketAddr, plan: Plan, board: &Arc<Board>) -> Report {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("the machine has descriptors for one more runtime");
    let report = Rc::new(RefCell::new(Report::new(&plan)));
    let tasks = LocalSet::new();
    let clients: Vec<JoinHandle<()>> = (0..plan.connections)
        .map(|number| {
            let shared = Shared {
                server,
                board: Arc::clone(board),
                report: Rc::clone(&report),
            };
            match plan.streaming {
                Some(kind) => tasks.spawn_local(streams::keep(shared, kind)),
                None => tasks.spawn_local(client::ask_on(shared, plan, number)),
            }
        })
        .collect();
    tasks.block_on(&runtime, async {
        for client in clients {
            client.await.expect("a client does not panic");
        }
    });
    let report = Rc::into_inner(report).expect("all clients have ended");
    let mut report = report.into_inner();
    report.took = board.since_start();
    report
}
