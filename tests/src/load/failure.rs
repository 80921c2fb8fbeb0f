//! What a client sees when it does not see the right answer.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use super::Phase;

/// How far a request had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// There was no connection yet.
    Connecting,
    /// The request was being sent.
    Sending,
    /// It was sent, and nothing had come back.
    Before,
    /// A part of the answer had come.
    Within,
    /// Nothing was asked.
    Between,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// Nobody listened.
    Refused,
    /// The connection was reset.
    Reset,
    /// The connection was closed.
    Ended,
    /// It took too long.
    Late,
    /// The answer has another status.
    Status(u16),
    /// The answer has another length.
    Length,
    /// The answer has other bytes.
    Bytes,
    /// The answer is no HTTP/1.1, or more than one answer.
    Malformed,
    /// The answer does not say who gave it.
    Anonymous,
    /// The kernel's word for anything else; 0 where it has none.
    Errno(i32),
}

impl From<&io::Error> for How {
    fn from(why: &io::Error) -> Self {
        let kind = why.kind();
        if kind == ErrorKind::ConnectionRefused {
            Self::Refused
        } else if [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe].contains(&kind) {
            Self::Reset
        } else {
            Self::Errno(why.raw_os_error().unwrap_or(0))
        }
    }
}

/// A request that had no right answer.
#[derive(Debug, Clone, Copy)]
pub struct Failure {
    /// How far it had come.
    pub place: Place,
    /// What went wrong.
    pub how: How,
    /// Whether its connection had had an answer before.
    pub is_reused: bool,
    /// What happened to the server then.
    pub phase: Phase,
    /// When, since the load began.
    pub at: Duration,
    /// How long the request had been under way.
    pub after: Duration,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connection = if self.is_reused { "reused" } else { "fresh" };
        write!(
            f,
            "at {} ms ({}), {connection} connection: {} {}, after {} ms",
            self.at.as_millis(),
            self.phase.word(),
            self.how,
            self.place,
            self.after.as_millis(),
        )
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("refused"),
            Self::Reset => f.write_str("reset"),
            Self::Ended => f.write_str("closed"),
            Self::Late => f.write_str("late"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Length => f.write_str("wrong length"),
            Self::Bytes => f.write_str("wrong bytes"),
            Self::Malformed => f.write_str("no HTTP"),
            Self::Anonymous => f.write_str("no `X-Run`"),
            Self::Errno(number) => write!(f, "error {number}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connecting => "while connecting",
            Self::Sending => "while sending",
            Self::Before => "before the answer",
            Self::Within => "within the answer",
            Self::Between => "between requests",
        })
    }
}
