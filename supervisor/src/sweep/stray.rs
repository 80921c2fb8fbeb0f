//! A process that is held by its descriptor, so that its number may pass to another.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use config::Signal;
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, pidfd_open};

use super::{Mark, Sighting};
use crate::sys;

/// A process that was alive, was the one that had been seen, and could be signalled, when this was
/// made.
#[derive(Debug)]
pub(crate) struct Stray {
    pid: Pid,
    process: OwnedFd,
}

/// What came of taking hold of a process.
#[derive(Debug)]
pub(crate) enum Grip {
    /// It is held.
    Held(Stray),
    /// It has ended.
    Gone,
    /// It has become another user's, and is none of our business any more.
    Beyond,
}

impl Stray {
    /// Takes hold of a process that was seen.
    pub(crate) fn hold(seen: &Sighting, mark: &Mark) -> Grip {
        let Some(number) = rustix::process::Pid::from_raw(seen.pid.as_raw()) else {
            return Grip::Gone;
        };
        let process = match pidfd_open(number, PidfdFlags::empty()) {
            Ok(process) => process,
            Err(Errno::SRCH) => return Grip::Gone,
            Err(errno) => {
                tracing::error!(pid = %seen.pid, %errno, "cannot take hold of a process");
                return Grip::Beyond;
            }
        };
        let stray = Self {
            pid: seen.pid,
            process,
        };
        // In this order: what is alive at the end had the number when its folder was looked at.
        if !seen.is_still_there(mark) || stray.is_gone() {
            return Grip::Gone;
        }
        if sys::may_signal(stray.process()) {
            Grip::Held(stray)
        } else {
            Grip::Beyond
        }
    }

    /// Its number, to be shown.
    pub(crate) const fn pid(&self) -> Pid {
        self.pid
    }

    /// Its descriptor, readable when it has ended.
    pub(crate) fn process(&self) -> BorrowedFd<'_> {
        self.process.as_fd()
    }

    /// Sends it a signal. One that is gone needs none.
    pub(crate) fn signal(&self, signal: Signal) {
        sys::signal_process(self.process(), signal).ok();
    }

    /// Whether it has ended; a zombie has.
    fn is_gone(&self) -> bool {
        let mut awaited = [PollFd::new(&self.process, PollFlags::IN)];
        let at_once = Timespec::default();
        poll(&mut awaited, Some(&at_once)).is_ok_and(|ready| ready > 0)
    }
}
