//! Naming what failed: the step, the thing, and the kernel's answer.

use std::fmt::Display;
use std::io;

use protocol::{LaunchError, LaunchStage};

/// A result that may be given the place where it failed.
pub(crate) trait At<T> {
    /// Names the step, and what it was done to; empty where there is nothing to name.
    fn at(self, stage: LaunchStage, on: impl Display) -> Result<T, LaunchError>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, stage: LaunchStage, on: impl Display) -> Result<T, LaunchError> {
        self.map_err(|error| failed(stage, on, error))
    }
}

/// The failure of one step. An error that the kernel has no number for counts as `EINVAL`.
pub(crate) fn failed(
    stage: LaunchStage,
    on: impl Display,
    error: impl Into<io::Error>,
) -> LaunchError {
    let errno = error.into().raw_os_error();
    LaunchError {
        stage,
        on: on.to_string(),
        errno: errno.unwrap_or(nix::libc::EINVAL),
    }
}
