//! A head, cut into its first line and its fields.

use std::ops::Range;

use memchr::memchr;

use super::rewritten::Rewritten;

/// A head, of which the first line at least is there.
#[derive(Debug)]
pub(super) struct Head<'a> {
    /// All bytes, those before and behind the head as well.
    bytes: &'a [u8],
    /// The first line, with its end.
    first_line: Range<usize>,
    /// The fields whose lines have all ended, in their order.
    fields: Vec<Field<'a>>,
    /// Where the empty line has ended; nothing where it is still to come.
    pub(super) end: Option<usize>,
}

/// One field. Its places count from the beginning of all bytes.
#[derive(Debug)]
struct Field<'a> {
    name: &'a [u8],
    /// Its value, with the ends of folded lines and with the spaces around it.
    value: Range<usize>,
    /// All its lines, with their ends.
    lines: Range<usize>,
}

/// What the fields `Connection` say about the connection after this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// It ends.
    Close,
    /// It becomes something else.
    Upgrade,
    /// It is kept, or nothing.
    Nothing,
}

impl<'a> Head<'a> {
    /// Cuts the head that begins at `start`. Nothing where its first line has not ended, and where
    /// spaces begin the second: a line before these would be continued by them.
    pub(super) fn cut(bytes: &'a [u8], start: usize) -> Option<Self> {
        let first_end = line_end(bytes, start)?;
        if continues(bytes, first_end) {
            return None;
        }
        let mut head = Self {
            bytes,
            first_line: start..first_end,
            fields: Vec::new(),
            end: None,
        };
        head.cut_fields();
        Some(head)
    }

    fn cut_fields(&mut self) {
        let mut at = self.first_line.end;
        while let Some(mut next) = line_end(self.bytes, at) {
            if [&b"\n"[..], b"\r\n"].contains(&&self.bytes[at..next]) {
                self.end = Some(next);
                return;
            }
            while continues(self.bytes, next) {
                let Some(folded) = line_end(self.bytes, next) else {
                    return;
                };
                next = folded;
            }
            self.fields.extend(Field::of(self.bytes, at..next));
            at = next;
        }
    }

    /// What is said about the connection; that it ends outweighs the rest.
    pub(super) fn says(&self) -> Says {
        let named = |word: &[u8]| {
            self.values(b"connection")
                .flat_map(|value| value.split(|byte| *byte == b','))
                .any(|option| option.trim_ascii().eq_ignore_ascii_case(word))
        };
        if named(b"close") {
            Says::Close
        } else if named(b"upgrade") {
            Says::Upgrade
        } else {
            Says::Nothing
        }
    }

    /// The values of the fields of this name, which is given in small letters.
    pub(super) fn values(&self, name: &[u8]) -> impl Iterator<Item = &'a [u8]> {
        let of_that_name = self.fields.iter().filter(move |it| it.is(name));
        of_that_name.map(|it| &self.bytes[it.value.clone()])
    }

    /// All bytes, with the word in this head and nothing in it that contradicts.
    pub(super) fn with_close(&self) -> Rewritten {
        let cuts = self.fields.iter().flat_map(|it| self.contradicting(it));
        let word = match self.bytes[..self.first_line.end] {
            [.., b'\r', b'\n'] => &b"Connection: close\r\n"[..],
            _ => &b"Connection: close\n"[..],
        };
        Rewritten::new(self.bytes, &self.first_line, word, cuts.collect())
    }

    /// What of a field must go.
    fn contradicting(&self, field: &Field<'_>) -> Vec<Range<usize>> {
        // What comes may continue the last line; were that gone, it would continue another field.
        if field.lines.end == self.bytes.len() {
            return Vec::new();
        }
        if field.is(b"keep-alive") {
            return vec![field.lines.clone()];
        }
        if !field.is(b"connection") {
            return Vec::new();
        }
        let options = options(self.bytes, &field.value);
        let goes = |option: &Range<usize>| {
            self.bytes[option.clone()]
                .trim_ascii()
                .eq_ignore_ascii_case(b"keep-alive")
        };
        if !options.iter().any(goes) {
            return Vec::new();
        }
        let stays =
            |it: &Range<usize>| !goes(it) && !self.bytes[it.clone()].trim_ascii().is_empty();
        if !options.iter().any(stays) {
            return vec![field.lines.clone()];
        }
        let first_kept = options.iter().position(|it| !goes(it)).unwrap_or(0);
        let numbered = options.iter().enumerate();
        // With the comma behind it, until there is one before it that stays.
        let with_comma = |(place, it): (usize, &Range<usize>)| {
            if place < first_kept {
                it.start..it.end + 1
            } else {
                it.start - 1..it.end
            }
        };
        numbered
            .filter(|(_, it)| goes(it))
            .map(with_comma)
            .collect()
    }
}

impl<'a> Field<'a> {
    /// Nothing where there is no colon: such a line is nobody's field.
    fn of(bytes: &'a [u8], lines: Range<usize>) -> Option<Self> {
        let text = &bytes[lines.clone()];
        let colon = memchr(b':', text)?;
        let end = lines.end - (text.len() - text.trim_ascii_end().len());
        let value = lines.start + colon + 1;
        Some(Self {
            name: text[..colon].trim_ascii(),
            value: value..end.max(value),
            lines,
        })
    }

    /// Whether this is its name, given in small letters.
    fn is(&self, name: &[u8]) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The parts of a list between its commas, each at its place.
fn options(bytes: &[u8], list: &Range<usize>) -> Vec<Range<usize>> {
    let mut at = list.start;
    let parts = bytes[list.clone()].split(|byte| *byte == b',');
    let placed = parts.map(|part| {
        let start = at;
        at += part.len() + 1;
        start..start + part.len()
    });
    placed.collect()
}

/// Where the line that begins at `at` has ended.
pub(super) fn line_end(bytes: &[u8], at: usize) -> Option<usize> {
    let text = bytes.get(at..)?;
    memchr(b'\n', text).map(|place| at + place + 1)
}

/// Whether the line at this place continues the one before.
fn continues(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at), Some(b' ' | b'\t'))
}
