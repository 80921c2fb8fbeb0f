//! An answer as it comes in: its head, and where its body ends.

use super::How;

/// The head of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) framing: Framing,
    /// Whether the connection ends with this answer.
    pub(super) is_last: bool,
    /// Who answers: release and process.
    pub(super) run: Option<Run>,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Run {
    pub(super) release: u64,
    pub(super) pid: u32,
}

/// Where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// After so many bytes.
    Length(usize),
    /// After its last chunk.
    Chunked,
    /// With the connection.
    ToEnd,
}

impl Head {
    /// Reads a head; none where its empty line has not come yet. The number is its length.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, How> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let text = str::from_utf8(&bytes[..end]).or(Err(How::Malformed))?;
        let head = Self::of(text).ok_or(How::Malformed)?;
        Ok(Some((head, end + 4)))
    }

    fn of(text: &str) -> Option<Self> {
        let mut lines = text.split("\r\n");
        let (version, rest) = lines.next()?.split_once(' ')?;
        let mut head = Self {
            status: rest.get(..3)?.parse().ok()?,
            framing: Framing::ToEnd,
            is_last: version == "HTTP/1.0",
            run: None,
        };
        if !["HTTP/1.0", "HTTP/1.1"].contains(&version) {
            return None;
        }
        for line in lines {
            let (name, value) = line.split_once(':')?;
            head.take(name, value.trim())?;
        }
        head.is_last |= head.framing == Framing::ToEnd;
        Some(head)
    }

    fn take(&mut self, name: &str, value: &str) -> Option<()> {
        if name.eq_ignore_ascii_case("content-length") {
            self.framing = Framing::Length(value.parse().ok()?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            self.framing = Framing::Chunked;
        } else if name.eq_ignore_ascii_case("connection") {
            let mut words = value.split(',').map(str::trim);
            self.is_last |= words.any(|word| word.eq_ignore_ascii_case("close"));
        } else if name.eq_ignore_ascii_case("x-run") {
            let (release, pid) = value.split_once(':')?;
            self.run = Some(Run {
                release: release.parse().ok()?,
                pid: pid.parse().ok()?,
            });
        }
        Some(())
    }
}

/// The chunks of a body, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Chunks {
    /// A line with a size comes.
    #[default]
    Size,
    /// So many bytes of a chunk are to come.
    Inside(usize),
    /// The line end after a chunk comes; after the last one: the empty line.
    After { is_last: bool },
    /// All has come.
    Done,
}

/// What the bytes at hand are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// Not enough to tell.
    More,
    /// So many bytes that belong to the framing.
    Frame(usize),
    /// So many bytes of the body.
    Body(usize),
}

impl Chunks {
    /// Says what these bytes, at least one, begin with, and goes past it.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Result<Piece, How> {
        match *self {
            Self::Size => {
                let Some(line) = bytes.windows(2).position(|two| two == b"\r\n") else {
                    return Ok(Piece::More);
                };
                let text = str::from_utf8(&bytes[..line]).or(Err(How::Malformed))?;
                let size = usize::from_str_radix(text.trim(), 16).or(Err(How::Malformed))?;
                *self = match size {
                    0 => Self::After { is_last: true },
                    size => Self::Inside(size),
                };
                Ok(Piece::Frame(line + 2))
            }
            Self::Inside(left) => {
                let here = left.min(bytes.len());
                *self = match left - here {
                    0 => Self::After { is_last: false },
                    left => Self::Inside(left),
                };
                Ok(Piece::Body(here))
            }
            Self::After { is_last } => match bytes {
                [b'\r'] => Ok(Piece::More),
                [b'\r', b'\n', ..] => {
                    *self = if is_last { Self::Done } else { Self::Size };
                    Ok(Piece::Frame(2))
                }
                _ => Err(How::Malformed),
            },
            Self::Done => Err(How::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_how_its_body_ends_and_who_speaks() {
        let text = b"HTTP/1.1 200 OK\r\ncontent-Length: 5\r\nX-Run: 3:77\r\n\r\nhello";
        let (head, length) = Head::read(text).unwrap().unwrap();
        assert_eq!(length, text.len() - 5);
        assert_eq!(head.framing, Framing::Length(5));
        assert_eq!(
            head.run,
            Some(Run {
                release: 3,
                pid: 77
            })
        );
        assert!(!head.is_last);
    }

    #[test]
    fn a_word_among_others_ends_the_connection() {
        let text = b"HTTP/1.1 200 OK\r\nConnection: keep-alive, Close\r\nContent-Length: 0\r\n\r\n";
        assert!(Head::read(text).unwrap().unwrap().0.is_last);
    }

    #[test]
    fn half_a_head_is_none_and_nonsense_is_an_error() {
        assert_eq!(Head::read(b"HTTP/1.1 200 OK\r\n"), Ok(None));
        assert_eq!(Head::read(b"SSH-2.0 hello\r\n\r\n"), Err(How::Malformed));
        let length = b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n";
        assert_eq!(Head::read(length), Err(How::Malformed));
    }

    #[test]
    fn chunks_are_read_however_they_are_cut() {
        let all = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        for step in 1..all.len() {
            let (mut chunks, mut body) = (Chunks::default(), Vec::new());
            let (mut from, mut to) = (0, 0);
            while chunks != Chunks::Done {
                to = (to + step).min(all.len());
                while from < to && chunks != Chunks::Done {
                    match chunks.next(&all[from..to]).unwrap() {
                        Piece::More => break,
                        Piece::Frame(length) => from += length,
                        Piece::Body(length) => {
                            body.extend(&all[from..from + length]);
                            from += length;
                        }
                    }
                }
            }
            assert_eq!((body.as_slice(), from), (b"abcde".as_slice(), all.len()));
        }
    }
}
