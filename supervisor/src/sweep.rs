//! Finding and ending what a run leaves behind.
//!
//! A run is a tree of processes, and only the leader is our child. The rest is known by its session,
//! which is the leader's number for as long as the leader is not reaped, or by the mark in its
//! environment (`mark.rs`). Both are looked up by one look at `/proc` (`processes.rs`), which one
//! thread takes for all runs that ask at the same time: two hundred apps that end together cost a
//! few looks, not two hundred.
//!
//! The thread sleeps until somebody asks or a process dies that it waits for. It signals through
//! pidfds only, and it knows that everything is gone when those are readable and one more look finds
//! nothing and is sure of it. What this sweep cannot end, because it has become another user's, it leaves
//! alone and does not wait for.
//!
//! ```text
//! signal ──▶ look, signal each of the tree that has left the leader's group
//! watch  ──▶ look ──nothing──▶ Gone
//!              └───something─▶ Left, wait until these are gone, look again
//! ```

mod mark;
mod processes;
mod stray;

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use config::Signal;
use nix::unistd::Pid;
use protocol::RunId;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::sync::mpsc::UnboundedSender;

pub(crate) use mark::{Mark, NAME};
pub(crate) use processes::{Look, Processes, Sighting, run_of, session_of};
pub(crate) use stray::{Grip, Stray};

/// How long to wait before each further look when a look was not sure that nothing is left, in
/// milliseconds. What makes it unsure is over in an instant, unless the machine is very busy; after
/// the last of these it is believed.
const PAUSES_MS: [i64; 8] = [0, 1, 1, 2, 4, 8, 16, 32];

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
    /// Signal each process of the tree that is outside the leader's group.
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
            #[cfg(test)]
            looks: Arc::clone(&sweeper.looks),
        };
        thread::Builder::new()
            .name("sweep".to_owned())
            .stack_size(256 * 1024)
            .spawn(|| sweep.run())?;
        Ok(sweeper)
    }

    /// Signals what has left the leader's group, each process once. The group itself is the
    /// caller's.
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

/// The thread's own.
#[derive(Debug)]
struct Sweep {
    asked: Receiver<Request>,
    heard: OwnedFd,
    processes: Processes,
    mark: Mark,
    watched: Vec<Watched>,
    #[cfg(test)]
    looks: Arc<std::sync::atomic::AtomicUsize>,
}

/// A tree whose end is awaited.
#[derive(Debug)]
struct Watched {
    tree: Tree,
    mercy: Mercy,
    tell: UnboundedSender<Sight>,
    /// Whether `Left` has been told.
    told: bool,
    /// Alive when last looked at. Empty: a look is due.
    strays: Vec<Stray>,
    /// How many looks in a row found nothing without being sure of it.
    doubts: usize,
}

impl Sweep {
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

    /// Sleeps until somebody asks, something dies or a look is due; false when nobody can ask any more.
    fn wait(&mut self) -> bool {
        let strays = self.watched.iter().flat_map(|it| &it.strays);
        let mut awaited: Vec<PollFd<'_>> = std::iter::once(self.heard.as_fd())
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
                Request::Watch { tree, mercy, tell } => self.watched.push(Watched {
                    tree,
                    mercy,
                    tell,
                    told: false,
                    strays: Vec::new(),
                    doubts: 0,
                }),
            }
        }
        signals
    }

    /// Sends the signals to what was seen outside the groups.
    fn deliver(&mut self, signals: &[(Tree, Signal)], seen: &[Sighting]) {
        for (tree, signal) in signals {
            for sighting in seen
                .iter()
                .filter(|it| tree.has(it) && !tree.has_in_group(it))
            {
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

impl Watched {
    /// Whether everything that was known of the tree has gone.
    const fn is_due(&self) -> bool {
        self.strays.is_empty()
    }

    /// How long to wait for the look that is due; none where none is.
    fn pause(&self) -> Option<Timespec> {
        let milliseconds = PAUSES_MS.get(self.doubts.saturating_sub(1))?;
        self.is_due().then_some(Timespec {
            tv_sec: 0,
            tv_nsec: milliseconds * 1_000_000,
        })
    }

    /// Takes hold of what is left; false when that is nothing, and has been told.
    fn follow(&mut self, look: &Look, processes: &mut Processes, mark: &Mark) -> bool {
        let mut is_sure = look.is_sure;
        for seen in look.seen.iter().filter(|it| self.tree.has(it)) {
            match Stray::hold(seen, mark) {
                Grip::Held(stray) => self.strays.push(stray),
                Grip::Gone => {
                    // It may have left a child that was not listed.
                    processes.bury(seen);
                    is_sure = false;
                }
                Grip::Beyond => {}
            }
        }
        if self.strays.is_empty() {
            return self.doubt(is_sure);
        }
        self.doubts = 0;
        if self.mercy == Mercy::Kill {
            self.strays.iter().for_each(|it| it.signal(Signal::KILL));
        }
        if !self.told {
            self.told = true;
            self.tell.send(Sight::Left).ok();
        }
        true
    }

    /// Nothing was found: looks again, or tells so and returns false.
    fn doubt(&mut self, is_sure: bool) -> bool {
        self.doubts += 1;
        let looks_again = !is_sure && self.doubts <= PAUSES_MS.len();
        if !looks_again {
            self.tell.send(Sight::Gone).ok();
        }
        looks_again
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
