//! YAML 1.2, read from the events of a parser into the common tree.
//!
//! Ours are the scalars (see [`scalar`]), merges with `<<`, and the bounds: on depth, and on how
//! much aliases may unfold, since nine short lines can otherwise stand for billions of values. A
//! key that stands twice is an error, as YAML demands.

mod scalar;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::{Map, Value};

use super::{DEPTH_MAX, Flaw, Parsed};
use crate::place::Place;
use crate::tree::{Part, Tree};

/// How many values aliases and merges may copy.
const COPIES_MAX: usize = 100_000;

/// Reads a text. Errors: all wrong keys and values, or the one place where it stops being YAML.
pub(crate) fn parse(text: &str) -> Parsed {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        bytes: text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .collect(),
        tree: Tree::default(),
        anchors: BTreeMap::new(),
        copies: 0,
        flaws: Vec::new(),
    };
    match reader.document() {
        Ok(value) => reader.tree.value = value,
        Err(flaw) => reader.flaws.push(flaw),
    }
    Parsed {
        tree: reader.tree,
        errors: reader.flaws,
        warnings: Vec::new(),
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// Where each character begins, and where the last one ends: the parser counts characters.
    bytes: Vec<usize>,
    tree: Tree,
    /// What each anchor stands for, and where that is.
    anchors: BTreeMap<usize, (Value, Place)>,
    copies: usize,
    /// What is wrong, but does not prevent reading on.
    flaws: Vec<Flaw>,
}

/// Where in the tree the next value goes.
struct Slot {
    place: Place,
    key: Option<Range<usize>>,
    depth: usize,
}

