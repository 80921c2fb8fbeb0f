//! Ending what an earlier daemon of this home left running.
//!
//! A daemon that is killed leaves its apps behind, with nobody to watch them. The next one starts
//! them from its goals, and two of one app must not run at once: so before that, whatever bears a
//! mark of this home is asked to end, and killed where it does not.
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
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

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

/// How often to look for what may have slipped through.
const LOOKS_MAX: usize = 4;

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
            let pid = protocol::Pid(stray.pid().as_raw().unsigned_abs());
            if !ended.contains(&pid) {
                ended.push(pid);
            }
        }
        wait_for(strays, patience)?;
    }
    Ok(ended)
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

/// Source: proc(5), the fourth field of `stat`. The second is the name, in parentheses, and may
/// hold anything.
fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let parent = after_name.split_ascii_whitespace().nth(1)?.parse().ok()?;
    (parent > 0).then(|| Pid::from_raw(parent))
}
