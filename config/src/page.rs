//! The text of a configuration, and where in it something stands.
//!
//! Parsers speak of bytes or of characters, people of lines and columns. A [`Page`] knows the
//! text and translates; it also cuts out the line that a finding is about.

use std::ops::Range;

use crate::finding::Excerpt;

/// How many characters of a long line are shown.
const EXCERPT_CHARS_MAX: usize = 160;

/// A text with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// How the person named it.
    pub(crate) name: String,
    /// The text itself, without a byte order mark.
    pub(crate) text: String,
    /// Where each line begins, in order; the first at 0.
    lines: Vec<usize>,
}

/// A stretch of a page as people count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The line, counted from 1.
    pub(crate) line: u32,
    /// The column in characters, counted from 1.
    pub(crate) column: u32,
    /// The whole line in bytes of the text, without its end.
    pub(crate) range: Range<usize>,
    /// The line, and how much of it is meant.
    pub(crate) excerpt: Excerpt,
}

impl Page {
    /// Takes a text in.
    #[must_use]
    pub(crate) fn new(name: impl Into<String>, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            name: name.into(),
            lines: [0].into_iter().chain(starts).collect(),
            text,
        }
    }

    /// Where a range of bytes stands. What lies beyond the text counts as its end; a range over
    /// several lines is shown up to the end of its first.
    #[must_use]
    pub(crate) fn spot(&self, range: &Range<usize>) -> Spot {
        let start = self.floor(range.start);
        let end = self.floor(range.end).max(start);
        let nth = self.lines.partition_point(|at| *at <= start);
        let line_start = self.lines[nth - 1];
        let line_end = self.text[start..]
            .find('\n')
            .map_or(self.text.len(), |at| start + at);
        let line = self.text[line_start..line_end].trim_end_matches('\r');
        let before = chars(&self.text[line_start..start]);
        let width = chars(&self.text[start..end.min(line_start + line.len()).max(start)]).max(1);
        Spot {
            line: counted(nth),
            column: counted(before + 1),
            range: line_start..line_start + line.len(),
            excerpt: excerpt(line, before, width),
        }
    }

    /// Where a line and column stand, both counted from 1, the column in characters.
    #[must_use]
    pub(crate) fn spot_at(&self, line: u32, column: u32) -> Spot {
        let wanted = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        let start = self.lines.get(wanted).copied();
        let start = start.unwrap_or(self.text.len());
        let skipped = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
        let inside: usize = self.text[start..]
            .chars()
            .take(skipped)
            .take_while(|c| *c != '\n')
            .map(char::len_utf8)
            .sum();
        self.spot(&(start + inside..start + inside))
    }

    /// The last place at or before a byte where a character begins.
    fn floor(&self, byte: usize) -> usize {
        let mut at = byte.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

/// The line, or the part of a long one around what is meant.
fn excerpt(line: &str, before: usize, width: usize) -> Excerpt {
    if chars(line) <= EXCERPT_CHARS_MAX {
        return Excerpt {
            text: line.to_owned(),
            skip: counted(before),
            width: counted(width),
        };
    }
    let from = before.saturating_sub(EXCERPT_CHARS_MAX / 2);
    let text: String = line.chars().skip(from).take(EXCERPT_CHARS_MAX).collect();
    let skip = before - from;
    Excerpt {
        width: counted(width.min(chars(&text).saturating_sub(skip)).max(1)),
        skip: counted(skip),
        text,
    }
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

fn counted(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_may_end_in_either_way() {
        let page = Page::new("x", "a\r\n✓ = äb\r\nlast");
        let at = page.text.find('b').unwrap();
        let spot = page.spot(&(at..at + 1));
        assert_eq!((spot.line, spot.column), (2, 6));
        assert_eq!(spot.excerpt.text, "✓ = äb");
        assert_eq!(page.spot_at(2, 6), page.spot(&(at..at)));
    }

    proptest::proptest! {
        #[test]
        fn any_range_of_any_text_has_a_place(text in "[a\r\n\u{e9}\t]{0,16}", from in 0..20usize, to in 0..20usize) {
            let page = Page::new("x", &text);
            let spot = page.spot(&(from..to));
            let again = page.spot_at(spot.line, spot.column);
            proptest::prop_assert_eq!((again.line, again.column), (spot.line, spot.column));
        }
    }

    #[test]
    fn a_place_beyond_the_text_is_its_end() {
        let page = Page::new("x", "ab");
        assert_eq!(page.spot(&(7..9)).column, 3);
        assert_eq!(page.spot_at(9, 9).line, 1);
    }

    #[test]
    fn of_a_long_line_the_part_around_the_mistake_is_shown() {
        let text = format!("{}HERE{}", "-".repeat(5000), "-".repeat(5000));
        let spot = Page::new("x", &text).spot(&(5000..5004));
        let shown: String = spot
            .excerpt
            .text
            .chars()
            .skip(spot.excerpt.skip as usize)
            .take(spot.excerpt.width as usize)
            .collect();
        assert_eq!(shown, "HERE");
        assert!(spot.excerpt.text.len() <= 160);
    }
}
