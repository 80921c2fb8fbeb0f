//! What the measured app and the measuring program share: one clock, and the message between them.

pub mod clock;
pub mod message;
