//! What the measured app says once it executes: which process it is, and when it began.

use crate::clock::Moment;

/// The length of the message, in bytes.
pub const LENGTH: usize = 12;

/// An app executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Executes {
    /// Its process.
    pub pid: u32,
    /// When its own first line was executed.
    pub at: Moment,
}

impl Executes {
    /// The message as bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        let (pid, at) = bytes.split_at_mut(4);
        pid.copy_from_slice(&self.pid.to_ne_bytes());
        at.copy_from_slice(&self.at.as_nanoseconds().to_ne_bytes());
        bytes
    }

    /// The message that these bytes are.
    #[must_use]
    pub fn of_bytes(bytes: [u8; LENGTH]) -> Self {
        let [a, b, c, d, at @ ..] = bytes;
        Self {
            pid: u32::from_ne_bytes([a, b, c, d]),
            at: Moment::of_nanoseconds(u64::from_ne_bytes(at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_what_is_heard() {
        let said = Executes {
            pid: 31_415,
            at: Moment::of_nanoseconds(0x0102_0304_0506_0708),
        };
        assert_eq!(Executes::of_bytes(said.to_bytes()), said);
    }
}