type Tagged<'a> = Option<Cow<'a, Tag>>;

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Value, Flaw> {
        let mut value = Value::Null;
        let mut documents = 0;
        loop {
            let (event, range) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(value),
                Event::Nothing
                | Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd => {}
                Event::Alias(_)
                | Event::Scalar(..)
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..)
                | Event::MappingEnd => {
                    documents += 1;
                    if documents > 1 {
                        let flaw = Flaw::new(range, "a second document begins here");
                        return Err(flaw.hint("keep one document in the file"));
                    }
                    let slot = Slot {
                        place: Place::root(),
                        key: None,
                        depth: 0,
                    };
                    value = self.value(event, range, &slot)?;
                }
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Range<usize>), Flaw> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.range(span))),
            Some(Err(error)) => Err(self.broken(&error)),
            None => Ok((Event::StreamEnd, 0..0)),
        }
    }

    fn broken(&self, error: &ScanError) -> Flaw {
        let at = self.byte(error.marker().index());
        Flaw::new(at..at, format!("this is not YAML: {}", error.info()))
    }

    fn range(&self, span: Span) -> Range<usize> {
        self.byte(span.start.index())..self.byte(span.end.index())
    }

    fn byte(&self, index: usize) -> usize {
        let last = self.bytes.len().saturating_sub(1);
        self.bytes.get(index.min(last)).copied().unwrap_or(0)
    }

    /// The value that begins with this event.
    fn value(&mut self, event: Event<'a>, range: Range<usize>, slot: &Slot) -> Result<Value, Flaw> {
        if slot.depth > DEPTH_MAX {
            return Err(Flaw::new(
                range,
                "lists and objects lie too deep in each other",
            ));
        }
        self.tree
            .marks
            .set(slot.place.clone(), slot.key.clone(), range.clone());
        let place = slot.place.clone();
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (self.scalar(&text, style, &tag, range), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_tag(&tag, "seq", range);
                (self.sequence(slot)?, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                self.check_tag(&tag, "map", range);
                (self.mapping(slot)?, anchor)
            }
            Event::Alias(anchor) => (self.alias(anchor, range, &slot.place)?, 0),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => return Err(Flaw::new(range, "a value is missing here")),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, (value.clone(), place));
        }
        Ok(value)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: &Tagged<'a>,
        range: Range<usize>,
    ) -> Value {
        let tag = tag.as_deref();
        let core = tag.filter(|tag| tag.is_yaml_core_schema());
        let plain = match core.map(|tag| tag.suffix.as_str()) {
            Some("str") => false,
            Some("int" | "float" | "bool" | "null") => true,
            Some(_) => {
                self.unknown_tag(tag, range.clone());
                false
            }
            None => {
                if tag.is_some_and(|tag| !says_text(tag)) {
                    self.unknown_tag(tag, range.clone());
                }
                tag.is_none() && style == ScalarStyle::Plain
            }
        };
        if !plain {
            return Value::String(text.to_owned());
        }
        scalar::resolve(text).unwrap_or_else(|| {
            let what = format!("the number {text} cannot be held");
            self.flaws.push(Flaw::new(range, what));
            Value::Null
        })
    }

    fn check_tag(&mut self, tag: &Tagged<'a>, wanted: &str, range: Range<usize>) {
        let known = tag.as_deref().is_none_or(|tag| {
            says_text(tag) || (tag.is_yaml_core_schema() && tag.suffix == wanted)
        });
        if !known {
            self.unknown_tag(tag.as_deref(), range);
        }
    }

    fn unknown_tag(&mut self, tag: Option<&Tag>, range: Range<usize>) {
        let shown = tag.map(ToString::to_string).unwrap_or_default();
        let flaw = Flaw::new(range, format!("the tag `{shown}` means nothing here"));
        self.flaws.push(flaw.hint("remove it"));
    }

    fn sequence(&mut self, slot: &Slot) -> Result<Value, Flaw> {
        let mut items = Vec::new();
        loop {
            let (event, range) = self.next()?;
            if matches!(event, Event::SequenceEnd | Event::StreamEnd) {
                return Ok(Value::Array(items));
            }
            let item = Slot {
                place: slot.place.index(items.len()),
                key: None,
                depth: slot.depth + 1,
            };
            let value = self.value(event, range, &item)?;
            items.push(value);
        }
    }

    fn mapping(&mut self, slot: &Slot) -> Result<Value, Flaw> {
        let mut map = Map::new();
        let mut merged = None;
        loop {
            let (event, key) = self.next()?;
            let (name, plain) = match event {
                Event::MappingEnd | Event::StreamEnd => break,
                Event::Scalar(text, style, _, None) => (text, style == ScalarStyle::Plain),
                Event::Scalar(text, _, _, Some(_)) => (text, false),
                Event::Nothing
                | Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Alias(_)
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..) => {
                    return Err(Flaw::new(key, "a key must be text"));
                }
            };
            if map.contains_key(&*name) {
                let what = format!("`{name}` stands here for the second time");
                self.flaws.push(Flaw::new(key.clone(), what));
            }
            let (event, range) = self.next()?;
            let value = Slot {
                place: slot.place.key(&name),
                key: Some(key),
                depth: slot.depth + 1,
            };
            let value = self.value(event, range, &value)?;
            if plain && name == "<<" {
                merged = Some(value);
            } else {
                map.insert(name.into_owned(), value);
            }
        }
        if let Some(merged) = merged {
            self.merge(&mut map, &merged, &slot.place)?;
        }
        Ok(Value::Object(map))
    }

    /// Adds what `<<` names and the object itself does not have; of several, the first counts.
    fn merge(
        &mut self,
        map: &mut Map<String, Value>,
        merged: &Value,
        place: &Place,
    ) -> Result<(), Flaw> {
        let from = place.key("<<");
        let sources: Vec<(&Value, Place)> = match merged {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| (item, from.index(index)))
                .collect(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => vec![(merged, from)],
        };
        for (source, from) in sources {
            let Value::Object(source) = source else {
                let range = self.tree.marks.range(&from, Part::Value).unwrap_or(0..0);
                let flaw = Flaw::new(range, "`<<` can merge objects only");
                self.flaws
                    .push(flaw.hint("name an anchor of an object, as `<<: *base`"));
                continue;
            };
            for (key, value) in source {
                if !map.contains_key(key) {
                    self.copy_marks(value, &from.key(key), &place.key(key))?;
                    map.insert(key.clone(), value.clone());
                }
            }
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, range: Range<usize>, to: &Place) -> Result<Value, Flaw> {
        let Some((value, from)) = self.anchors.get(&anchor).cloned() else {
            return Err(Flaw::new(
                range,
                "an alias cannot stand inside its own anchor",
            ));
        };
        self.copy_marks(&value, &from, to)?;
        Ok(value)
    }

    /// What was copied stands where its original stands.
    fn copy_marks(&mut self, value: &Value, from: &Place, to: &Place) -> Result<(), Flaw> {
        self.copies += 1;
        if self.copies > COPIES_MAX {
            return Err(Flaw::new(0..0, "aliases unfold to too many values"));
        }
        let marks = &mut self.tree.marks;
        if let Some(range) = marks.range(from, Part::Value) {
            let key = marks.range(from, Part::Key);
            marks.set(to.clone(), key, range);
        }
        match value {
            Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
                self.copy_marks(item, &from.index(index), &to.index(index))
            }),
            Value::Object(map) => map
                .iter()
                .try_for_each(|(key, value)| self.copy_marks(value, &from.key(key), &to.key(key))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }
}

