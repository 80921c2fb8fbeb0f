//! A configuration as one tree, whatever its format.
//!
//! The values are plain JSON values, the places of their keys and texts lie beside them. A format
//! that cannot say where something stands leaves the marks empty.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use crate::place::Place;

/// Values, and where they stand.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tree {
    /// The configuration.
    pub(crate) value: Value,
    /// Where each part of it stands in the text.
    pub(crate) marks: Marks,
}

/// Where keys and values stand in the text, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Marks(BTreeMap<Place, Mark>);

/// Where one value stands, and its key if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The key, in an object.
    pub(crate) key: Option<Range<usize>>,
    /// The value.
    pub(crate) value: Range<usize>,
}

/// Which part of an entry is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Its key.
    Key,
    /// Its value.
    Value,
}

impl Marks {
    /// Remembers where something stands. Said twice, the later counts, as in JavaScript.
    pub(crate) fn set(&mut self, place: Place, key: Option<Range<usize>>, value: Range<usize>) {
        self.0.insert(place, Mark { key, value });
    }

    /// Where a part of something stands; the value where there is no key.
    #[must_use]
    pub(crate) fn range(&self, place: &Place, part: Part) -> Option<Range<usize>> {
        let mark = self.0.get(place)?;
        match part {
            Part::Key => Some(mark.key.clone().unwrap_or_else(|| mark.value.clone())),
            Part::Value => Some(mark.value.clone()),
        }
    }

    /// Where the values of variables stand.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &Range<usize>> {
        let variables = self.0.iter().filter(|(place, _)| place.is_variable());
        variables.map(|(_, mark)| &mark.value)
    }

    /// Whether nothing is known.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
