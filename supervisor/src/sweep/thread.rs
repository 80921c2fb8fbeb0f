//! The thread that sweeps: sleeps, looks, signals, tells.

use std::io;
use std::iter;
use std::os::fd::{AsFd as _, OwnedFd};
#[cfg(test)]
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;

use config::Signal;
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::processes::Look;
use super::watched::Watched;
use super::{Grip, Mark, Mercy, Processes, Request, Sighting, Stray, Tree};

/// Plenty for a thread that does not recurse.
const STACK_BYTES: usize = 256 * 1024;

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
                let look = self.look();
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

    /// Sends the signals to what was seen outside the groups.
    fn deliver(&mut self, signals: &[(Tree, Signal)], seen: &[Sighting]) {
        for (tree, signal) in signals {
            let outside = seen
                .iter()
                .filter(|it| tree.has(it) && !tree.has_in_group(it));
            for sighting in outside {
                if let Grip::Held(stray) = Stray::hold(sighting, &self.mark) {
                    stray.signal(*signal);
                }
            }
            if *signal == Signal::KILL {
                let killed = self.watched.iter_mut().filter(|it| it.tree == *tree);
                killed.for_each(|it| it.mercy = Mercy::Kill);
            }
        }
    }

    /// Tells what has become of the watched trees for which a look is due.
    fn follow(&mut self, look: &Look) {
        let Self {
            watched,
            processes,
            mark,
            ..
        } = self;
        watched.retain_mut(|it| !it.is_due() || it.follow(look, processes, mark));
    }
}
