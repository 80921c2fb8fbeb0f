//! `.env` files, read by the rules of the npm package `dotenv`.
//!
//! Those rules are one regular expression, and files in the wild depend on what it happens to
//! accept: an unquoted value with blanks, JSON, backticks, a `#` inside quotes, a value on the
//! line below its name. So this is a scanner that decides as the expression would, branch by
//! branch. Nothing is substituted: `pa$$word` is itself. A line that is no assignment is passed
//! over, as there. One thing is not followed: to the expression, U+2028 within an unquoted value
//! starts a line, and quotes around a part of the value would go.
//!
//! Source: npm `dotenv` 16, `parse` in `lib/main.js`.

/// Reads the text of a `.env` file.
///
/// Shape: in the order of first appearance; a name occurs once, with the value that it got last.
///
/// ```
/// let pairs = config::dotenv::parse("export A='1' # one\nB=two words\n");
/// assert_eq!(pairs, [("A".into(), "1".into()), ("B".into(), "two words".into())]);
/// ```
#[must_use]
pub fn parse(text: &str) -> Vec<(String, String)> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let Some((name, raw, after)) = assignment(rest) else {
            rest = next_line(rest);
            continue;
        };
        let value = unquoted(raw);
        match pairs.iter_mut().find(|(known, _)| known == name) {
            Some(known) => known.1 = value,
            None => pairs.push((name.to_owned(), value)),
        }
        rest = next_line(after);
    }
    pairs
}

/// The name, the raw value and what follows it, when an assignment starts at this line.
fn assignment(line: &str) -> Option<(&str, &str, &str)> {
    let start = after_blanks(line);
    let exported = start
        .strip_prefix("export")
        .filter(|rest| rest.starts_with(is_blank))
        .map(after_blanks);
    let (name, rest) = exported
        .and_then(name_and_rest)
        .or_else(|| name_and_rest(start))?;
    let (raw, after) = value(rest);
    Some((name, raw, after))
}

/// A name and what follows its `=`, or its `:` with one blank.
fn name_and_rest(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let value = after_blanks(rest).strip_prefix('=').or_else(|| {
        let rest = rest.strip_prefix(':')?;
        rest.strip_prefix(is_blank)
    })?;
    (!name.is_empty()).then_some((name, value))
}

/// The raw value at the head of this text, quotes included, and what follows it.
///
/// A quoted value may start after blanks and newlines. Quotes that are not closed, or that
/// something other than a comment follows, are no quotes: then the value is what is left of the
/// line.
fn value(text: &str) -> (&str, &str) {
    let start = text.len() - after_blanks(text).len();
    let quoted = ['\'', '"', '`']
        .into_iter()
        .find(|quote| text[start..].starts_with(*quote))
        .and_then(|quote| closing(text, start, quote));
    let end = quoted.unwrap_or_else(|| text.find(['#', '\n']).unwrap_or(text.len()));
    text.split_at(end)
}

/// Where the value ends whose opening quote is at `start`: behind the last closing quote that
/// only blanks or a comment follow.
///
/// The search goes over escaped quotes to the first plain one; when that one does not end the
/// value, an escaped quote may, and the last of them is tried first.
fn closing(text: &str, start: usize, quote: char) -> Option<usize> {
    let mut candidates = Vec::new();
    let mut escaped = false;
    for (at, c) in text.bytes().enumerate().skip(start + 1) {
        if char::from(c) == quote {
            candidates.push(at + 1);
            if !escaped {
                break;
            }
            escaped = false;
        } else {
            escaped = c == b'\\';
        }
    }
    candidates
        .into_iter()
        .rev()
        .find(|end| ends_line(&text[*end..]))
}

/// Whether only blanks, or blanks and a comment, stand before the end of the line.
fn ends_line(rest: &str) -> bool {
    let blanks = &rest[..rest.len() - after_blanks(rest).len()];
    blanks.contains(is_line_end)
        || blanks.len() == rest.len()
        || rest[blanks.len()..].starts_with('#')
}

