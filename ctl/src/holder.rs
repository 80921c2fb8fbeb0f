//! Who holds a home in which nobody listens: a daemon on its way up or down, or one whose socket
//! somebody has removed.
//!
//! The kernel's list of locks says so. Trying to take the lock would say it as well, and would be in
//! the way of a daemon that tries to take it at the same moment.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use protocol::Paths;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// The process that holds a home. Its number cannot become another's while this is there.
#[derive(Debug)]
pub(crate) struct Holder {
    /// Its number.
    pub(crate) pid: u32,
    process: OwnedFd,
}

impl Holder {
    /// Who holds this home; none where nobody does, or where it may not be known.
    pub(crate) fn of(paths: &Paths) -> Option<Self> {
        let pid = holding(paths)?;
        let number = Pid::from_raw(i32::try_from(pid).ok()?)?;
        let process = pidfd_open(number, PidfdFlags::empty()).ok()?;
        // Who still holds it is who was opened.
        (holding(paths)? == pid).then_some(Self { pid, process })
    }

    /// Asks it to end in order. One that has ended needs not be asked.
    ///
    /// Errors: it is another user's.
    pub(crate) fn ask_to_end(&self) -> Result<(), Errno> {
        match pidfd_send_signal(&self.process, Signal::TERM) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(errno) => Err(Errno::from_raw(errno.raw_os_error())),
        }
    }

    /// Waits until it has ended, at most this long, or without a limit; returns whether it has.
    pub(crate) fn ends_within(&self, limit: Option<Duration>) -> bool {
        let limit = limit.map_or(PollTimeout::NONE, |limit| {
            PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX)
        });
        let mut watched = [PollFd::new(self.process.as_fd(), PollFlags::POLLIN)];
        loop {
            match poll(&mut watched, limit) {
                Err(Errno::EINTR) => {}
                answer => return answer.is_ok_and(|ready| ready > 0),
            }
        }
    }
}

/// The process that has written its number into the lock file and is known to the kernel to hold it.
fn holding(paths: &Paths) -> Option<u32> {
    let pid = fs::read_to_string(paths.lock()).ok()?.trim().parse().ok()?;
    let inode = fs::metadata(paths.lock()).ok()?.ino();
    let locks = fs::read_to_string("/proc/locks").ok()?;
    locks
        .lines()
        .any(|line| is_held(line, pid, inode))
        .then_some(pid)
}

/// Source: proc(5), `/proc/locks`: `1: FLOCK ADVISORY WRITE 1234 fd:01:5678 0 EOF`.
fn is_held(line: &str, pid: u32, inode: u64) -> bool {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, "FLOCK", _, "WRITE", holder, file, ..] = fields[..] else {
        return false;
    };
    let number = file.rsplit(':').next();
    holder.parse() == Ok(pid) && number.and_then(|number| number.parse().ok()) == Some(inode)
}

#[cfg(test)]
mod tests {
    use nix::fcntl::{Flock, FlockArg};

    use super::*;

    #[test]
    fn a_home_is_held_as_long_as_its_lock_is() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::new(home.path().to_owned());
        assert!(Holder::of(&paths).is_none());
        fs::write(paths.lock(), std::process::id().to_string()).unwrap();
        assert!(Holder::of(&paths).is_none(), "a number alone holds nothing");
        let file = fs::File::open(paths.lock()).unwrap();
        let held = Flock::lock(file, FlockArg::LockExclusive).unwrap();
        let holder = Holder::of(&paths).unwrap();
        assert_eq!(holder.pid, std::process::id());
        assert!(!holder.ends_within(Some(Duration::ZERO)));
        drop(held);
        assert!(Holder::of(&paths).is_none());
    }

    #[test]
    fn only_a_lock_of_this_process_on_this_file_counts() {
        let line = "1: FLOCK  ADVISORY  WRITE 1234 fd:01:5678 0 EOF";
        assert!(is_held(line, 1234, 5678));
        for (pid, inode) in [(1235, 5678), (1234, 678)] {
            assert!(!is_held(line, pid, inode));
        }
        let waiting = "1: -> FLOCK  ADVISORY  WRITE 1234 fd:01:5678 0 EOF";
        assert!(!is_held(waiting, 1234, 5678));
    }
}
