//! Where a value of an evaluated configuration was probably written, or nothing.
//!
//! JavaScript gives values, not places. Most configurations are one literal, though, so the place
//! of a key can be found in the text. It is only said where there is no doubt: the key is written
//! once, or as often as the result has it and then in the same order, and a literal behind it has
//! the value in question. A wrong line would be worse than none.

use std::ops::Range;

use serde_json::Value;

use crate::place::Place;
use crate::tree::Part;

/// A key as it is written in an object literal.
#[derive(Debug, PartialEq, Eq)]
struct Key<'a> {
    name: &'a str,
    range: Range<usize>,
    /// Where its value begins.
    value: usize,
}

/// Where a part of a place stands in the text, in bytes.
pub(crate) fn find(text: &str, root: &Value, place: &Place, part: Part) -> Option<Range<usize>> {
    let name = place.last_key()?;
    let mut keys = keys(text);
    keys.retain(|key| key.name == name);
    let mut owners = Vec::new();
    collect(root, &Place::root(), name, &mut owners);
    let nth = owners.iter().position(|(owner, _)| owner == place)?;
    let value = owners[nth].1;
    let key = match keys.len() {
        1 => &keys[0],
        written if written == owners.len() => &keys[nth],
        _ => return None,
    };
    match (part, literal(text, key.value)) {
        (_, Some(literal)) if !says(&text[literal.clone()], value) => None,
        (Part::Value, Some(literal)) => Some(literal),
        (Part::Value, None) | (Part::Key, _) => Some(key.range.clone()),
    }
}

/// All places that go by this key, in the order of the result, and what they hold.
fn collect<'a>(value: &'a Value, at: &Place, name: &str, found: &mut Vec<(Place, &'a Value)>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let place = at.key(key);
                if key == name {
                    found.push((place.clone(), inner));
                }
                collect(inner, &place, name, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &at.index(index), name, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The text or number that begins here; none: an expression does.
fn literal(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = &text[at..];
    let first = rest.chars().next()?;
    if matches!(first, '"' | '\'') {
        return Some(at..string_end(text, at)?);
    }
    if !first.is_ascii_digit() && first != '-' {
        return None;
    }
    let end = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')))
        .unwrap_or(rest.len());
    let ends = rest[end..].trim_start().starts_with([',', '}', '/']);
    ends.then_some(at..at + end)
}

/// Whether a literal can be what this value was written as.
fn says(literal: &str, value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let inner = literal
                .strip_prefix(['"', '\''])
                .and_then(|rest| rest.strip_suffix(['"', '\'']));
            inner.is_some_and(|inner| inner == text || inner.contains('\\'))
        }
        Value::Number(number) => {
            let plain: Option<f64> = literal.replace('_', "").parse().ok();
            plain.is_none_or(|plain| Some(plain) == number.as_f64())
                && !literal.starts_with(['"', '\''])
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

/// Every key of an object literal in the text, in order.
fn keys(text: &str) -> Vec<Key<'_>> {
    let mut keys = Vec::new();
    let mut at = 0;
    let mut opens = false;
    while let Some((start, first)) = token(text, at) {
        let end = match first {
            '"' | '\'' | '`' => string_end(text, start),
            c if is_word(c) => text[start..]
                .find(|c: char| !is_word(c))
                .map(|length| start + length),
            c => Some(start + c.len_utf8()),
        };
        let Some(end) = end else {
            break;
        };
        if opens
            && first != '`'
            && (is_word(first) || end > start + 1)
            && let Some((colon, ':')) = token(text, end)
        {
            let quoted = matches!(first, '"' | '\'');
            keys.push(Key {
                name: if quoted {
                    &text[start + 1..end - 1]
                } else {
                    &text[start..end]
                },
                range: start..end,
                value: token(text, colon + 1).map_or(text.len(), |(at, _)| at),
            });
        }
        opens = matches!(first, '{' | ',');
        at = end;
    }
    keys
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// The next character that is neither blank nor in a comment, and where it is.
fn token(text: &str, from: usize) -> Option<(usize, char)> {
    let mut at = from;
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if trimmed.starts_with("//") {
            at += trimmed.find('\n')?;
        } else if let Some(inner) = trimmed.strip_prefix("/*") {
            at += 2 + inner.find("*/")? + 2;
        } else {
            return trimmed.chars().next().map(|first| (at, first));
        }
    }
}

/// Behind the closing quote of the text that begins here; none: it does not end.
fn string_end(text: &str, at: usize) -> Option<usize> {
    let quote = text[at..].chars().next()?;
    let mut escaped = false;
    for (offset, c) in text[at..].char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + offset + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    proptest::proptest! {
        #[test]
        fn any_text_is_searched_to_its_end(text in "[{},:'\"`/*\\\\?a\u{e9}1\n -]{0,24}|\\PC{0,24}") {
            for key in keys(&text) {
                let root = json!({ key.name: 1 });
                if let Some(range) = find(&text, &root, &Place::root().key(key.name), Part::Value) {
                    let _shown = &text[range];
                }
            }
        }
    }

    fn app(index: usize) -> Place {
        Place::root().key("apps").index(index)
    }

    #[test]
    fn a_key_that_is_written_once_is_found_outside_comments_and_texts() {
        let text = "// port: 1\nmodule.exports = { apps: [{ name: 'port: 2', port: 'x' }] }";
        let root = json!({"apps": [{"name": "port: 2", "port": "x"}]});
        let range = find(text, &root, &app(0).key("port"), Part::Value).unwrap();
        assert_eq!(&text[range.clone()], "'x'");
        assert!(range.start > 40);
    }

    #[test]
    fn of_several_the_one_with_the_same_number_is_meant() {
        let text = "module.exports = { apps: [{ x: 1 }, { x: 2 }] }";
        let root = json!({"apps": [{"x": 1}, {"x": 2}]});
        let range = find(text, &root, &app(1).key("x"), Part::Value).unwrap();
        assert_eq!(&text[range], "2");
    }

    #[test]
    fn where_there_is_doubt_nothing_is_said() {
        let text = "const base = { x: 1 };\nmodule.exports = { apps: [{ x: 3 }, base] }";
        let root = json!({"apps": [{"x": 3}, {"x": 1}]});
        assert_eq!(find(text, &root, &app(0).key("x"), Part::Value), None);
        let shorthand = "const x = 1; module.exports = { apps: [{ x }, { x: 2 }, { x: 3 }] }";
        let root = json!({"apps": [{"x": 1}, {"x": 2}, {"x": 3}]});
        assert_eq!(find(shorthand, &root, &app(1).key("x"), Part::Value), None);
        let ternary = "module.exports = { apps: [{ y: a ? x : 2 }] }";
        let root = json!({"apps": [{"x": 2}]});
        assert_eq!(find(ternary, &root, &app(0).key("x"), Part::Value), None);
    }

    #[test]
    fn an_expression_is_shown_by_its_key() {
        let text = "module.exports = { port: Number(process.env.PORT) }";
        let root = json!({"port": 5});
        let place = Place::root().key("port");
        let range = find(text, &root, &place, Part::Value).unwrap();
        assert_eq!(&text[range], "port");
    }
}
