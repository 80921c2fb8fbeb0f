//! The time before each line.
//!
//! A pattern is compiled once, rendered when its text would differ from the last one (once a
//! second, or a millisecond where it shows fractions), and copied before each line. Streams with
//! the same pattern share one stamper.

mod pattern;
mod render;

use std::cell::RefCell;
use std::rc::Rc;

use jiff::tz::TimeZone;
use memchr::memchr_iter;

use self::pattern::Pattern;
use self::render::Moment;
use super::cut::Lines;

/// Puts the time before lines.
#[derive(Debug)]
pub(super) struct Stamper {
    source: String,
    pattern: Pattern,
    zone: TimeZone,
    /// The moment of `text` in units of [`Pattern::step_ms`]; none before the first.
    rendered: Option<u64>,
    /// The stamp with what separates it from the line.
    text: Vec<u8>,
}

impl Stamper {
    /// One for a pattern in moment.js's language, see [`pattern`].
    pub(super) fn new(source: &str, zone: TimeZone) -> Self {
        Self {
            source: source.to_owned(),
            pattern: Pattern::compile(source),
            zone,
            rendered: None,
            text: Vec::new(),
        }
    }

    /// Appends the lines to `page`, each after `<stamp>: `. Source: PM2, `log_date_format`.
    ///
    /// `now_ms` counts from 1970.
    pub(super) fn stamp(&mut self, now_ms: u64, lines: Lines<'_>, page: &mut Vec<u8>) {
        self.render(now_ms);
        page.extend_from_slice(&self.text);
        page.extend_from_slice(lines.head);
        let mut from = 0;
        for newline in memchr_iter(b'\n', lines.body) {
            if from > 0 {
                page.extend_from_slice(&self.text);
            }
            page.extend_from_slice(&lines.body[from..=newline]);
            from = newline + 1;
        }
    }

    /// Brings `text` up to date.
    fn render(&mut self, now_ms: u64) {
        let step = now_ms / self.pattern.step_ms();
        if self.rendered == Some(step) {
            return;
        }
        let mut text = String::with_capacity(self.text.len());
        self.pattern
            .render(&Moment::new(now_ms, &self.zone), &mut text);
        text.push_str(": ");
        self.text = text.into_bytes();
        self.rendered = Some(step);
    }
}

/// The stampers that are in use, one a pattern.
#[derive(Debug)]
pub(super) struct Stampers {
    zone: TimeZone,
    made: Vec<Rc<RefCell<Stamper>>>,
}

impl Stampers {
    /// None yet, for this time zone.
    pub(super) const fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            made: Vec::new(),
        }
    }

    /// The stamper for this pattern. Those that nobody uses any more are forgotten.
    pub(super) fn get(&mut self, source: &str) -> Rc<RefCell<Stamper>> {
        self.made.retain(|stamper| Rc::strong_count(stamper) > 1);
        let known = self.made.iter().find(|made| made.borrow().source == source);
        if let Some(stamper) = known {
            return Rc::clone(stamper);
        }
        let stamper = Rc::new(RefCell::new(Stamper::new(source, self.zone.clone())));
        self.made.push(Rc::clone(&stamper));
        stamper
    }

    /// The machine is in this time zone from here on.
    pub(super) fn moved(&mut self, zone: &TimeZone) {
        self.zone = zone.clone();
        for stamper in &self.made {
            let mut stamper = stamper.borrow_mut();
            stamper.zone = zone.clone();
            stamper.rendered = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u64 = 1_788_091_200_000;

    #[test]
    fn every_line_gets_its_stamp_the_empty_and_the_begun_one_too() {
        let mut stamper = Stamper::new("HH:mm:ss", TimeZone::UTC);
        let mut page = Vec::new();
        let lines = Lines {
            head: b"be",
            body: b"gun\n\nlast\n",
        };
        stamper.stamp(NOON, lines, &mut page);
        let text = String::from_utf8(page).unwrap();
        assert_eq!(text, "12:00:00: begun\n12:00:00: \n12:00:00: last\n");
    }

    #[test]
    fn a_stamp_is_rendered_anew_when_its_text_changes_and_not_before() {
        let mut seconds = Stamper::new("ss", TimeZone::UTC);
        let mut millis = Stamper::new("ss.SSS", TimeZone::UTC);
        let shown = |stamper: &mut Stamper, now| {
            stamper.render(now);
            String::from_utf8(stamper.text.clone()).unwrap()
        };
        assert_eq!(shown(&mut seconds, NOON), "00: ");
        seconds.text = b"reused".to_vec();
        assert_eq!(shown(&mut seconds, NOON + 999), "reused");
        assert_eq!(shown(&mut seconds, NOON + 1000), "01: ");
        assert_eq!(shown(&mut millis, NOON + 7), "00.007: ");
        assert_eq!(shown(&mut millis, NOON + 8), "00.008: ");
    }

    #[test]
    fn streams_with_one_pattern_share_a_stamper_that_goes_with_the_last_of_them() {
        let mut stampers = Stampers::new(TimeZone::UTC);
        let one = stampers.get("HH");
        assert!(Rc::ptr_eq(&one, &stampers.get("HH")));
        let other = stampers.get("mm");
        assert!(!Rc::ptr_eq(&one, &other));
        drop((one, other));
        drop(stampers.get("ss"));
        assert_eq!(stampers.made.len(), 1);
    }

    #[test]
    fn a_new_time_zone_shows_at_once() {
        let mut stampers = Stampers::new(TimeZone::UTC);
        let stamper = stampers.get("HH Z");
        stamper.borrow_mut().render(NOON);
        stampers.moved(&TimeZone::fixed(jiff::tz::offset(2)));
        stamper.borrow_mut().render(NOON);
        assert_eq!(stamper.borrow().text, b"14 +02:00: ");
    }
}
