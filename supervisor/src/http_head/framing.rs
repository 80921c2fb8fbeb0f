//! Where a message ends, as far as its head and the bytes at hand tell.

use super::fields::{Head, line_end};

/// What follows a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// So many bytes; none is a number, too.
    Length(u64),
    /// Chunks, the last of which is empty.
    Chunked,
    /// No length is given.
    Unsaid,
}

impl Body {
    /// What the fields say. Chunks outweigh a length (RFC 9112, 6.3).
    pub(super) fn of(head: &Head<'_>) -> Self {
        if head.values(b"transfer-encoding").next().is_some() {
            return Self::Chunked;
        }
        let length = head.values(b"content-length").next();
        match length.map(number) {
            Some(Some(length)) => Self::Length(length),
            Some(None) | None => Self::Unsaid,
        }
    }

    /// That of an answer of this status: some have none whatever the fields say (RFC 9112, 6.3).
    pub(super) fn of_answer(status: u16, head: &Head<'_>) -> Self {
        match status {
            100..=199 | 204 | 304 => Self::Length(0),
            _ => Self::of(head),
        }
    }

    /// Where a body that begins at `at` has ended; nothing where it has not, as far as is known.
    pub(super) fn end(self, bytes: &[u8], at: usize) -> Option<usize> {
        match self {
            Self::Length(length) => {
                let end = at.checked_add(usize::try_from(length).ok()?)?;
                (end <= bytes.len()).then_some(end)
            }
            Self::Chunked => chunks_end(bytes, at),
            Self::Unsaid => None,
        }
    }
}

/// A number in digits, spaces around it.
fn number(text: &[u8]) -> Option<u64> {
    let digits = text.trim_ascii();
    let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let text = str::from_utf8(digits).ok().filter(|_| all_digits)?;
    text.parse().ok()
}

/// Where the last chunk and the fields behind it have ended.
fn chunks_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let line = at..line_end(bytes, at)?;
        let size = chunk_size(&bytes[line.clone()])?;
        if size == 0 {
            // The empty line that ends the fields; it may follow the size at once.
            return Head::cut(bytes, at)?.end;
        }
        at = line_end_at(bytes, line.end.checked_add(size)?)?;
    }
}

/// The size in a chunk's first line, in bytes.
fn chunk_size(line: &[u8]) -> Option<usize> {
    let digits = line.split(|byte| *byte == b';').next()?;
    let text = str::from_utf8(digits.trim_ascii()).ok()?;
    let is_number = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    usize::from_str_radix(text, 16).ok().filter(|_| is_number)
}

/// Behind the line end that stands at this place.
fn line_end_at(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at..)? {
        [b'\r', b'\n', ..] => Some(at + 2),
        [b'\n', ..] => Some(at + 1),
        _ => None,
    }
}
