//! Patterns of dates and times in moment.js's language, in English.
//!
//! ```text
//! year       YY YYYY YYYYY YYYYYY Y     quarter    Q Qo
//! month      M Mo MM MMM MMMM           day        D Do DD        of the year  DDD DDDo DDDD
//! weekday    d do dd ddd dddd e E       ISO week   W Wo WW, its year GG GGGG
//! hour       H HH h hh k kk, A a        minute     m mm           second       s ss
//! fraction   S SS SSS … SSSSSSSSS       since 1970 X (seconds) x (milliseconds)
//! zone       Z (+01:00) ZZ (+0100) z zz (CET)
//! literal    [anything], and every character that stands for nothing
//! ```
//!
//! Source: the moment.js documentation, "Format". The differences: the forms that depend on a
//! locale (`L`, `LT`, `ll` and their kin, `w`, `gg`) and the eras stand for themselves, and `z`
//! gives the abbreviation of the zone, which moment.js leaves empty for local times.

use super::render::{Moment, Number, Text};

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// At least so many digits, zeros in front.
    Digits(usize),
    /// Six digits and always a sign.
    Signed,
    /// `1st`, `2nd`, `3rd`.
    Ordinal,
    /// Its last two digits.
    LastTwo,
}

/// What a run of letters stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Number(Number, Style),
    Text(Text),
    /// A fraction of the second, in so many digits.
    Fraction(usize),
    /// Itself, though shorter runs within it would stand for something.
    Verbatim,
}

use Field::{Fraction, Number as N, Text as T, Verbatim};
use Style::{Digits, LastTwo, Ordinal, Signed};

/// All that stands for something. The longest that fits is taken.
const FIELDS: [(&str, Field); 83] = [
    ("YYYYYY", N(Number::Year, Signed)),
    ("YYYYY", N(Number::Year, Digits(5))),
    ("YYYY", N(Number::Year, Digits(4))),
    ("YY", N(Number::Year, LastTwo)),
    ("Y", N(Number::Year, Digits(1))),
    ("Q", N(Number::Quarter, Digits(1))),
    ("Qo", N(Number::Quarter, Ordinal)),
    ("M", N(Number::Month, Digits(1))),
    ("Mo", N(Number::Month, Ordinal)),
    ("MM", N(Number::Month, Digits(2))),
    ("MMM", T(Text::MonthShort)),
    ("MMMM", T(Text::Month)),
    ("D", N(Number::Day, Digits(1))),
    ("Do", N(Number::Day, Ordinal)),
    ("DD", N(Number::Day, Digits(2))),
    ("DDD", N(Number::DayOfYear, Digits(1))),
    ("DDDo", N(Number::DayOfYear, Ordinal)),
    ("DDDD", N(Number::DayOfYear, Digits(3))),
    ("d", N(Number::Weekday, Digits(1))),
    ("do", N(Number::Weekday, Ordinal)),
    ("dd", T(Text::WeekdayTwo)),
    ("ddd", T(Text::WeekdayThree)),
    ("dddd", T(Text::Weekday)),
    ("e", N(Number::Weekday, Digits(1))),
    ("E", N(Number::IsoWeekday, Digits(1))),
    ("W", N(Number::IsoWeek, Digits(1))),
    ("Wo", N(Number::IsoWeek, Ordinal)),
    ("WW", N(Number::IsoWeek, Digits(2))),
    ("GG", N(Number::IsoWeekYear, LastTwo)),
    ("GGGG", N(Number::IsoWeekYear, Digits(4))),
    ("H", N(Number::Hour, Digits(1))),
    ("HH", N(Number::Hour, Digits(2))),
    ("h", N(Number::Hour12, Digits(1))),
    ("hh", N(Number::Hour12, Digits(2))),
    ("k", N(Number::Hour24, Digits(1))),
    ("kk", N(Number::Hour24, Digits(2))),
    ("A", T(Text::MeridiemUpper)),
    ("a", T(Text::MeridiemLower)),
    ("m", N(Number::Minute, Digits(1))),
    ("mm", N(Number::Minute, Digits(2))),
    ("s", N(Number::Second, Digits(1))),
    ("ss", N(Number::Second, Digits(2))),
    ("S", Fraction(1)),
    ("SS", Fraction(2)),
    ("SSS", Fraction(3)),
    ("SSSS", Fraction(4)),
    ("SSSSS", Fraction(5)),
    ("SSSSSS", Fraction(6)),
    ("SSSSSSS", Fraction(7)),
    ("SSSSSSSS", Fraction(8)),
    ("SSSSSSSSS", Fraction(9)),
    ("X", N(Number::Seconds, Digits(1))),
    ("x", N(Number::Millis, Digits(1))),
    ("Z", T(Text::Offset)),
    ("ZZ", T(Text::OffsetBare)),
    ("z", T(Text::Zone)),
    ("zz", T(Text::Zone)),
    ("L", Verbatim),
    ("LL", Verbatim),
    ("LLL", Verbatim),
    ("LLLL", Verbatim),
    ("LT", Verbatim),
    ("LTS", Verbatim),
    ("l", Verbatim),
    ("ll", Verbatim),
    ("lll", Verbatim),
    ("llll", Verbatim),
    ("w", Verbatim),
    ("wo", Verbatim),
    ("ww", Verbatim),
    ("gg", Verbatim),
    ("gggg", Verbatim),
    ("ggggg", Verbatim),
    ("GGGGG", N(Number::IsoWeekYear, Digits(5))),
    ("N", Verbatim),
    ("NN", Verbatim),
    ("NNN", Verbatim),
    ("NNNN", Verbatim),
    ("NNNNN", Verbatim),
    ("y", Verbatim),
    ("yy", Verbatim),
    ("yyy", Verbatim),
    ("yyyy", Verbatim),
];

