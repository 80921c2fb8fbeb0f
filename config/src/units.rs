//! Lengths of time and amounts of bytes, as types, and as people write them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A length of time in milliseconds. Zero is a length like any other.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(pub u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many milliseconds.
    #[must_use]
    pub const fn millis(ms: u64) -> Self {
        Self(ms)
    }

    /// So many seconds.
    #[must_use]
    pub const fn secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// The length in milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// This length `times` over, at most the longest that can be said.
    #[must_use]
    pub const fn times(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

impl fmt::Display for Span {
    /// The shortest exact form: `1500ms`, `5s`, `2m`, `1h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0ms"),
            ms if ms % 3_600_000 == 0 => write!(f, "{}h", ms / 3_600_000),
            ms if ms % 60_000 == 0 => write!(f, "{}m", ms / 60_000),
            ms if ms % 1000 == 0 => write!(f, "{}s", ms / 1000),
            ms => write!(f, "{ms}ms"),
        }
    }
}

/// The longest length of time that can be written: a hundred years, in milliseconds.
const SPAN_MS_MAX: f64 = 100.0 * 365.0 * 86_400_000.0;

/// The units of time and how many milliseconds each has.
const TIME_UNITS: [(&str, f64); 5] = [
    ("ms", 1.0),
    ("s", 1000.0),
    ("m", 60_000.0),
    ("h", 3_600_000.0),
    ("d", 86_400_000.0),
];

/// Why a text is no length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadSpan {
    /// It is not written as one.
    Unreadable,
    /// It is longer than a hundred years.
    TooLong,
}

impl fmt::Display for BadSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "a length of time is written as `1500ms`, `5s`, `1h30m`",
            Self::TooLong => "a length of time is at most a hundred years",
        })
    }
}

impl std::error::Error for BadSpan {}

impl FromStr for Span {
    type Err = BadSpan;

    /// Reads `1500ms`, `5s`, `1.5m`, `1h30m`, `1d`; a number alone is milliseconds. Parts of a
    /// millisecond are dropped. Source: the suffixes of PM2's `min_uptime`, and more.
    fn from_str(text: &str) -> Result<Self, BadSpan> {
        let mut rest = text.trim();
        let mut total = 0.0;
        let mut parts = 0;
        while !rest.is_empty() {
            let (number, after) = number(rest).ok_or(BadSpan::Unreadable)?;
            let (unit, after) = word(after);
            let unit = match TIME_UNITS.iter().find(|(name, _)| *name == unit) {
                Some((_, unit)) => *unit,
                None if unit.is_empty() && after.is_empty() && parts == 0 => 1.0,
                None => return Err(BadSpan::Unreadable),
            };
            total += number * unit;
            parts += 1;
            rest = after.trim_start();
        }
        match parts {
            0 => Err(BadSpan::Unreadable),
            _ => Self::from_millis(total),
        }
    }
}

impl Span {
    /// The length of so many milliseconds, parts of one dropped.
    ///
    /// # Errors
    /// [`BadSpan`] where the number is negative, not a number, or beyond a hundred years.
    pub fn from_millis(ms: f64) -> Result<Self, BadSpan> {
        if !(0.0..).contains(&ms) {
            return Err(BadSpan::Unreadable);
        }
        if ms > SPAN_MS_MAX {
            return Err(BadSpan::TooLong);
        }
        Ok(Self(truncated(ms)))
    }
}

/// An amount of bytes. `1K` is 1024 of them, as with PM2.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Bytes(pub u64);

/// Why a text is no amount of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadBytes {
    /// It is not written as one.
    Unreadable,
    /// It is more than any machine has.
    TooMuch,
}

impl fmt::Display for BadBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "an amount of memory is written as `500M`, `1.5G`, `512MB`",
            Self::TooMuch => "an amount of memory is at most a million terabytes",
        })
    }
}

impl std::error::Error for BadBytes {}

