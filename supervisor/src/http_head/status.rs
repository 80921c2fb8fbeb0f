//! The first line of an answer.

/// What the beginning of some bytes has to do with a status line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It is one, of this number.
    Line(u16),
    /// It may become one.
    Unfinished,
    /// It is none.
    Other,
}

impl Status {
    /// Looks for one of HTTP/1 at the beginning.
    pub(super) fn of(bytes: &[u8]) -> Self {
        const SHAPE: &[u8; 12] = b"HTTP/1.v ddd";
        let fits = |(byte, shape): (&u8, &u8)| match shape {
            b'v' => matches!(byte, b'0' | b'1'),
            b'd' => byte.is_ascii_digit(),
            _ => byte == shape,
        };
        if !bytes.iter().zip(SHAPE).all(fits) {
            return Self::Other;
        }
        match (bytes.get(9..12), bytes.get(12)) {
            (Some(digits), Some(b' ' | b'\r' | b'\n')) => {
                let value = |sum, digit: &u8| sum * 10 + u16::from(digit - b'0');
                Self::Line(digits.iter().fold(0, value))
            }
            (Some(_), Some(_)) => Self::Other,
            (Some(_) | None, None) | (None, Some(_)) => Self::Unfinished,
        }
    }
}
