//! JSON as people write it: with comments, trailing commas, single quotes and bare keys.
//!
//! What is not even that may still be a JavaScript expression, as PM2 reads such files; the caller
//! tries that with the text it has. A key that stands twice counts once, the last time.

use std::ops::Range;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::{Map, Number, Value};

use super::{Flaw, Parsed};
use crate::place::Place;

/// Reads a text. Errors: at most one, where the text stops being JSON.
pub(crate) fn parse(text: &str) -> Parsed {
    let options = ParseOptions {
        allow_missing_commas: false,
        ..ParseOptions::default()
    };
    let result = match parse_to_ast(text, &CollectOptions::default(), &options) {
        Ok(result) => result,
        Err(error) => {
            let range = error.range();
            let what = format!("this is not JSON: {}", lowered(&error.kind().to_string()));
            return Parsed::broken(Flaw::new(range.start..range.end, what));
        }
    };
    let Some(root) = result.value else {
        return Parsed::broken(Flaw::new(0..0, "the file is empty"));
    };
    let mut parsed = Parsed::default();
    parsed.tree.value = read(&root, &Place::root(), None, &mut parsed);
    parsed
}

/// A sentence of the parser as a fragment of ours.
fn lowered(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

fn range_of(node: &impl Ranged) -> Range<usize> {
    node.start()..node.end()
}

fn read(
    node: &ast::Value<'_>,
    place: &Place,
    key: Option<Range<usize>>,
    parsed: &mut Parsed,
) -> Value {
    let range = range_of(node);
    parsed.tree.marks.set(place.clone(), key, range.clone());
    match node {
        ast::Value::StringLit(text) => Value::String(text.value.clone().into_owned()),
        ast::Value::NumberLit(number) => number_of(number.value).unwrap_or_else(|| {
            let what = format!("the number {} cannot be held", number.value);
            parsed.errors.push(Flaw::new(range, what));
            Value::Null
        }),
        ast::Value::BooleanLit(boolean) => Value::Bool(boolean.value),
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::Array(array) => Value::Array(
            array
                .elements
                .iter()
                .enumerate()
                .map(|(index, element)| read(element, &place.index(index), None, parsed))
                .collect(),
        ),
        ast::Value::Object(object) => read_object(object, place, parsed),
    }
}

fn read_object(object: &ast::Object<'_>, place: &Place, parsed: &mut Parsed) -> Value {
    let mut map = Map::new();
    for property in &object.properties {
        let name = property.name.as_str();
        let key = range_of(&property.name);
        if map.contains_key(name) {
            let what = format!("`{name}` stands here for the second time; this one counts");
            parsed.warnings.push(Flaw::new(key.clone(), what));
        }
        let value = read(&property.value, &place.key(name), Some(key), parsed);
        map.insert(name.to_owned(), value);
    }
    Value::Object(map)
}

/// A number as JSON5 writes it. None: it is not finite.
fn number_of(text: &str) -> Option<Value> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let hex = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"));
    let whole = match hex {
        Some(hex) => i64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    if let Ok(whole) = whole {
        return Some(Value::from(if negative { -whole } else { whole }));
    }
    let number: f64 = digits.parse().ok()?;
    Number::from_f64(if negative { -number } else { number }).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tree::Part;

    #[test]
    fn json_may_be_written_as_people_write_it() {
        let text = "// c\n{ apps: [{ 'name': \"✓\", port: 0x10, x: -.5, }], /* d */ }";
        let parsed = parse(text);
        assert_eq!(parsed.errors, []);
        assert_eq!(
            parsed.tree.value,
            json!({"apps": [{"name": "✓", "port": 16, "x": -0.5}]})
        );
        let place = Place::root().key("apps").index(0).key("port");
        let range = parsed.tree.marks.range(&place, Part::Value).unwrap();
        assert_eq!(&text[range], "0x10");
        let range = parsed.tree.marks.range(&place, Part::Key).unwrap();
        assert_eq!(&text[range], "port");
    }

    #[test]
    fn a_missing_comma_is_an_error_where_it_is_missing() {
        let parsed = parse("{\"a\": 1\n \"b\": 2}");
        assert_eq!(parsed.errors.len(), 1);
        assert!(parsed.errors[0].what.contains("comma"), "{parsed:?}");
    }

    #[test]
    fn a_key_that_stands_twice_counts_the_last_time() {
        let parsed = parse("{\"a\": 1, \"a\": 2}");
        assert_eq!(parsed.tree.value, json!({"a": 2}));
        assert_eq!(parsed.warnings.len(), 1);
    }

    #[test]
    fn brackets_without_end_are_an_error() {
        assert_eq!(parse(&"[".repeat(1 << 16)).errors.len(), 1);
    }

    #[test]
    fn a_number_beyond_all_bounds_is_an_error() {
        assert_eq!(parse("{\"a\": 1e999}").errors.len(), 1);
    }
}