/// Whether the tag is a lone `!`, which says only that nothing is to be guessed.
fn says_text(tag: &Tag) -> bool {
    matches!(tag.suffix.as_str(), "" | "!") && matches!(tag.handle.as_str(), "" | "!")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merges_add_what_is_not_there_and_point_at_the_original() {
        let text = "base: &base\n  env: {A: ✓}\n  port: 1\napps:\n  - <<: *base\n    port: 2\n";
        let parsed = parse(text);
        assert_eq!(parsed.errors, []);
        assert_eq!(
            parsed.tree.value["apps"],
            json!([{"port": 2, "env": {"A": "✓"}}])
        );
        let place = Place::root().key("apps").index(0).key("env").key("A");
        let range = parsed.tree.marks.range(&place, Part::Value).unwrap();
        assert_eq!(&text[range], "✓");
    }

    #[test]
    fn places_are_right_after_line_ends_of_either_kind() {
        let text = "a: ✓\r\nb: x\r\nc: [1,\r\n two]\r\n";
        let parsed = parse(text);
        let shown = |key: &str, index| {
            let mut place = Place::root().key(key);
            if let Some(index) = index {
                place = place.index(index);
            }
            &text[parsed.tree.marks.range(&place, Part::Value).unwrap()]
        };
        assert_eq!(shown("b", None), "x");
        assert_eq!(shown("c", Some(1)), "two");
    }

    #[test]
    fn a_key_that_stands_twice_is_an_error_for_each_time() {
        let parsed = parse("a: 1\na: 2\nb: {c: 1, c: 2}\n");
        assert_eq!(parsed.errors.len(), 2, "{:?}", parsed.errors);
    }

    #[test]
    fn tags_of_the_core_schema_are_heeded_and_others_are_errors() {
        let parsed = parse("a: !!str 5\nb: !!int \"6\"\nc: ! 7\n");
        assert_eq!(parsed.errors, []);
        assert_eq!(parsed.tree.value, json!({"a": "5", "b": 6, "c": "7"}));
        assert_eq!(parse("a: !include x\n").errors.len(), 1);
    }

    #[test]
    fn aliases_that_unfold_without_end_are_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let under = level - 1;
            let items = vec![format!("*a{under}"); 9].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        let parsed = parse(&text);
        assert!(
            parsed.errors[0].what.contains("too many"),
            "{:?}",
            parsed.errors
        );
    }

    #[test]
    fn brackets_without_end_are_an_error() {
        assert!(!parse(&"[".repeat(1 << 16)).errors.is_empty());
        assert!(!parse(&"- ".repeat(1 << 16)).errors.is_empty());
    }

    #[test]
    fn a_second_document_is_an_error() {
        assert_eq!(parse("a: 1\n---\nb: 2\n").errors.len(), 1);
    }

    #[test]
    fn an_alias_inside_its_anchor_is_an_error() {
        assert_eq!(parse("a: &a [*a]\n").errors.len(), 1);
    }
}
