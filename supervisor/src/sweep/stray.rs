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

impl Stray {
    /// Takes hold of a process; none where it has gone, or has become another user's.
    pub(crate) fn hold(seen: &Sighting, mark: &Mark) -> Option<Self> {
        let number = rustix::process::Pid::from_raw(seen.pid.as_raw())?;
        let process = match pidfd_open(number, PidfdFlags::empty()) {
            Ok(process) => process,
            Err(Errno::SRCH) => return None,
            Err(errno) => {
                tracing::error!(pid = %seen.pid, %errno, "cannot take hold of a process");
                return None;
            }
        };
        let stray = Self {
            pid: seen.pid,
            process,
        };
        // In this order: what is alive at the end had the number when its folder was looked at.
        let is_it =
            seen.is_still_there(mark) && !stray.is_gone() && sys::may_signal(stray.process());
        is_it.then_some(stray)
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
