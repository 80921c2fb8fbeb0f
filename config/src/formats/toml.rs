//! TOML. Its mistakes are all reported, not only the first.

use std::ops::Range;

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Flaw, Parsed};
use crate::place::Place;
use crate::tree::Marks;

/// Reads a text. Errors: each place where it is not TOML.
pub(crate) fn parse(text: &str) -> Parsed {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut parsed = Parsed {
        errors: errors
            .iter()
            .map(|error| {
                let what = format!("this is not TOML: {}", error.message().trim());
                Flaw::new(error.span().unwrap_or(0..0), what)
            })
            .collect(),
        ..Parsed::default()
    };
    if parsed.errors.is_empty() {
        let mut flaws = Vec::new();
        let root = Place::root();
        let mut reading = Reading {
            marks: &mut parsed.tree.marks,
            flaws: &mut flaws,
        };
        reading.marks.set(root.clone(), None, table.span());
        let value = reading.table(table.get_ref(), &root);
        parsed.tree.value = value;
        parsed.errors = flaws;
    }
    parsed
}

/// What is filled while the tree is walked.
struct Reading<'a> {
    marks: &'a mut Marks,
    flaws: &'a mut Vec<Flaw>,
}

impl Reading<'_> {
    /// One table, its entries in the order of the file (the parser sorts them by name).
    fn table(&mut self, table: &DeTable<'_>, place: &Place) -> Value {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let mut map = Map::new();
        for (key, value) in entries {
            let name = key.get_ref().to_string();
            let read = self.entry(value, &place.key(&name), Some(key.span()));
            map.insert(name, read);
        }
        Value::Object(map)
    }

    fn entry(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        place: &Place,
        key: Option<Range<usize>>,
    ) -> Value {
        self.marks.set(place.clone(), key, value.span());
        match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => Value::from(number),
                    Err(_) => self.unheld(value.span(), number.as_str()),
                }
            }
            DeValue::Float(number) => {
                let float = number.as_str().parse().ok().and_then(Number::from_f64);
                match float {
                    Some(number) => Value::Number(number),
                    None => self.unheld(value.span(), number.as_str()),
                }
            }
            DeValue::Boolean(boolean) => Value::Bool(*boolean),
            DeValue::Datetime(moment) => Value::String(moment.to_string()),
            DeValue::Array(items) => Value::Array(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| self.entry(item, &place.index(index), None))
                    .collect(),
            ),
            DeValue::Table(table) => self.table(table, place),
        }
    }

    fn unheld(&mut self, range: Range<usize>, number: &str) -> Value {
        let what = format!("the number {number} cannot be held");
        self.flaws.push(Flaw::new(range, what));
        Value::Null
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tree::Part;

    #[test]
    fn tables_keep_the_order_of_the_file_and_their_places() {
        let text =
            "[apps.web]\nscript = \"✓.js\"\nport = 1_000\n[apps.api]\nx = [0x1F, 1.5, true]\n";
        let parsed = parse(text);
        assert_eq!(parsed.errors, []);
        let wanted = json!({"apps": {
            "web": {"script": "✓.js", "port": 1000},
            "api": {"x": [31, 1.5, true]},
        }});
        assert_eq!(parsed.tree.value.to_string(), wanted.to_string());
        let place = Place::root().key("apps").key("web").key("port");
        let range = parsed.tree.marks.range(&place, Part::Value).unwrap();
        assert_eq!(&text[range], "1_000");
    }

    #[test]
    fn every_mistake_of_the_file_is_reported() {
        let parsed = parse("a = \nb = 1\nc = [1,\nd = @\n");
        assert!(parsed.errors.len() >= 2, "{:?}", parsed.errors);
    }

    #[test]
    fn brackets_without_end_are_an_error() {
        let text = format!("a = {}", "[".repeat(1 << 16));
        assert!(!parse(&text).errors.is_empty());
    }
}
