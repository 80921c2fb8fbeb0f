//! The processes of one run that are traced, and each of their threads.
//!
//! A thread runs, or stands still: before a system call, or for another reason that the kernel told.
//! What stands still is let go again at once unless the run is frozen, or the call is one that is
//! answered later. Threads and processes that are born meanwhile are traced from birth.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;

use nix::unistd::Pid;
use rustix::io::Errno;
use rustix::process::{PidfdFlags, pidfd_open};

use super::call::Call;
use crate::proc::{Stat, Status};
use crate::seats::Number;
use crate::sys::trace::{self, Stop};

/// How often the threads of a process are listed at most until all are seized, where it makes new
/// ones all the time.
const LISTINGS_MAX: usize = 100;

/// All that is traced of one run.
#[derive(Debug)]
pub(super) struct Tracees {
    /// The run's leader, which is a child of ours and not ours to reap.
    leader: Pid,
    processes: BTreeMap<Pid, Process>,
    threads: BTreeMap<Pid, Thread>,
}

/// A process.
#[derive(Debug)]
pub(super) struct Process {
    /// Readable when it has ended.
    pub(super) handle: OwnedFd,
    /// What its descriptors are, as far as they were looked at; none for those that are nothing to us.
    pub(super) known: BTreeMap<Number, Option<u64>>,
}

#[derive(Debug)]
struct Thread {
    process: Pid,
    /// The call that it is in.
    call: Option<Call>,
    /// Why it stands still.
    still: Option<Still>,
}

/// Why a thread stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Still {
    /// It is about to make this call.
    Entering(Call),
    /// It goes on with this signal, or none where it is 0.
    Ready(i32),
    /// Its process was stopped.
    Stopped,
}

impl Tracees {
    /// Nothing yet.
    pub(super) const fn new(leader: Pid) -> Self {
        Self {
            leader,
            processes: BTreeMap::new(),
            threads: BTreeMap::new(),
        }
    }

    /// Seizes a process with all its threads, and has them stop once, so that each of their calls is
    /// seen from then on. One that is gone, or is seized already, is no error.
    ///
    /// Errors: `EPERM` where it may not be traced, or is already, by another.
    pub(super) fn seize(&mut self, process: Pid) -> io::Result<()> {
        if self.processes.contains_key(&process) || !self.add_process(process)? {
            return Ok(());
        }
        for _ in 0..LISTINGS_MAX {
            let threads = threads_of(process);
            let fresh: Vec<Pid> = threads
                .into_iter()
                .filter(|thread| !self.threads.contains_key(thread))
                .collect();
            if fresh.is_empty() {
                break;
            }
            for thread in fresh {
                self.seize_thread(process, thread)?;
            }
        }
        Ok(())
    }

    fn seize_thread(&mut self, process: Pid, thread: Pid) -> io::Result<()> {
        match trace::seize(thread) {
            Ok(()) => {
                self.threads.insert(thread, Thread::of(process));
                // What has ended since needs no stop.
                trace::interrupt(thread).ok();
                Ok(())
            }
            Err(error) if is_gone(&error) => Ok(()),
            Err(error) => {
                // One that was born traced, of a thread that was seized before it.
                let is_ours = tracer_of(thread) == Some(nix::unistd::gettid());
                if is_ours {
                    self.threads.insert(thread, Thread::of(process));
                    return Ok(());
                }
                self.processes.remove(&process);
                Err(error)
            }
        }
    }

