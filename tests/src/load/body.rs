//! The one right body of an answer, and whether what comes is it, part by part.
//!
//! A long body is a row of 23 letters over and over. 23 has no factor in common with any size of a buffer,
//! so that a part that is missing, doubled or moved shows.

use std::sync::LazyLock;

use super::Request;

const PERIOD: usize = 23;

/// The row, long enough for what is read at once.
static ROW: LazyLock<Vec<u8>> =
    LazyLock::new(|| (b'a'..).take(PERIOD).collect::<Vec<u8>>().repeat(4096));

/// What is to come.
#[derive(Debug)]
pub(super) enum Body {
    /// These bytes.
    Exact(Vec<u8>),
    /// So many of the row, from here on.
    Row { from: usize, length: usize },
}

impl Body {
    /// The right answer to a request.
    pub(super) fn of(request: Request, tag: u64) -> Self {
        match request {
            Request::Line | Request::Slow(_) => Self::Exact(format!("answer to {tag}\n").into()),
            Request::Drip(count, _) => {
                let lines = (0..count).map(|number| format!("part {number}\n"));
                Self::Exact(lines.collect::<String>().into())
            }
            Request::Bytes(length) => Self::Row { from: 0, length },
            Request::Echo(length) => Self::sent(length, tag),
        }
    }

    /// What is sent with a request.
    pub(super) const fn sent(length: usize, tag: u64) -> Self {
        let from = (tag % PERIOD as u64) as usize;
        Self::Row { from, length }
    }

    pub(super) const fn length(&self) -> usize {
        match self {
            Self::Exact(bytes) => bytes.len(),
            Self::Row { length, .. } => *length,
        }
    }

    /// At most `most` of its bytes from this place on.
    pub(super) fn part(&self, at: usize, most: usize) -> &[u8] {
        let most = most.min(self.length().saturating_sub(at));
        match self {
            Self::Exact(bytes) => &bytes[at..at + most],
            Self::Row { from, .. } => {
                let begin = (from + at) % PERIOD;
                &ROW[begin..(begin + most).min(ROW.len())]
            }
        }
    }

    /// Whether these are its bytes from this place on.
    pub(super) fn has(&self, mut at: usize, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let part = self.part(at, bytes.len());
            if part.is_empty() || bytes[..part.len()] != *part {
                return false;
            }
            at += part.len();
            bytes = &bytes[part.len()..];
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_known_from_each_place() {
        let body = Body::sent(300_000, 5);
        let all: Vec<u8> = (0..300_000)
            .map(|at| b'a' + ((5 + at) % 23) as u8)
            .collect();
        assert!(body.has(0, &all));
        assert!(body.has(70_001, &all[70_001..200_000]));
        assert!(!body.has(1, &all[..10]), "moved by one");
        assert!(!body.has(299_999, &all[299_998..]), "longer than it is");
    }

    #[test]
    fn one_wrong_byte_is_found() {
        let body = Body::of(Request::Line, 7);
        assert!(body.has(0, b"answer to 7\n"));
        assert!(!body.has(0, b"answer to 8\n"));
    }
}
