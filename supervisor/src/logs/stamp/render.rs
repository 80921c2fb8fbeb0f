//! A moment on the wall, and each thing that a pattern can show of it.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::pattern::{Field, Style};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// From Sunday, as moment.js counts.
const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// What can be shown as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    Year,
    Quarter,
    Month,
    Day,
    DayOfYear,
    /// Sunday is 0.
    Weekday,
    /// Monday is 1, Sunday 7.
    IsoWeekday,
    IsoWeek,
    IsoWeekYear,
    /// `0..=23`.
    Hour,
    /// `1..=12`.
    Hour12,
    /// `1..=24`.
    Hour24,
    Minute,
    Second,
    /// Since 1970.
    Seconds,
    /// Since 1970.
    Millis,
}

/// What can be shown as words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    MonthShort,
    Month,
    WeekdayTwo,
    WeekdayThree,
    Weekday,
    MeridiemUpper,
    MeridiemLower,
    /// `+01:00`.
    Offset,
    /// `+0100`.
    OffsetBare,
    /// `CET`.
    Zone,
}

/// One moment as the clock on the wall shows it.
#[derive(Debug)]
pub(super) struct Moment {
    since_1970_ms: i64,
    civil: DateTime,
    /// East of Greenwich, in seconds.
    offset: i32,
    zone: String,
}

impl Moment {
    /// The moment `now_ms` after 1970; one that no calendar has counts as 1970.
    pub(super) fn new(now_ms: u64, zone: &TimeZone) -> Self {
        let timestamp = i64::try_from(now_ms)
            .ok()
            .and_then(|ms| Timestamp::from_millisecond(ms).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let info = zone.to_offset_info(timestamp);
        Self {
            since_1970_ms: timestamp.as_millisecond(),
            civil: info.offset().to_datetime(timestamp),
            offset: info.offset().seconds(),
            zone: info.abbreviation().to_owned(),
        }
    }

    /// Appends one thing of it to `text`.
    pub(super) fn write(&self, field: Field, text: &mut String) {
        match field {
            Field::Number(number, style) => write_number(self.number(number), style, text),
            Field::Text(words) => self.write_text(words, text),
            Field::Fraction(digits) => {
                let nanos = format!("{:03}000000", self.civil.millisecond());
                text.push_str(&nanos[..digits]);
            }
            Field::Verbatim => {}
        }
    }

    fn number(&self, number: Number) -> i64 {
        let civil = &self.civil;
        let hour = i64::from(civil.hour());
        match number {
            Number::Year => civil.year().into(),
            Number::Quarter => i64::from((civil.month() - 1) / 3 + 1),
            Number::Month => civil.month().into(),
            Number::Day => civil.day().into(),
            Number::DayOfYear => civil.day_of_year().into(),
            Number::Weekday => civil.weekday().to_sunday_zero_offset().into(),
            Number::IsoWeekday => civil.weekday().to_monday_one_offset().into(),
            Number::IsoWeek => civil.date().iso_week_date().week().into(),
            Number::IsoWeekYear => civil.date().iso_week_date().year().into(),
            Number::Hour => hour,
            Number::Hour12 => (hour + 11) % 12 + 1,
            Number::Hour24 => (hour + 23) % 24 + 1,
            Number::Minute => civil.minute().into(),
            Number::Second => civil.second().into(),
            Number::Seconds => self.since_1970_ms.div_euclid(1000),
            Number::Millis => self.since_1970_ms,
        }
    }

    fn write_text(&self, words: Text, text: &mut String) {
        match words {
            Text::Month => text.push_str(self.month()),
            Text::MonthShort => text.push_str(&self.month()[..3]),
            Text::Weekday => text.push_str(self.weekday()),
            Text::WeekdayTwo => text.push_str(&self.weekday()[..2]),
            Text::WeekdayThree => text.push_str(&self.weekday()[..3]),
            Text::MeridiemUpper => text.push_str(if self.civil.hour() < 12 { "AM" } else { "PM" }),
            Text::MeridiemLower => text.push_str(if self.civil.hour() < 12 { "am" } else { "pm" }),
            Text::Offset => self.write_offset(":", text),
            Text::OffsetBare => self.write_offset("", text),
            Text::Zone => text.push_str(&self.zone),
        }
    }

    fn month(&self) -> &'static str {
        MONTHS[usize::from(self.civil.month().unsigned_abs()) - 1]
    }

    fn weekday(&self) -> &'static str {
        WEEKDAYS[usize::from(self.civil.weekday().to_sunday_zero_offset().unsigned_abs())]
    }

    fn write_offset(&self, between: &str, text: &mut String) {
        let sign = if self.offset < 0 { '-' } else { '+' };
        let minutes = self.offset.unsigned_abs() / 60;
        put(
            text,
            format_args!("{sign}{:02}{between}{:02}", minutes / 60, minutes % 60),
        );
    }
}

fn write_number(number: i64, style: Style, text: &mut String) {
    match style {
        Style::Digits(width) => put(text, format_args!("{number:0width$}")),
        Style::Signed => put(text, format_args!("{number:+07}")),
        Style::LastTwo => put(text, format_args!("{:02}", number.rem_euclid(100))),
        Style::Ordinal => put(text, format_args!("{number}{}", ordinal(number))),
    }
}

const fn ordinal(number: i64) -> &'static str {
    match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    }
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what)
        .expect("a text takes whatever is written to it");
}