/// One part of a compiled pattern.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Field(Field),
}

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    parts: Vec<Part>,
}

impl Pattern {
    /// Compiles; every text is a pattern.
    pub(super) fn compile(source: &str) -> Self {
        let mut pattern = Self { parts: Vec::new() };
        let mut rest = source;
        while let Some(first) = rest.chars().next() {
            let taken = pattern.take_first(first, rest);
            rest = &rest[taken..];
        }
        pattern
    }

    /// How often its text changes at most, in milliseconds: 1 or 1000.
    pub(super) fn step_ms(&self) -> u64 {
        let is_fine = |part: &Part| {
            matches!(
                part,
                Part::Field(Fraction(_) | Field::Number(Number::Millis, _))
            )
        };
        if self.parts.iter().any(is_fine) {
            1
        } else {
            1000
        }
    }

    /// Writes the moment to `text`.
    pub(super) fn render(&self, moment: &Moment, text: &mut String) {
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Field(field) => moment.write(*field, text),
            }
        }
    }

    /// Takes the first part of `rest`, which begins with `first`; returns its length in bytes.
    fn take_first(&mut self, first: char, rest: &str) -> usize {
        if let Some((escaped, _)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            self.literal(escaped);
            return escaped.len() + 2;
        }
        let longest = FIELDS
            .iter()
            .filter(|(name, _)| rest.starts_with(name))
            .max_by_key(|(name, _)| name.len());
        match longest {
            Some((name, Verbatim)) => {
                self.literal(name);
                name.len()
            }
            Some((name, field)) => {
                self.parts.push(Part::Field(*field));
                name.len()
            }
            None => {
                let len = first.len_utf8();
                self.literal(&rest[..len]);
                len
            }
        }
    }

    fn literal(&mut self, more: &str) {
        if let Some(Part::Literal(literal)) = self.parts.last_mut() {
            literal.push_str(more);
        } else {
            self.parts.push(Part::Literal(more.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::{TimeZone, offset};
    use proptest::prelude::*;

    use super::*;

    /// Saturday, 2026-08-01 00:05:09.042, an hour east of Greenwich.
    const EARLY: u64 = 1_785_539_109_042;

    #[test]
    fn the_patterns_that_people_use_are_understood() {
        let cases = [
            ("YYYY-MM-DD HH:mm:ss Z", "2026-08-01 00:05:09 +01:00"),
            ("YYYY-MM-DDTHH:mm:ss", "2026-08-01T00:05:09"),
            ("YYYY-MM-DD HH:mm:ss.SSS", "2026-08-01 00:05:09.042"),
            ("YYYY-MM-DDTHH:mm:ss.SSSZZ", "2026-08-01T00:05:09.042+0100"),
            ("DD/MM/YY, h:mm:ss A", "01/08/26, 12:05:09 AM"),
            ("ddd MMM D YYYY", "Sat Aug 1 2026"),
            (
                "dddd, MMMM Do YYYY [at] hh:mm a",
                "Saturday, August 1st 2026 at 12:05 am",
            ),
            ("X x", "1785539109 1785539109042"),
        ];
        for (pattern, expected) in cases {
            assert_eq!(rendered(pattern, EARLY), expected, "{pattern}");
        }
    }

    #[test]
    fn every_letter_of_the_language_has_its_meaning() {
        let cases = [
            ("M Mo MM MMM MMMM", "8 8th 08 Aug August"),
            ("D Do DD DDD DDDo DDDD", "1 1st 01 213 213th 213"),
            ("d do dd ddd dddd e E", "6 6th Sa Sat Saturday 6 6"),
            (
                "Q Qo W Wo WW GG GGGG GGGGG",
                "3 3rd 31 31st 31 26 2026 02026",
            ),
            ("YY YYYY YYYYY YYYYYY Y", "26 2026 02026 +002026 2026"),
            ("H HH h hh k kk", "0 00 12 12 24 24"),
            ("m mm s ss S SS SSS SSSS", "5 05 9 09 0 04 042 0420"),
            ("SSSSSSSSS", "042000000"),
            ("Z ZZ", "+01:00 +0100"),
        ];
        for (pattern, expected) in cases {
            assert_eq!(rendered(pattern, EARLY), expected, "{pattern}");
        }
    }

    #[test]
    fn what_stands_for_nothing_stands_for_itself() {
        assert_eq!(rendered("[YYYY] [a][", EARLY), "YYYY a[");
        assert_eq!(rendered("L LTS ll w gggg", EARLY), "L LTS ll w gggg");
        assert_eq!(rendered("→ T", EARLY), "→ T");
    }

    #[test]
    fn ordinals_follow_english() {
        let day = |n: u64| rendered("Do", EARLY + (n - 1) * 86_400_000);
        let shown: Vec<String> = [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 31].map(day).to_vec();
        assert_eq!(
            shown.join(" "),
            "1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 23rd 31st"
        );
    }

    #[test]
    fn a_zone_west_of_greenwich_and_off_the_hour_has_its_sign_and_minutes() {
        let zone = TimeZone::fixed(jiff::tz::Offset::from_seconds(-(3 * 3600 + 30 * 60)).unwrap());
        let mut text = String::new();
        Pattern::compile("HH:mm Z ZZ").render(&Moment::new(EARLY, &zone), &mut text);
        assert_eq!(text, "19:35 -03:30 -0330");
    }

    #[test]
    fn summer_time_is_followed() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let pattern = Pattern::compile("HH:mm Z z");
        let mut text = String::new();
        pattern.render(&Moment::new(1_774_745_999_000, &zone), &mut text);
        text.push('|');
        pattern.render(&Moment::new(1_774_746_000_000, &zone), &mut text);
        assert_eq!(text, "01:59 +01:00 CET|03:00 +02:00 CEST");
    }

    proptest! {
        #[test]
        fn every_text_is_a_pattern_and_every_time_can_be_shown(
            source in "[\\PC\\[\\]YMDdHhmsSXxZzAaQWG]{0,30}",
            now in any::<u64>(),
        ) {
            let mut text = String::new();
            Pattern::compile(&source).render(&Moment::new(now, &TimeZone::UTC), &mut text);
        }
    }

    fn rendered(pattern: &str, now: u64) -> String {
        let zone = TimeZone::fixed(offset(1));
        let mut text = String::new();
        Pattern::compile(pattern).render(&Moment::new(now, &zone), &mut text);
        text
    }
}
