//! Ending what an earlier daemon of this home left running.
//!
//! A daemon that is killed leaves its apps behind, with nobody to watch them. The next one starts
//! them from its goals, and two of one app must not run at once: so before that, whatever bears a
//! mark of this home is asked to end, and killed where it does not.
//!
//! Where their daemon lives, though we have its lock, somebody has removed the files of the home under
//! it. Then nothing is ended: it would start its apps again, and they would run twice.
//!
//! We ourselves may bear such a mark, as may the shell that started us: an app may have called
//! `wsctl`. We and our ancestors are spared.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use config::{Signal, Span};
use nix::unistd::{Pid, getpid};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, pidfd_open};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use crate::proc::parent_of;
use crate::sweep::{Grip, Mark, Processes, Stray};

/// What they are sent, and how long that may take. The second round of SIGKILL is for what was
/// born during the first.
///
/// Source of the first span: PM2's `kill_timeout`.
const ROUNDS: [(Signal, Span); 3] = [
    (Signal::TERM, Span(1600)),
    (Signal::KILL, Span(1000)),
    (Signal::KILL, Span(1000)),
];

/// How long a daemon that has lost its lock may take to be gone: it loses that as it dies, an instant
/// before the kernel gives its children away.
const DYING: Span = Span(2000);

/// How often to look for what may have slipped through.
const LOOKS_MAX: usize = 4;

/// The daemon that lives and whose runs bear marks of `home`; none where they are left over.
///
/// To be called by who holds the lock of `home`. Blocks for at most [`DYING`], where there is one.
///
/// Errors: no timer to be had.
pub(crate) fn owner(home: &Path) -> io::Result<Option<protocol::Pid>> {
    let mark = Mark::new(home);
    let strays = find(&mut Processes::new(mark.clone()), &mark, &ancestors());
    let Some(owner) = strays.iter().find_map(|stray| daemon_of(stray.pid())) else {
        return Ok(None);
    };
    Ok((!ends_within(owner, DYING)?).then_some(shown(owner)))
}

/// Ends every process that bears a mark of `home`; returns which those were.
///
/// Blocks until they are gone, for at most the sum of [`ROUNDS`]. To be called while no run of ours
/// lives.
///
/// Shape: without duplicates, in the order in which they were found; empty where there were none.
/// Errors: no timer to be had.
pub(crate) fn end_leftovers(home: &Path) -> io::Result<Vec<protocol::Pid>> {
    let mark = Mark::new(home);
    let mut processes = Processes::new(mark.clone());
    let spared = ancestors();
    let mut ended = Vec::new();
    for (signal, patience) in ROUNDS {
        let strays = find(&mut processes, &mark, &spared);
        if strays.is_empty() {
            break;
        }
        for stray in &strays {
            stray.signal(signal);
            let pid = shown(stray.pid());
            if !ended.contains(&pid) {
                ended.push(pid);
            }
        }
        wait_for(strays, patience)?;
    }
    Ok(ended)
}

/// The other daemon that a run belongs to: its parent, where that runs our own program.
fn daemon_of(run: Pid) -> Option<Pid> {
    let parent = parent_of(run)?;
    let is_daemon = parent != getpid() && program(parent)? == program(getpid())?;
    is_daemon.then_some(parent)
}

/// The name of a process's program; none of another user's.
fn program(pid: Pid) -> Option<String> {
    let path = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    let name = path.file_name()?.to_str()?;
    // Source: proc(5): so is the name of a file that was replaced.
    Some(name.strip_suffix(" (deleted)").unwrap_or(name).to_owned())
}

/// Waits until a process has ended, as long as `patience` lasts; returns whether it has.
fn ends_within(pid: Pid, patience: Span) -> io::Result<bool> {
    let Some(number) = rustix::process::Pid::from_raw(pid.as_raw()) else {
        return Ok(true);
    };
    let process = match pidfd_open(number, PidfdFlags::empty()) {
        Err(Errno::SRCH) => return Ok(true),
        opened => opened?,
    };
    let timer = timer(patience)?;
    loop {
        let mut awaited = [&process, &timer].map(|fd| PollFd::new(fd, PollFlags::IN));
        match poll(&mut awaited, None) {
            Ok(_) => return Ok(!awaited[0].revents().is_empty()),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn shown(pid: Pid) -> protocol::Pid {
    protocol::Pid(pid.as_raw().unsigned_abs())
}

/// Takes hold of every process with a mark of ours but these. Looks again while it finds none and a
/// look was not sure of it.
fn find(processes: &mut Processes, mark: &Mark, spared: &[Pid]) -> Vec<Stray> {
    for _ in 0..LOOKS_MAX {
        let look = processes.look(spared);
        let marked = look.seen.iter().filter(|seen| seen.place.run.is_some());
        let strays: Vec<Stray> = marked
            .filter_map(|seen| match Stray::hold(seen, mark) {
                Grip::Held(stray) => Some(stray),
                Grip::Gone | Grip::Beyond => None,
            })
            .collect();
        if look.is_sure || !strays.is_empty() {
            return strays;
        }
    }
    Vec::new()
}

/// Waits until all have ended, or as long as `patience` lasts.
fn wait_for(mut strays: Vec<Stray>, patience: Span) -> io::Result<()> {
    let timer = timer(patience)?;
    while !strays.is_empty() {
        let mut awaited: Vec<PollFd<'_>> = strays
            .iter()
            .map(|stray| PollFd::from_borrowed_fd(stray.process(), PollFlags::IN))
            .chain([PollFd::new(&timer, PollFlags::IN)])
            .collect();
        match poll(&mut awaited, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let ready: Vec<bool> = awaited.iter().map(|it| !it.revents().is_empty()).collect();
        if ready.last() == Some(&true) {
            break;
        }
        let mut ready = ready.into_iter();
        strays.retain(|_| !ready.next().unwrap_or(false));
    }
    Ok(())
}

/// A descriptor that becomes readable after `span`.
fn timer(span: Span) -> io::Result<OwnedFd> {
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
    let seconds = i64::try_from(span.0 / 1000).unwrap_or(i64::MAX);
    let once = Itimerspec {
        it_interval: Timespec::default(),
        it_value: Timespec {
            tv_sec: seconds,
            tv_nsec: (span.0 % 1000).cast_signed() * 1_000_000,
        },
    };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once)?;
    Ok(timer)
}

/// We, our parent, its parent, and so on.
fn ancestors() -> Vec<Pid> {
    std::iter::successors(Some(getpid()), |pid| parent_of(*pid)).collect()
}
