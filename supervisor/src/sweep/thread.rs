//! The thread that sweeps: sleeps, looks, signals, tells.

use std::collections::BTreeSet;
use std::io;
use std::iter;
use std::os::fd::{AsFd as _, OwnedFd};
#[cfg(test)]
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;

use config::Signal;
use nix::libc;
use nix::unistd::Pid;
use protocol::RunId;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::processes::Look;
use super::watched::Watched;
use super::{Grip, Mark, Mercy, Processes, Request, Sighting, Stray, Tree};
use crate::sys;

/// Plenty for a thread that does not recurse.
const STACK_BYTES: usize = 256 * 1024;

/// How many runs that are over are remembered. A signal for one of them was asked for before that
/// was heard of, so that it is among the latest.
const OVER_MAX: usize = 4096;

/// The thread's own.
#[derive(Debug)]
pub(super) struct Sweep {
    /// What it is asked.
    pub(super) asked: Receiver<Request>,
    /// The bell that rings for each request; closed when nobody can ask any more.
    pub(super) heard: OwnedFd,
    /// What it knows of the machine.
    pub(super) processes: Processes,
    /// The mark of our runs.
    pub(super) mark: Mark,
    /// The trees whose end is awaited.
    pub(super) watched: Vec<Watched>,
    /// The latest runs that were told to be gone: their leaders may be reaped, and the numbers of
    /// their groups be another's.
    pub(super) over: BTreeSet<RunId>,
    #[cfg(test)]
    pub(super) looks: Arc<std::sync::atomic::AtomicUsize>,
}

impl Sweep {
    /// Starts the thread.
    ///
    /// Errors: the kernel's.
    pub(super) fn start(self) -> io::Result<()> {
        thread::Builder::new()
            .name("sweep".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(|| self.run())?;
        Ok(())
    }

    fn run(mut self) {
        self.look();
        while self.wait() {
            let signals = self.take_requests();
            if !signals.is_empty() || self.watched.iter().any(Watched::is_due) {
                let mut look = self.look();
                let trees: Vec<Tree> = signals.iter().map(|(tree, _)| *tree).collect();
                self.processes.adopt(&trees, &mut look);
                self.deliver(&signals, &look.seen);
                self.follow(&look);
            }
        }
    }

    fn look(&mut self) -> Look {
        #[cfg(test)]
        self.looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let ended: Vec<Pid> = self.watched.iter().map(|it| it.tree.leader).collect();
        self.processes.look(&ended)
    }

    /// Sleeps until somebody asks, something dies or a look is due; false when nobody can ask.
    fn wait(&mut self) -> bool {
        let strays = self.watched.iter().flat_map(|it| &it.strays);
        let mut awaited: Vec<PollFd<'_>> = iter::once(self.heard.as_fd())
            .chain(strays.map(Stray::process))
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
            .collect();
        let pause = self.watched.iter().filter_map(Watched::pause).min();
        match poll(&mut awaited, pause.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => {
                tracing::error!(%errno, "the sweeping thread cannot wait");
                return false;
            }
        }
        let mut ready = awaited.iter().map(PollFd::revents);
        let bell = ready.next().unwrap_or_else(PollFlags::empty);
        let dead: Vec<bool> = ready.map(|flags| !flags.is_empty()).collect();
        let mut dead = dead.into_iter();
        for watched in &mut self.watched {
            watched.strays.retain(|_| !dead.next().unwrap_or(false));
        }
        !bell.contains(PollFlags::HUP) || bell.contains(PollFlags::IN)
    }

    /// Takes in everything that was asked; returns the signals to be sent.
    fn take_requests(&mut self) -> Vec<(Tree, Signal)> {
        // The bell first: a request that comes after this rings it again.
        while rustix::io::read(&self.heard, &mut [0; 64]).is_ok_and(|taken| taken == 64) {}
        let mut signals = Vec::new();
        while let Ok(request) = self.asked.try_recv() {
            match request {
                Request::Signal { tree, signal } => signals.push((tree, signal)),
                Request::Watch { tree, mercy, tell } => {
                    self.watched.push(Watched::new(tree, mercy, tell));
                }
            }
        }
        signals
    }

    /// Sends the signals to the groups, and to what was seen outside them.
    fn deliver(&mut self, signals: &[(Tree, Signal)], seen: &[Sighting]) {
        for (tree, signal) in signals {
            if self.over.contains(&tree.run) {
                continue;
            }
            let outside = seen
                .iter()
                .filter(|it| tree.has(it) && !tree.has_in_group(it));
            // Who is outside was found before its parents hear of the end, which they may not survive.
            let held: Vec<Stray> = outside.filter_map(|it| self.hold(it)).collect();
            tell_group(tree, *signal);
            held.iter().for_each(|stray| stray.signal(*signal));
            if *signal == Signal::KILL {
                let killed = self.watched.iter_mut().filter(|it| it.tree == *tree);
                killed.for_each(|it| it.mercy = Mercy::Kill);
            }
        }
    }

    fn hold(&self, seen: &Sighting) -> Option<Stray> {
        match Stray::hold(seen, &self.mark) {
            Grip::Held(stray) => Some(stray),
            Grip::Gone | Grip::Beyond => None,
        }
    }

    /// Tells what has become of the watched trees for which a look is due.
    fn follow(&mut self, look: &Look) {
        let Self {
            watched,
            processes,
            mark,
            over,
            ..
        } = self;
        watched.retain_mut(|it| {
            let goes_on = !it.is_due() || it.follow(look, processes, mark);
            if !goes_on {
                over.insert(it.tree.run);
                it.tell_gone();
            }
            goes_on
        });
        while over.len() > OVER_MAX {
            over.pop_first();
        }
    }
}

/// Signals the leader's group. Its number is its own: nobody was told yet that the tree is gone.
fn tell_group(tree: &Tree, signal: Signal) {
    match sys::signal_group(tree.leader, signal) {
        Ok(()) => {}
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
        Err(error) => tracing::warn!(run = %tree.run, %signal, %error, "a run was not signalled"),
    }
}
