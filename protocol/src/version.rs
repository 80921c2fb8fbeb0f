//! The first line of each side.

use serde::{Deserialize, Serialize};

use crate::{Lack, Pid};

/// The version of the protocol that this build speaks. A change that an older side cannot read
/// raises it; an added field does not.
pub const PROTOCOL: u32 = 1;

/// The client's first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The version of the protocol that it speaks.
    pub wsd: u32,
    /// Its program's version, to be shown.
    pub client: String,
    /// Whether the daemon is to look for what the machine lacks before it answers. That takes some
    /// milliseconds and a process; a daemon that does not know of it passes it over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub examine: bool,
}

/// The daemon's first line. Where the versions do not fit it is the last one, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version of the protocol that it speaks.
    pub wsd: u32,
    /// Its program's version, to be shown.
    pub daemon: String,
    /// Its process.
    pub pid: Pid,
    /// How long it has been up.
    pub uptime: config::Span,
    /// What an ordinary app lacks on this machine for a hand-over without loss; none: not looked for,
    /// as nobody has asked, or not found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacks: Option<Vec<Lack>>,
}
