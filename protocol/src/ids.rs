//! Identities: numbers that stand for one thing and are never mistaken for another kind.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! number_type {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_type! {
    /// One life of a program. Counted up for as long as the fleet's goals exist; never used again.
    RunId(u64)
}
number_type! {
    /// One slot of an app over its many lives; what PM2 calls `pm_id`. Never used again while the
    /// fleet has any app; counted from 0 when it has none.
    InstanceId(u32)
}
number_type! {
    /// A process number of the kernel. It may be another's as soon as the process was reaped.
    Pid(u32)
}
number_type! {
    /// A state of the goals: one higher with each change that must reach the disk.
    Generation(u64)
}

/// A client's own name for its request: 1 to 64 printable ASCII characters, chosen at random, so
/// that a client whose connection broke can ask again and be given the same answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub String);

impl RequestId {
    /// The longest id that is accepted, in bytes.
    pub const LEN_MAX: usize = 64;

    /// Whether the daemon accepts it.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        (1..=Self::LEN_MAX).contains(&self.0.len()) && self.0.bytes().all(|b| b.is_ascii_graphic())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
