//! Where the last lines of a file begin, found from its end.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// How much is looked at in one step, in bytes.
const PIECE: u64 = 64 * 1024;

/// The place of the first byte of the last `lines` lines; the start of the file where it has fewer.
/// A last line without an end counts as one.
pub(super) fn start_of_last(file: &File, lines: u64) -> io::Result<u64> {
    let length = file.metadata()?.len();
    if lines == 0 {
        return Ok(length);
    }
    // The end of the last line separates it from nothing.
    let mut before = length.saturating_sub(1);
    let mut to_go = lines;
    let mut piece = vec![0; usize::try_from(PIECE).map_err(io::Error::other)?];
    while before > 0 {
        let from = before.saturating_sub(PIECE);
        let size = usize::try_from(before - from).map_err(io::Error::other)?;
        let looked_at = piece.get_mut(..size).unwrap_or_default();
        file.read_exact_at(looked_at, from)?;
        let ends = (from..before).rev().zip(looked_at.iter().rev());
        for (at, _) in ends.filter(|(_, byte)| **byte == b'\n') {
            to_go -= 1;
            if to_go == 0 {
                return Ok(at + 1);
            }
        }
        before = from;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_last_lines_begin_after_the_end_of_the_one_before() {
        assert_eq!(last("a\nbb\nccc\n", 1), "ccc\n");
        assert_eq!(last("a\nbb\nccc\n", 2), "bb\nccc\n");
        assert_eq!(last("a\nbb\nccc\n", 3), "a\nbb\nccc\n");
        assert_eq!(last("a\nbb\nccc\n", 9), "a\nbb\nccc\n");
        assert_eq!(last("a\nbb\nccc\n", 0), "");
    }

    #[test]
    fn a_line_without_end_and_empty_lines_are_lines() {
        assert_eq!(last("a\nbb\nopen", 1), "open");
        assert_eq!(last("a\n\n\n", 2), "\n\n");
        assert_eq!(last("", 5), "");
        assert_eq!(last("\n", 1), "\n");
    }

    #[test]
    fn a_line_longer_than_one_step_is_found() {
        let long = "x".repeat(200_000);
        let text = format!("first\n{long}\nlast\n");
        assert_eq!(last(&text, 2), format!("{long}\nlast\n"));
    }

    fn last(text: &str, lines: u64) -> String {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let start = start_of_last(&file, lines).unwrap();
        text[usize::try_from(start).unwrap()..].to_owned()
    }
}
