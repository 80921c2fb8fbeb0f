//! What an attribute may hold.

use serde_json::Value;

use crate::lower::typed::{self, Wrong};
use crate::lower::{address, handover};

/// The types of attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Yes or no.
    Bool,
    /// Any text.
    Text,
    /// Text that becomes a name.
    Name,
    /// A program, or a command line.
    Command,
    /// The name of an environment variable.
    Variable,
    /// A file or folder.
    Path,
    /// One or several files.
    Paths,
    /// A text, or true for a default one.
    TextOrBool,
    /// Several texts, or one that is split at blanks.
    List,
    /// Variables and their values.
    Env,
    /// Settings of something else.
    Object,
    /// A whole number from 0 on.
    Count,
    /// The number of a port.
    Port,
    /// A number of instances, or `max`.
    Instances,
    /// Exit codes.
    Codes,
    /// A length of time.
    Span,
    /// An amount of memory.
    Bytes,
    /// A signal.
    Signal,
    /// A user or group, by name or number.
    User,
    /// `fork` or `cluster`.
    Mode,
    /// `raw` or `json`.
    LogType,
    /// A cron pattern; `0` for none.
    Cron,
    /// What is watched: true, a path, or several.
    Watch,
    /// How a run is replaced.
    Handover,
    /// What becomes of silent connections.
    KeepAlive,
    /// How many connections may wait.
    Backlog,
    /// Whether privileges may be forbidden.
    NoNewPrivs,
    /// What a server is asked for.
    UrlPath,
    /// How many instances at once.
    Batch,
    /// How long connections that are being made may take.
    Settle,
    /// How long a connection must be silent.
    Silence,
    /// Where a program listens: one address or several.
    Listen,
    /// What is left out of the environment: true, an exact name, or parts of names.
    Filter,
}

impl Kind {
    /// Whether the value is of this type.
    pub(crate) fn check(self, value: &Value) -> Result<(), Wrong> {
        match self {
            Self::Bool => typed::boolean(value).map(drop),
            Self::Text | Self::Command | Self::Path => typed::text(value).map(drop),
            Self::Name | Self::Cron => typed::scalar(value).map(drop),
            Self::Variable => typed::variable(value).map(drop),
            Self::TextOrBool => typed::text_or_bool(value).map(drop),
            Self::List | Self::Paths => typed::list(value).map(drop),
            Self::Watch | Self::Filter => match value {
                Value::Bool(_) => Ok(()),
                Value::Null
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_)
                | Value::Object(_) => typed::list(value).map(drop),
            },
            Self::Env | Self::Object => typed::object(value).map(drop),
            Self::Count => typed::whole(value, 0, u32::MAX.into()).map(drop),
            Self::Port => typed::whole(value, 0, u16::MAX.into()).map(drop),
            Self::Instances => typed::instances(value, 1).map(drop),
            Self::Codes => typed::codes(value).map(drop),
            Self::Span => typed::span(value).map(drop),
            Self::Bytes => typed::bytes(value).map(drop),
            Self::Signal => typed::signal(value).map(drop),
            Self::User => typed::scalar(value).map(drop),
            Self::Mode => typed::mode(value).map(drop),
            Self::LogType => typed::choice(value, &[("raw", ()), ("json", ())]),
            Self::Handover => handover::mode(value).map(drop),
            Self::KeepAlive => handover::keepalive(value).map(drop),
            Self::Backlog => handover::backlog(value).map(drop),
            Self::NoNewPrivs => handover::no_new_privs(value).map(drop),
            Self::UrlPath => handover::url_path(value).map(drop),
            Self::Batch => handover::batch(value).map(drop),
            Self::Settle => handover::settle(value).map(drop),
            Self::Silence => handover::silence(value).map(drop),
            Self::Listen => address::written(value).map(drop),
        }
    }
}
