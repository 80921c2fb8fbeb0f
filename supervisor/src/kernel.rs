//! What the kernel must offer, tried out rather than read off its version.
//!
//! A sandbox may refuse a system call that the kernel has, and a distribution may bring one to an
//! older kernel. So each call is made once, on ourselves, where it does no harm.

use std::fs;
use std::io;
use std::os::fd::AsFd as _;

use rustix::io::Errno;
use rustix::process::{PidfdFlags, WaitId, WaitIdOptions, getpid, pidfd_open, waitid};

/// The kernel, or a sandbox round us, does not let us watch processes.
#[derive(Debug, thiserror::Error)]
#[error("run on Linux {release}: it does not offer {call}, which Linux 5.4 and later do")]
pub(crate) struct Unsuitable {
    /// The kernel's release, as it calls itself.
    pub(crate) release: String,
    /// What was tried, as its manual page is called.
    pub(crate) call: &'static str,
    /// What the kernel said.
    pub(crate) source: io::Error,
}

/// Whether this kernel has all that the daemon cannot do without.
///
/// Errors: [`Unsuitable`], naming the first call that is missing.
pub(crate) fn check_kernel() -> Result<(), Unsuitable> {
    let ourselves = pidfd_open(getpid(), PidfdFlags::empty())
        .map_err(|errno| unsuitable("pidfd_open(2)", errno))?;
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    match waitid(WaitId::PidFd(ourselves.as_fd()), options) {
        // We are not our own child: this is the answer of a kernel that understood the question.
        Err(Errno::CHILD) | Ok(_) => Ok(()),
        Err(errno) => Err(unsuitable("waitid(2) with P_PIDFD", errno)),
    }
}

fn unsuitable(call: &'static str, errno: Errno) -> Unsuitable {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    Unsuitable {
        release: release.trim().to_owned(),
        call,
        source: errno.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_that_runs_the_tests_is_suitable() {
        assert!(check_kernel().is_ok());
    }

    #[test]
    fn an_unsuitable_kernel_is_named_with_what_it_lacks() {
        let said = unsuitable("pidfd_open(2)", Errno::NOSYS).to_string();
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
        assert!(said.contains(release.trim()), "{said}");
        assert!(said.contains("pidfd_open(2)"), "{said}");
    }
}