/// The value without the blanks and the quotes around it; with `\n` and `\r` read in double quotes.
fn unquoted(raw: &str) -> String {
    let value = raw.trim_matches(is_blank);
    let quote = value
        .chars()
        .next()
        .filter(|c| matches!(c, '\'' | '"' | '`'));
    let Some(quote) = quote else {
        return value.to_owned();
    };
    let inner = value
        .strip_prefix(quote)
        .and_then(|inner| inner.strip_suffix(quote))
        .unwrap_or(value);
    if quote == '"' {
        inner.replace("\\n", "\n").replace("\\r", "\r")
    } else {
        inner.to_owned()
    }
}

/// What follows the end of this line.
fn next_line(text: &str) -> &str {
    text.find(is_line_end).map_or("", |end| {
        let mut rest = text[end..].chars();
        rest.next();
        rest.as_str()
    })
}

/// The text without the blanks at its start; newlines are blanks.
fn after_blanks(text: &str) -> &str {
    text.trim_start_matches(is_blank)
}

/// What `\s` means in JavaScript, which counts the byte order mark.
fn is_blank(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

/// What ends a line for `^` and `$` in JavaScript, once carriage returns are gone.
fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts that a text gives these names and values, in this order.
    #[track_caller]
    fn gives(text: &str, expected: &[(&str, &str)]) {
        let pairs = parse(text);
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(pairs, expected, "from {text:?}");
    }

    #[test]
    fn an_unquoted_value_is_what_is_left_of_the_line() {
        gives(
            "A=b c\nPASS=pa$$word\nURL=http://x/?a=b&c=$HOME",
            &[
                ("A", "b c"),
                ("PASS", "pa$$word"),
                ("URL", "http://x/?a=b&c=$HOME"),
            ],
        );
        gives("JSON={\"a\": [1, 2]}", &[("JSON", "{\"a\": [1, 2]}")]);
        gives(
            "A=  padded  \nB =1\nC= \nD=",
            &[("A", "padded"), ("B", "1"), ("C", ""), ("D", "")],
        );
    }

    #[test]
    fn quotes_keep_blanks_and_comments_and_only_double_ones_read_escapes() {
        gives(r#"A=" x # y " # note"#, &[("A", " x # y ")]);
        gives(
            "A='a\\nb'\nB=\"a\\nb\\r\"\nC=`it's \"x\"`",
            &[("A", "a\\nb"), ("B", "a\nb\r"), ("C", "it's \"x\"")],
        );
    }

    #[test]
    fn a_quoted_value_may_span_lines() {
        gives(
            "KEY=\"-----BEGIN\nabc=\n-----END\"\nNEXT=1",
            &[("KEY", "-----BEGIN\nabc=\n-----END"), ("NEXT", "1")],
        );
    }

    #[test]
    fn quotes_that_are_not_closed_or_are_followed_by_text_belong_to_the_value() {
        gives("A=\"x\nB=2", &[("A", "\"x"), ("B", "2")]);
        gives("A=\"x\" y", &[("A", "\"x\" y")]);
        gives("A='a' 'b'", &[("A", "a' 'b")]);
        gives("A=\"", &[("A", "\"")]);
    }

    #[test]
    fn an_escaped_quote_closes_only_when_no_later_one_does() {
        gives(r#"A="a\"b""#, &[("A", r#"a\"b"#)]);
        gives("A='a\\'\nB=1", &[("A", "a\\"), ("B", "1")]);
    }

    #[test]
    fn a_comment_starts_at_any_unquoted_hash() {
        gives("# A=1\n  # B=2\nC=3#4\nD=#5", &[("C", "3"), ("D", "")]);
    }

    #[test]
    fn export_colons_marks_and_carriage_returns_are_read() {
        gives(
            "\u{feff}export A=1\r\nB: 2\r\nexport=3\rC:4",
            &[("A", "1"), ("B", "2"), ("export", "3")],
        );
    }

    #[test]
    fn the_last_value_of_a_name_counts_and_lines_without_a_value_are_passed_over() {
        gives("A=1\nnonsense\nB=2\nA=3\n=4", &[("A", "3"), ("B", "2")]);
    }

    #[test]
    fn the_value_may_stand_below_its_name_as_the_regular_expression_has_it() {
        gives("A=\n\"x\"\nB=1", &[("A", "x"), ("B", "1")]);
        gives("A=\nB=1", &[("A", ""), ("B", "1")]);
    }
}
