//! The word in an answer.

use super::fields::{Head, Says, line_end};
use super::framing::Body;
use super::rewritten::Rewritten;
use super::status::Status;

/// What can be done for the word in bytes that a server is about to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// Nothing: they do not begin with a status line of HTTP/1, or end within one.
    NotAHead,
    /// Nothing yet: they hold interim answers (1xx) only.
    Interim,
    /// Nothing is to be done: the word is there.
    SaysClose,
    /// Nothing may be done: the connection becomes something else.
    Upgrade,
    /// These are to be written for them.
    Rewritten(Rewritten),
}

/// What follows a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Another one, at this place.
    At(usize),
    /// Perhaps another one, of which too little is there.
    Unfinished,
    /// Nothing that is known to be one.
    Nothing,
}

/// Puts `Connection: close` into the last of the heads that these bytes hold.
///
/// The bytes are one write, from its beginning; they need not hold the whole head. What was
/// rewritten says the word: asking again gives [`Word::SaysClose`].
pub(crate) fn with_close(bytes: &[u8]) -> Word {
    let mut at = 0;
    loop {
        let (Status::Line(status), Some(head)) = (Status::of(&bytes[at..]), Head::cut(bytes, at))
        else {
            return Word::NotAHead;
        };
        let is_interim = status / 100 == 1;
        match head.says() {
            _ if status == 101 => return Word::Upgrade,
            Says::Upgrade if !is_interim => return Word::Upgrade,
            Says::Close if !is_interim => return Word::SaysClose,
            Says::Close | Says::Upgrade | Says::Nothing => {}
        }
        match next(bytes, &head, status) {
            Next::At(place) => at = place,
            Next::Unfinished => return Word::NotAHead,
            Next::Nothing if is_interim => return Word::Interim,
            Next::Nothing => return Word::Rewritten(head.with_close()),
        }
    }
}

/// Whether more of these bytes must come until [`with_close`] sees the whole head that counts.
///
/// For whoever has the time to wait for it; then nothing that contradicts the word stays.
pub(crate) fn is_unfinished(bytes: &[u8]) -> bool {
    let mut at = 0;
    loop {
        let head = match Status::of(&bytes[at..]) {
            Status::Line(status) => (status / 100 == 1 && status != 101, Head::cut(bytes, at)),
            Status::Unfinished => return at < bytes.len() || at == 0,
            Status::Other => return false,
        };
        match head {
            (_, None) => return line_end(bytes, at).is_none(),
            (is_interim, Some(Head { end: Some(end), .. })) if is_interim => at = end,
            (_, Some(head)) => return head.end.is_none(),
        }
    }
}

/// What follows the message of this head.
fn next(bytes: &[u8], head: &Head<'_>, number: u16) -> Next {
    let Some(head_end) = head.end else {
        return Next::Nothing;
    };
    let body = Body::of_answer(number, head);
    // Either a body that looks like a head, or an answer to HEAD, which has a length and no body.
    // Only the lengths can be believed, and no further than here.
    let is_ambiguous = body != Body::Length(0) && Status::of(&bytes[head_end..]) != Status::Other;
    let end = body.end(bytes, head_end).filter(|_| !is_ambiguous);
    match end.map(|end| (end, &bytes[end..])) {
        None | Some((_, [])) => Next::Nothing,
        Some((end, rest)) => match Status::of(rest) {
            Status::Line(_) => Next::At(end),
            Status::Unfinished => Next::Unfinished,
            Status::Other => Next::Nothing,
        },
    }
}
