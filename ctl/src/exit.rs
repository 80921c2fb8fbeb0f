//! How `wsctl` ends: four codes, and the error that carries one of them.

use std::fmt;
use std::process::ExitCode;

/// What the exit code says. Documented in `wsctl --help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for is so. Code 0.
    Done,
    /// It was asked for and not reached. Code 1.
    NotReached,
    /// The command line or a configuration is wrong; nothing was done. Code 2.
    Usage,
    /// No daemon could be asked. Code 3.
    NoDaemon,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::NotReached => 1,
            Exit::Usage => 2,
            Exit::NoDaemon => 3,
        })
    }
}

/// A message for a person: what was attempted and why not, what to do, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    what: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            hint: None,
        }
    }

    /// The same with what to do about it.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The exit code of an error: the failure's in its chain, else "not reached".
    pub(crate) fn exit_of(error: &anyhow::Error) -> Exit {
        error
            .downcast_ref::<Self>()
            .map_or(Exit::NotReached, |failure| failure.exit)
    }

    /// What to do about an error, where its chain has a failure that knows.
    pub(crate) fn hint_of(error: &anyhow::Error) -> Option<&str> {
        error.downcast_ref::<Self>()?.hint.as_deref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_failure_keeps_its_code_and_hint_under_more_context() {
        let failure = Failure::new(Exit::NoDaemon, "no daemon").hint("start one");
        let error = Err::<(), _>(failure).context("failed to list").unwrap_err();
        assert_eq!(Failure::exit_of(&error), Exit::NoDaemon);
        assert_eq!(Failure::hint_of(&error), Some("start one"));
    }

    #[test]
    fn any_other_error_is_something_not_reached() {
        let error = anyhow::anyhow!("disk full");
        assert_eq!(Failure::exit_of(&error), Exit::NotReached);
    }
}
