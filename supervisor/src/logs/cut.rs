//! Bytes in, whole lines out, however the bytes were chopped up on their way.
//!
//! A stream has no lines, only chunks. The cutter keeps what has no newline yet and gives out, a
//! chunk at a time, all the lines that are whole, in the two pieces in which they lie in memory, so
//! that nothing is copied to be written. It copes with any bytes: a line is what ends in `\n`.
//!
//! A line longer than [`LINE_MAX`] is cut there: each piece but the last gets [`CUT_MARK`] at its
//! end and becomes a line of its own. So memory is bounded whatever a program prints. Where the cut
//! falls depends on the bytes alone and never on the chunks.

use memchr::{memchr, memrchr};

/// The longest line that stays whole, in bytes, without its newline.
pub(super) const LINE_MAX: usize = 1024 * 1024;

/// What stands at the end of a piece whose line goes on in the next one.
pub(super) const CUT_MARK: &[u8] = b" <wsd: longer than 1 MiB, goes on below>";

/// How much of an unfinished line's memory is kept for the next one.
const KEPT_MAX: usize = 64 * 1024;

/// One or more whole lines: `head` followed by `body`. The head, often empty, holds no newline; the
/// body ends in one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines<'a> {
    /// The beginning of the first line, from earlier chunks.
    pub(super) head: &'a [u8],
    /// All the rest.
    pub(super) body: &'a [u8],
}

/// What one stream has begun and not ended.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    /// The unfinished line: no newline in it, at most [`LINE_MAX`] bytes. Without memory while
    /// there is none.
    rest: Vec<u8>,
}

impl Cutter {
    /// Takes a chunk in and hands the lines that are whole with it to `sink`: once, or not at all.
    pub(super) fn take(&mut self, chunk: &[u8], sink: impl FnOnce(Lines<'_>)) {
        if self.rest.len() + chunk.len() > LINE_MAX {
            return self.take_long(chunk, sink);
        }
        let Some(last) = memrchr(b'\n', chunk) else {
            self.rest.extend_from_slice(chunk);
            return;
        };
        let (body, rest) = chunk.split_at(last + 1);
        sink(Lines {
            head: &self.rest,
            body,
        });
        self.keep(rest);
    }

    /// Ends the stream: an unfinished line is given a newline and handed to `sink`.
    pub(super) fn end(&mut self, sink: impl FnOnce(Lines<'_>)) {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            sink(Lines {
                head: &rest,
                body: b"\n",
            });
        }
    }

    /// Replaces the unfinished line.
    fn keep(&mut self, rest: &[u8]) {
        if rest.is_empty() || self.rest.capacity() > KEPT_MAX {
            self.rest = rest.to_vec();
        } else {
            self.rest.clear();
            self.rest.extend_from_slice(rest);
        }
    }

    /// [`Cutter::take`] where a line may be too long: line by line, and by copying.
    fn take_long(&mut self, chunk: &[u8], sink: impl FnOnce(Lines<'_>)) {
        let mut all = std::mem::take(&mut self.rest);
        all.extend_from_slice(chunk);
        let mut body = Vec::new();
        let mut rest = all.as_slice();
        while let Some(piece) = Piece::first_of(rest) {
            let (line, after) = rest.split_at(piece.len);
            body.extend_from_slice(line);
            if piece.is_cut {
                body.extend_from_slice(CUT_MARK);
                body.push(b'\n');
            }
            rest = after;
        }
        if body.is_empty() {
            self.rest = all;
            return;
        }
        self.rest = rest.to_vec();
        sink(Lines {
            head: &[],
            body: &body,
        });
    }
}

/// The first line of some bytes, or as much of it as may be one.
struct Piece {
    /// With its newline where it is not cut.
    len: usize,
    is_cut: bool,
}

impl Piece {
    /// None where the line is not whole and may still become so.
    fn first_of(bytes: &[u8]) -> Option<Self> {
        let near = &bytes[..bytes.len().min(LINE_MAX + 1)];
        if let Some(newline) = memchr(b'\n', near) {
            return Some(Self {
                len: newline + 1,
                is_cut: false,
            });
        }
        (near.len() > LINE_MAX).then(|| Self {
            len: cut_before(near),
            is_cut: true,
        })
    }
}

