//! The first lines of an HTTP/1 message, as far as a hand-over must understand them.
//!
//! A client that keeps its connection leaves it by itself, after a whole answer, when the head of
//! that answer says `Connection: close`. [`with_close`] puts that word into the bytes that a program
//! is about to write; [`Asked`] does the same for the head of a request that is passed on, and
//! tells what is no request at all. All of it is pure: bytes in, a verdict out.
//!
//! What is promised: the bytes stay what they are but for one inserted line `Connection: close`
//! right behind the first line, and for what contradicts it and was there to be seen: the option
//! `keep-alive` in `Connection`, and the field `Keep-Alive`. No byte of a body changes.
//!
//! * Bytes may end before the head does; the first line, with its end, suffices. A field
//!   `Connection: keep-alive` that a program writes later stays: several fields of one name are one
//!   list (RFC 9110, 5.3), and in a list `close` decides (RFC 9112, 9.3). Ours comes first, for
//!   clients that look at the first only.
//! * Lines may end with LF alone; the inserted one ends as the first line does. Folded lines belong
//!   to the field that they continue.
//! * Where one write holds several answers, the client has sent several requests at once and takes
//!   what follows `close` for lost. So the *last* head is the one that gets the word. Where that
//!   head cannot be told for sure, the first one that may be the last gets it, as the lengths say.
//!   No head gets it in the middle of a body.
//! * Interim answers (1xx) stay as they are; the head that follows is the one that counts.

mod answer;
mod fields;
mod framing;
mod left;
mod request;
mod rewritten;
mod status;

pub(crate) use answer::{Word, is_unfinished, with_close};
pub(crate) use left::{LAST_CHUNK, Left};
pub(crate) use request::{Asked, Rest};
pub(crate) use rewritten::Rewritten;

#[cfg(test)]
mod tests;
