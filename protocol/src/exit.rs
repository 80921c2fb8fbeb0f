//! How a run ended, and how a launch failed.

use std::fmt;

use config::Signal;
use serde::{Deserialize, Serialize};

/// How a process ended. A death by signal is that signal, never an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitStatus {
    /// It returned this code, in `0..=255`.
    Code(i32),
    /// It was killed by this signal.
    Signal {
        /// Which one.
        signal: Signal,
        /// Whether a core was dumped.
        core: bool,
    },
    /// Nobody was left to see it; counts as a crash.
    Unknown,
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal {
                signal,
                core: false,
            } => write!(f, "{signal}"),
            Self::Signal { signal, core: true } => write!(f, "{signal}, core dumped"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// Why a program could not be launched: the step and the kernel's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchError {
    /// The step that failed.
    pub stage: LaunchStage,
    /// What it was done to: a path, a user, a file; empty where there is nothing to name.
    pub on: String,
    /// The kernel's error number.
    pub errno: i32,
}

/// The steps of a launch, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaunchStage {
    /// Opening the log files.
    Logs,
    /// Making pipes, sockets and descriptors.
    Descriptors,
    /// Starting the launcher.
    Spawn,
    /// Making the session and process group.
    Session,
    /// Becoming the user and its groups.
    User,
    /// Changing to the working folder.
    Cwd,
    /// Placing descriptors at their numbers.
    Place,
    /// Opening the listening sockets that it is given.
    Listen,
    /// Executing the program.
    Exec,
    /// The launcher ended without a word.
    Vanished,
}
