//! The last lines of a stream, to be shown when its run has died.
//!
//! They are kept as one block of bytes, no larger than what is in it asks for, since there are
//! hundreds of quiet streams. A single long line (a bundle's source in a stack trace, say) keeps
//! its beginning only, so that it does not drive out the lines that explain it.

use memchr::{memchr, memchr_iter, memrchr_iter};

use super::cut::Lines;

/// How many lines are kept: as many as Node prints for an error that nobody caught.
const LINES_MAX: usize = 32;

/// How much of each is kept, in bytes: all of them together stay within 8 KiB.
const LINE_KEPT: usize = 8 * 1024 / LINES_MAX - 1;

/// The last lines of one stream.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// Whole lines, oldest first, each ended by a newline.
    bytes: Vec<u8>,
    /// How many newlines `bytes` has, at most [`LINES_MAX`].
    lines: usize,
}

impl Tail {
    /// Takes whole lines in.
    pub(super) fn push(&mut self, new: Lines<'_>) {
        match memrchr_iter(b'\n', new.body).nth(LINES_MAX) {
            Some(before) => {
                self.bytes.clear();
                self.lines = 0;
                self.push_body(&new.body[before + 1..]);
            }
            None => {
                self.bytes
                    .extend_from_slice(&new.head[..new.head.len().min(LINE_KEPT)]);
                self.push_first(new);
            }
        }
    }

    /// The lines as text, oldest first; bytes that are not UTF-8 are replaced.
    pub(super) fn lines(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.bytes)
            .lines()
            .map(str::to_owned)
            .collect()
    }

    /// Takes in the end of a line whose head is in, and the lines after it.
    fn push_first(&mut self, new: Lines<'_>) {
        let first = memchr(b'\n', new.body).map_or(new.body.len(), |at| at + 1);
        let room = LINE_KEPT.saturating_sub(new.head.len());
        self.push_line(&new.body[..first], room);
        self.push_body(&new.body[first..]);
    }

    /// Takes in lines that have no head.
    fn push_body(&mut self, body: &[u8]) {
        let mut from = 0;
        for newline in memchr_iter(b'\n', body) {
            self.push_line(&body[from..=newline], LINE_KEPT);
            from = newline + 1;
        }
    }

    /// Takes in one line with its newline; at most `room` bytes of it.
    fn push_line(&mut self, line: &[u8], room: usize) {
        let content = &line[..line.len() - 1];
        self.bytes
            .extend_from_slice(&content[..content.len().min(room)]);
        self.bytes.push(b'\n');
        if self.lines < LINES_MAX {
            self.lines += 1;
        } else if let Some(first) = memchr(b'\n', &self.bytes) {
            self.bytes.drain(..=first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_stay_however_they_come() {
        let all: Vec<String> = (0..100).map(|n| format!("line {n}")).collect();
        for batch in [1, 3, LINES_MAX - 1, LINES_MAX, LINES_MAX + 1, 100] {
            let mut tail = Tail::default();
            for lines in all.chunks(batch) {
                push(&mut tail, b"", format!("{}\n", lines.join("\n")).as_bytes());
            }
            assert_eq!(tail.lines(), all[100 - LINES_MAX..], "{batch} at a time");
        }
    }

    #[test]
    fn a_line_in_two_pieces_is_one_line() {
        let mut tail = Tail::default();
        push(&mut tail, b"be", b"gun\nnext\n");
        assert_eq!(tail.lines(), ["begun", "next"]);
    }

    #[test]
    fn a_long_line_keeps_its_beginning_and_drives_nothing_out() {
        let mut tail = Tail::default();
        push(&mut tail, b"", b"why\n");
        push(
            &mut tail,
            &[b'x'; 200],
            &[&[b'y'; 5000][..], b"\n"].concat(),
        );
        push(&mut tail, &[b'z'; 5000], b"zz\n");
        let lines = tail.lines();
        assert_eq!(lines[0], "why");
        assert_eq!(lines[1].len(), LINE_KEPT);
        assert!(lines[1].ends_with('y'));
        assert_eq!(lines[2], "z".repeat(LINE_KEPT));
    }

    #[test]
    fn it_never_takes_more_than_eight_kibibytes() {
        let mut tail = Tail::default();
        for _ in 0..50 {
            push(&mut tail, b"", &[&[b'x'; 9000][..], b"\n"].concat());
        }
        assert!(tail.bytes.len() <= 8 * 1024);
    }

    #[test]
    fn what_is_not_text_is_shown_all_the_same() {
        let mut tail = Tail::default();
        push(&mut tail, b"", b"caf\xff\r\n");
        assert_eq!(tail.lines(), ["caf\u{fffd}"]);
    }

    fn push(tail: &mut Tail, head: &[u8], body: &[u8]) {
        tail.push(Lines { head, body });
    }
}
