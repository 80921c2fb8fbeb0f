//! How much of an answer is still to be written.

use super::fields::Head;
use super::framing::Body;
use super::status::Status;

/// What of an answer is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// So many bytes; none where it is whole.
    Bytes(u64),
    /// Chunks, the last of which is empty.
    Chunks,
    /// Nobody knows: its head was not seen whole, or gives no length, or is not alone.
    Unsaid,
}

impl Left {
    /// What is left behind a write that begins with the head of an answer. It has `length` bytes, of
    /// which these are the first.
    pub(crate) fn behind(bytes: &[u8], length: usize) -> Self {
        let mut start = 0;
        loop {
            let Status::Line(status) = Status::of(&bytes[start..]) else {
                return Self::Unsaid;
            };
            let Some(head) = Head::cut(bytes, start) else {
                return Self::Unsaid;
            };
            match head.end {
                Some(end) if status / 100 == 1 => start = end,
                Some(end) => {
                    return Self::of(Body::of_answer(status, &head), bytes, end, length);
                }
                None => return Self::Unsaid,
            }
        }
    }

    fn of(body: Body, bytes: &[u8], at: usize, length: usize) -> Self {
        let written = u64::try_from(length.saturating_sub(at)).unwrap_or(u64::MAX);
        match body {
            Body::Length(whole) => whole.checked_sub(written).map_or(Self::Unsaid, Self::Bytes),
            Body::Chunked if bytes.len() < length => Self::Chunks,
            Body::Chunked => match body.end(bytes, at) {
                Some(end) if end == length => Self::Bytes(0),
                Some(_) => Self::Unsaid,
                None => Self::Chunks,
            },
            Body::Unsaid => Self::Unsaid,
        }
    }

    /// Whether nothing is.
    pub(crate) const fn is_none(self) -> bool {
        matches!(self, Self::Bytes(0))
    }

    /// What was left before the last so many bytes.
    pub(crate) const fn before(self, bytes: usize) -> Self {
        match self {
            Self::Bytes(left) => Self::Bytes(left.saturating_add(bytes as u64)),
            Self::Chunks | Self::Unsaid => self,
        }
    }

    /// What is left after so many more bytes; `ends` where the last of them are [`LAST_CHUNK`].
    pub(crate) const fn after(self, bytes: u64, ends: bool) -> Self {
        match self {
            Self::Bytes(left) => Self::Bytes(left.saturating_sub(bytes)),
            Self::Chunks if ends => Self::Bytes(0),
            Self::Chunks => Self::Chunks,
            Self::Unsaid => Self::Unsaid,
        }
    }
}

/// How an answer in chunks ends, unless there are fields behind it.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(text: &str) -> Left {
        Left::behind(text.as_bytes(), text.len())
    }

    #[test]
    fn what_is_left_is_the_length_without_what_is_there() {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(behind(head), Left::Bytes(5));
        assert_eq!(behind(&format!("{head}abc")), Left::Bytes(2));
        assert_eq!(behind(&format!("{head}abcde")), Left::Bytes(0));
        assert_eq!(behind(&format!("{head}abcdef")), Left::Unsaid);
        let first = Left::behind(head.as_bytes(), head.len() + 4);
        assert_eq!(first, Left::Bytes(1));
    }

    #[test]
    fn chunks_are_left_until_the_last() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(behind(head), Left::Chunks);
        assert_eq!(behind(&format!("{head}3\r\nabc\r\n")), Left::Chunks);
        let whole = format!("{head}3\r\nabc\r\n0\r\n\r\n");
        assert_eq!(behind(&whole), Left::Bytes(0));
        let cut = whole.len() - 2;
        let seen = Left::behind(&whole.as_bytes()[..cut], whole.len());
        assert_eq!(seen, Left::Chunks);
        assert_eq!(Left::Chunks.after(10, false), Left::Chunks);
        assert_eq!(Left::Chunks.after(10, true), Left::Bytes(0));
    }

    #[test]
    fn some_answers_have_no_body_whatever_they_say() {
        for status in ["204 No Content", "304 Not Modified"] {
            let text = format!("HTTP/1.1 {status}\r\nContent-Length: 9\r\n\r\n");
            assert_eq!(behind(&text), Left::Bytes(0));
        }
    }

    #[test]
    fn an_interim_answer_is_passed_over() {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
        assert_eq!(behind(text), Left::Bytes(2));
    }

    #[test]
    fn a_head_that_is_not_whole_says_nothing() {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
        ] {
            assert_eq!(behind(text), Left::Unsaid);
        }
    }
}