    /// Takes in a process; false where it is gone.
    fn add_process(&mut self, process: Pid) -> io::Result<bool> {
        let Some(number) = rustix::process::Pid::from_raw(process.as_raw()) else {
            return Ok(false);
        };
        match pidfd_open(number, PidfdFlags::empty()) {
            Ok(handle) => {
                let known = BTreeMap::new();
                self.processes.insert(process, Process { handle, known });
                Ok(true)
            }
            Err(Errno::SRCH) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Takes in a thread that was born traced, if it is one of these processes' or of a child of one.
    pub(super) fn is_parent_of(&mut self, newborn: Pid) -> bool {
        let Some([process, parent]) = family(newborn) else {
            return false;
        };
        let is_ours = self.processes.contains_key(&process)
            || self.processes.contains_key(&parent)
                && self.add_process(process).is_ok_and(|is_there| is_there);
        if is_ours {
            self.threads.insert(newborn, Thread::of(process));
        }
        is_ours
    }

    /// Whether this thread is one of them.
    pub(super) fn has(&self, thread: Pid) -> bool {
        self.threads.contains_key(&thread)
    }

    /// The process of a thread.
    pub(super) fn process_of(&self, thread: Pid) -> Option<Pid> {
        Some(self.threads.get(&thread)?.process)
    }

    /// A process.
    pub(super) fn process(&self, process: Pid) -> Option<&Process> {
        self.processes.get(&process)
    }

    /// A process, whose descriptors become known or unknown.
    pub(super) fn process_mut(&mut self, process: Pid) -> Option<&mut Process> {
        self.processes.get_mut(&process)
    }

    /// The processes, in the order of their numbers.
    pub(super) fn processes(&self) -> impl Iterator<Item = (Pid, &Process)> {
        self.processes.iter().map(|(pid, process)| (*pid, process))
    }

    /// Whether nothing is traced.
    pub(super) fn is_empty(&self) -> bool {
        self.threads.is_empty()
    }

    /// A thread has stopped at a system call: where. The call that it was in is over behind it.
    pub(super) fn at_call(&mut self, thread: Pid) -> AtCall {
        // One that was killed does not stand there any more.
        let place = trace::place(thread).unwrap_or(trace::Place::Elsewhere);
        let Some(known) = self.threads.get_mut(&thread) else {
            return AtCall::Elsewhere;
        };
        match place {
            trace::Place::Entry { number, arguments } => {
                let call = Call::of(number, arguments);
                known.call = Some(call);
                AtCall::Entry(call)
            }
            trace::Place::Exit { value } => match known.call.take() {
                Some(call) => AtCall::Exit(call, value),
                None => AtCall::Elsewhere,
            },
            trace::Place::Elsewhere => AtCall::Elsewhere,
        }
    }

    /// Answers the call that a thread is about to make, and lets it go on behind it.
    pub(super) fn answer(&mut self, thread: Pid, value: i64) {
        // Where this fails the thread has been killed.
        trace::answer(thread, value).ok();
        if let Some(known) = self.threads.get_mut(&thread) {
            known.call = None;
        }
        self.resume(thread, 0);
    }

    /// Lets a thread go on.
    pub(super) fn resume(&mut self, thread: Pid, signal: i32) {
        if let Some(known) = self.threads.get_mut(&thread) {
            known.still = None;
        }
        trace::resume(thread, signal).ok();
    }

    /// Leaves a thread of a stopped process as it is.
    pub(super) fn leave_stopped(&mut self, thread: Pid) {
        if let Some(known) = self.threads.get_mut(&thread) {
            known.still = None;
        }
        trace::listen(thread).ok();
    }

    /// Keeps a thread where it stands.
    pub(super) fn keep(&mut self, thread: Pid, still: Still) {
        if let Some(known) = self.threads.get_mut(&thread) {
            known.still = Some(still);
        }
    }

    /// Has every thread that runs stop.
    pub(super) fn interrupt(&self) {
        let running = self.threads.iter().filter(|(_, it)| it.still.is_none());
        for (thread, _) in running {
            trace::interrupt(*thread).ok();
        }
    }

    /// Whether every thread stands still, but for those that have ended or sleep where no signal
    /// reaches them.
    pub(super) fn are_still(&self) -> bool {
        let mut running = self.threads.iter().filter(|(_, it)| it.still.is_none());
        running.all(|(thread, known)| !may_run(known.process, *thread))
    }

    /// The threads that stand still, and why.
    pub(super) fn still(&self) -> Vec<(Pid, Still)> {
        let still = self.threads.iter();
        still
            .filter_map(|(thread, known)| Some((*thread, known.still?)))
            .collect()
    }

    /// Why a thread stands still, if it does.
    pub(super) fn still_of(&self, thread: Pid) -> Option<Still> {
        self.threads.get(&thread)?.still
    }

    /// Lets go of a thread that stands still, for good.
    pub(super) fn release(&mut self, thread: Pid, signal: i32) {
        trace::detach(thread, signal).ok();
        self.threads.remove(&thread);
        self.forget_empty();
    }

    /// Reaps the threads that have ended, and the children of others.
    pub(super) fn reap(&mut self) {
        let leader = self.leader;
        self.threads
            .retain(|thread, _| *thread == leader || !trace::reap(*thread));
        self.forget_empty();
    }

    /// A process has ended, with all its threads.
    pub(super) fn ended(&mut self, process: Pid) {
        self.reap();
        self.threads.retain(|_, thread| thread.process != process);
        self.processes.remove(&process);
    }

    fn forget_empty(&mut self) {
        let Self {
            processes, threads, ..
        } = self;
        processes.retain(|process, _| threads.values().any(|it| it.process == *process));
    }
}

/// Where a thread stands that has stopped at a system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtCall {
    /// Before this one.
    Entry(Call),
    /// Behind this one, which returns a value.
    Exit(Call, i64),
    /// Nowhere that means something to us.
    Elsewhere,
}

impl Thread {
    const fn of(process: Pid) -> Self {
        Self {
            process,
            call: None,
            still: None,
        }
    }
}

/// What becomes of a thread that has stopped other than at a system call.
pub(super) const fn still_after(stop: Stop) -> Still {
    match stop {
        Stop::Signal(signal) => Still::Ready(signal),
        Stop::Group => Still::Stopped,
        Stop::AtCall | Stop::Interrupted | Stop::Parent => Still::Ready(0),
    }
}

fn is_gone(error: &io::Error) -> bool {
    error.raw_os_error() == Some(nix::libc::ESRCH)
}

fn threads_of(process: Pid) -> Vec<Pid> {
    let Ok(folder) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    let number = |entry: io::Result<fs::DirEntry>| {
        let name = entry.ok()?.file_name();
        Some(Pid::from_raw(name.to_str()?.parse().ok()?))
    };
    folder.filter_map(number).collect()
}

/// The process of a thread, and the parent of that.
fn family(thread: Pid) -> Option<[Pid; 2]> {
    let status = Status::of(thread).ok()?;
    Some([status.process("Tgid:")?, status.process("PPid:")?])
}

fn tracer_of(thread: Pid) -> Option<Pid> {
    Status::of(thread).ok()?.process("TracerPid:")
}

/// Whether a thread may be executing its program: not where it has ended, and not where it sleeps so
/// that nothing wakes it, as a parent does while its child from vfork(2) is not yet a program.
fn may_run(process: Pid, thread: Pid) -> bool {
    let stat = Stat::of(format_args!("{process}/task/{thread}"));
    let state = stat.and_then(|stat| stat.state());
    !matches!(state, None | Some('Z' | 'X' | 'D'))
}