impl FromStr for Bytes {
    type Err = BadBytes;

    /// Reads `500M`, `1.5G`, `512MB`, `64KiB`; a number alone is bytes. Case does not count.
    /// Source: the suffixes of PM2's `max_memory_restart`, and more.
    fn from_str(text: &str) -> Result<Self, BadBytes> {
        let (number, after) = number(text.trim()).ok_or(BadBytes::Unreadable)?;
        let unit = after.trim().to_ascii_lowercase();
        let unit = match unit
            .strip_suffix('b')
            .unwrap_or(&unit)
            .trim_end_matches('i')
        {
            "" if !unit.contains('i') => 1.0,
            "k" => 1024.0,
            "m" => 1_048_576.0,
            "g" => 1_073_741_824.0,
            "t" => 1_099_511_627_776.0,
            _ => return Err(BadBytes::Unreadable),
        };
        Self::from_number(number * unit)
    }
}

impl Bytes {
    /// So many bytes, parts of one dropped.
    ///
    /// # Errors
    /// [`BadBytes`] where the number is negative, not a number, or beyond all machines.
    pub fn from_number(bytes: f64) -> Result<Self, BadBytes> {
        if !(0.0..).contains(&bytes) {
            return Err(BadBytes::Unreadable);
        }
        if bytes > 1.1e18 {
            return Err(BadBytes::TooMuch);
        }
        Ok(Self(truncated(bytes)))
    }
}

/// A number that is known to be from 0 on and below 2^63.
fn truncated(number: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the callers have checked the range"
    )]
    {
        number as u64
    }
}

/// The digits at the head of a text, with at most one point among them, and the rest.
fn number(text: &str) -> Option<(f64, &str)> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    // The parser takes `1.` and `.5`, but neither is how people write a number with a unit.
    let whole = digits.starts_with(|c: char| c.is_ascii_digit()) && !digits.ends_with('.');
    let number = whole.then(|| digits.parse().ok())??;
    Some((number, rest))
}

/// The letters at the head of a text, after blanks, and the rest.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_in_every_form_that_people_write() {
        let cases = [
            ("1500ms", 1500),
            ("5s", 5000),
            ("1h", 3_600_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("1.5s", 1500),
            ("250", 250),
            (" 2 m ", 120_000),
            ("1d", 86_400_000),
            ("0", 0),
        ];
        for (text, ms) in cases {
            assert_eq!(text.parse(), Ok(Span(ms)), "{text:?}");
        }
        for text in [
            "", "s", "5 x", "-5s", "5s5", "1.s", ".5s", "1..5s", "5M", "NaN", "1e3",
        ] {
            assert_eq!(text.parse::<Span>(), Err(BadSpan::Unreadable), "{text:?}");
        }
        assert_eq!("9999999d".parse::<Span>(), Err(BadSpan::TooLong));
    }

    #[test]
    fn bytes_are_read_in_units_of_1024() {
        let cases = [
            ("500M", 524_288_000),
            ("1.5G", 1_610_612_736),
            ("512MB", 536_870_912),
            ("64KiB", 65_536),
            ("1t", 1_099_511_627_776),
            ("10b", 10),
            ("7", 7),
        ];
        for (text, bytes) in cases {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text:?}");
        }
        for text in ["", "M", "5 x", "-5M", "5ib", "5Mi5"] {
            assert_eq!(text.parse::<Bytes>(), Err(BadBytes::Unreadable), "{text:?}");
        }
        assert_eq!("9999999T".parse::<Bytes>(), Err(BadBytes::TooMuch));
    }

    #[test]
    fn a_span_prints_in_the_largest_unit_that_is_exact() {
        let shown: Vec<String> = [0, 1500, 5000, 120_000, 3_600_000]
            .map(|ms| Span(ms).to_string())
            .to_vec();
        assert_eq!(shown, ["0ms", "1500ms", "5s", "2m", "1h"]);
    }
}
