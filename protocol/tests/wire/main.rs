//! What goes over the socket: every message comes back as it was, and no line of anybody else does
//! harm.

#![expect(
    clippy::unwrap_used,
    reason = "a test whose sample cannot be made has failed"
)]

mod handed;
mod lines;
mod messages;
mod samples;