/// Where to cut a line whose byte number [`LINE_MAX`] is there: not within a character of UTF-8.
fn cut_before(line: &[u8]) -> usize {
    let starts = |at: &usize| line[*at] & 0b1100_0000 != 0b1000_0000;
    (LINE_MAX - 3..=LINE_MAX)
        .rev()
        .find(starts)
        .unwrap_or(LINE_MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_waits_for_its_newline_and_the_last_one_is_ended() {
        let mut cutter = Cutter::default();
        assert_eq!(taken(&mut cutter, b"one\ntw"), b"one\n");
        assert_eq!(taken(&mut cutter, b"o"), b"");
        assert_eq!(taken(&mut cutter, b"\n\n\xff"), b"two\n\n");
        assert_eq!(ended(&mut cutter), b"\xff\n");
        assert_eq!(ended(&mut cutter), b"");
    }

    #[test]
    fn a_line_of_the_greatest_length_stays_whole_and_one_byte_more_is_cut() {
        let mut line = vec![b'x'; LINE_MAX];
        line.push(b'\n');
        assert_eq!(all_lines(&[&line]), line);
        line.insert(0, b'x');
        let mut expected = vec![b'x'; LINE_MAX];
        expected.extend_from_slice(CUT_MARK);
        expected.extend_from_slice(b"\nx\n");
        assert!(all_lines(&[&line]) == expected);
    }

    #[test]
    fn a_cut_never_falls_within_a_character() {
        let mut line = vec![b'x'; LINE_MAX - 1];
        line.extend_from_slice("€uro\n".as_bytes());
        let cut = all_lines(&[&line]);
        let text = String::from_utf8(cut).unwrap();
        assert!(text.ends_with(">\n€uro\n"), "{}", &text[LINE_MAX - 1..]);
    }

    #[test]
    fn an_endless_line_needs_memory_for_one_piece_and_an_idle_stream_none() {
        let mut cutter = Cutter::default();
        let chunk = vec![b'x'; 64 * 1024];
        for _ in 0..1600 {
            cutter.take(&chunk, |_| ());
            assert!(cutter.rest.capacity() <= 2 * LINE_MAX + chunk.len());
        }
        cutter.take(b"\nshort", |_| ());
        assert!(cutter.rest.capacity() <= KEPT_MAX);
        cutter.take(b"\n", |_| ());
        assert_eq!(cutter.rest.capacity(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_way_to_chop_a_stream_up_gives_the_same_lines(
            pieces in prop::collection::vec(piece(), 0..12),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        ) {
            let stream = pieces.concat();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            at.extend([0, stream.len()]);
            at.sort_unstable();
            let chunks: Vec<&[u8]> = at.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
            let lines = all_lines(&chunks);
            prop_assert!(lines == all_lines(&[&stream]));
            prop_assert!(without_cuts(&lines) == ended_once(stream));
        }
    }

    /// Bytes of every kind, newlines often, and now and then a run near the greatest length.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            8 => prop::collection::vec(prop_oneof![1 => Just(b'\n'), 3 => any::<u8>()], 0..200),
            1 => (LINE_MAX - 4..LINE_MAX + 4).prop_map(|len| vec![b'x'; len]),
            1 => (LINE_MAX / 3 - 2..LINE_MAX / 3 + 2).prop_map(|n| "é€".repeat(n / 2).into()),
        ]
    }

    /// The stream, its last line ended.
    fn ended_once(mut stream: Vec<u8>) -> Vec<u8> {
        if !stream.is_empty() && !stream.ends_with(b"\n") {
            stream.push(b'\n');
        }
        stream
    }

    /// The lines with the pieces of what was cut joined again.
    fn without_cuts(lines: &[u8]) -> Vec<u8> {
        let mut mark = CUT_MARK.to_vec();
        mark.push(b'\n');
        let mut joined = Vec::new();
        let mut from = 0;
        for at in memchr::memmem::find_iter(lines, &mark) {
            joined.extend_from_slice(&lines[from..at]);
            from = at + mark.len();
        }
        joined.extend_from_slice(&lines[from..]);
        joined
    }

    fn all_lines(chunks: &[&[u8]]) -> Vec<u8> {
        let mut cutter = Cutter::default();
        let mut lines = Vec::new();
        for chunk in chunks {
            lines.extend(taken(&mut cutter, chunk));
        }
        lines.extend(ended(&mut cutter));
        lines
    }

    fn taken(cutter: &mut Cutter, chunk: &[u8]) -> Vec<u8> {
        let mut lines = Vec::new();
        cutter.take(chunk, |whole| lines = [whole.head, whole.body].concat());
        lines
    }

    fn ended(cutter: &mut Cutter) -> Vec<u8> {
        let mut lines = Vec::new();
        cutter.end(|whole| lines = [whole.head, whole.body].concat());
        lines
    }
}
