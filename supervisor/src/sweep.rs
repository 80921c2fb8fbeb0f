//! Finding and ending what a run leaves behind.
//!
//! A run is a tree of processes, and only the leader is our child. The rest is known by its
//! session, which is the leader's number for as long as the leader is not reaped, or by the mark in
//! its environment (`mark.rs`). Both are looked up by one look at `/proc` (`processes.rs`), which
//! one thread takes for all runs that ask at the same time: two hundred apps that end together cost
//! a few looks, not two hundred.
//!
//! The thread sleeps until somebody asks or a process dies that it waits for. It signals the leader's
//! group by its number, which is the group's own until the thread itself has told that the tree is
//! gone, and all else through pidfds (`stray.rs`). It knows that everything is gone when those are readable and one
//! more look finds nothing and is sure of it. What it cannot end, because it has become another
//! user's, it leaves alone and does not wait for.
//!
//! ```text
//! signal ──▶ look, also for what only its parents know, then signal the group and what has left it
//! watch  ──▶ look ──nothing──▶ Gone
//!              └───something─▶ Left, wait until these are gone, look again
//! ```

mod mark;
mod processes;
mod stray;
mod thread;
mod watched;

use std::collections::BTreeSet;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use config::Signal;
use nix::unistd::Pid;
use protocol::RunId;
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::sync::mpsc::UnboundedSender;

pub(crate) use mark::{Mark, NAME};
pub(crate) use processes::{Processes, Sighting, run_of, session_of};
pub(crate) use stray::{Grip, Stray};
use thread::Sweep;

/// The processes of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tree {
    /// The run, whose mark they bear.
    pub(crate) run: RunId,
    /// The leader: also the number of its session and of its first process group.
    pub(crate) leader: Pid,
}

/// What is left of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Something lives. Told at most once for a watch.
    Left,
    /// Nothing. The last word.
    Gone,
}

/// How hard the end of a tree is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mercy {
    /// What is found is only watched.
    Spare,
    /// Everything was killed already: what is found has slipped through, and is killed too.
    Kill,
}

/// What the thread is asked.
#[derive(Debug)]
enum Request {
    /// Signal each process of the tree but the leader where that has ended.
    Signal { tree: Tree, signal: Signal },
    /// Tell what is left besides the leader, and when that is gone.
    Watch {
        tree: Tree,
        mercy: Mercy,
        tell: UnboundedSender<Sight>,
    },
}

/// Asks the sweeping thread. The thread ends when the last of these is gone.
#[derive(Debug, Clone)]
pub(crate) struct Sweeper {
    requests: Sender<Request>,
    bell: Arc<OwnedFd>,
    #[cfg(test)]
    looks: Arc<std::sync::atomic::AtomicUsize>,
}

impl Sweeper {
    /// Starts the thread, which at once reads what runs already, so that later looks are cheap.
    ///
    /// Errors: no descriptor or no thread to be had.
    pub(crate) fn start(mark: Mark) -> io::Result<Self> {
        let (requests, asked) = channel();
        let (heard, bell) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        let sweeper = Self {
            requests,
            bell: Arc::new(bell),
            #[cfg(test)]
            looks: Arc::default(),
        };
        let sweep = Sweep {
            asked,
            heard,
            processes: Processes::new(mark.clone()),
            mark,
            watched: Vec::new(),
            over: BTreeSet::new(),
            #[cfg(test)]
            looks: Arc::clone(&sweeper.looks),
        };
        sweep.start()?;
        Ok(sweeper)
    }

    /// Signals each process of a tree once: what is in the leader's group, what has left it, and
    /// what has left everything but descends from one of these, as far as its parents live.
    pub(crate) fn signal(&self, tree: Tree, signal: Signal) {
        self.ask(Request::Signal { tree, signal });
    }

    /// Tells what is left of a tree whose leader has ended and is not reaped yet.
    ///
    /// Shape: `Gone`, or `Left` and later `Gone`.
    pub(crate) fn watch(&self, tree: Tree, mercy: Mercy, tell: UnboundedSender<Sight>) {
        self.ask(Request::Watch { tree, mercy, tell });
    }

    fn ask(&self, request: Request) {
        // A thread that is gone drops the request, and with it the sender: the asker hears of it.
        if self.requests.send(request).is_ok() {
            // A bell that is full has been rung.
            rustix::io::write(&self.bell, &[1]).ok();
        }
    }

    /// How many looks the thread has taken.
    #[cfg(test)]
    pub(crate) fn looks(&self) -> usize {
        self.looks.load(std::sync::atomic::Ordering::SeqCst)
    }
}

impl Tree {
    /// Whether this process is one of the tree, the leader aside.
    pub(crate) fn has(&self, seen: &Sighting) -> bool {
        seen.pid != self.leader
            && (seen.place.session == self.leader || seen.place.run == Some(self.run))
    }

    /// Whether it is still in the leader's process group, where a signal to the group reaches it.
    fn has_in_group(&self, seen: &Sighting) -> bool {
        seen.place.session == self.leader
            && nix::unistd::getpgid(Some(seen.pid)).is_ok_and(|group| group == self.leader)
    }
}
