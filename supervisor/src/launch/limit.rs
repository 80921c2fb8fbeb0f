//! How many descriptors may be open.
//!
//! The daemon needs several for each run and raises its own limit as far as it may. An app gets
//! what the daemon had been given: a program that counts on the usual 1024, because it uses
//! select(2) or closes every number there can be, must not find a million.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises our own limit to the most that is allowed; returns what it was.
///
/// Errors: the kernel's.
pub(crate) fn raise() -> io::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(soft)
}

/// Sets the limit of this process to `soft`, for itself and what it executes.
///
/// Errors: the kernel's; lowering it is always allowed.
pub(super) fn restore(soft: u64) -> io::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, soft.min(hard), hard)?;
    Ok(())
}

/// How many descriptors no run gets: to save the goals, to look for what a run has left, and to hear
/// clients, the daemon needs some at all times.
const KEPT: u64 = 24;

/// Whether a run may have this descriptor, the latest of its own. The kernel gives the lowest number
/// that is free, so the highest ones are left where no run takes them.
///
/// Errors: EMFILE, as if there were no more.
pub(super) fn leave_some(latest: &OwnedFd) -> io::Result<()> {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let number = u64::from(latest.as_raw_fd().unsigned_abs());
    if number >= soft.saturating_sub(KEPT) {
        return Err(Errno::EMFILE.into());
    }
    Ok(())
}
