//! What a configuration was written on: it turns a place in the tree into a place on the page.

use std::ops::Range;

use serde_json::Value;

use crate::page::{Page, Spot};
use crate::place::Place;
use crate::search;
use crate::tree::{Part, Tree};

/// The page and the tree that was read from it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sheet {
    /// The text with its name.
    pub(crate) page: Page,
    tree: Tree,
    /// Where the values of variables stand.
    variables: Vec<Range<usize>>,
}

impl Sheet {
    /// A page and what it means.
    pub(crate) fn new(page: Page, tree: Tree) -> Self {
        Self {
            variables: tree.marks.variables().cloned().collect(),
            page,
            tree,
        }
    }

    /// Where a part of something stands on the page. None: nobody can say for certain.
    ///
    /// What has no mark of its own stands where what it lies in stands. A format without marks is
    /// searched, and answers only where there is no doubt.
    pub(crate) fn spot(&self, place: &Place, part: Part) -> Option<Spot> {
        let marks = &self.tree.marks;
        if marks.is_empty() {
            let range = search::find(&self.page.text, &self.tree.value, place, part)?;
            return Some(self.page.spot(&range));
        }
        let mut at = place.clone();
        loop {
            if let Some(range) = marks.range(&at, part) {
                return Some(self.page.spot(&range));
            }
            at = at.parent()?;
        }
    }

    /// Whether a line is better not shown, since the value of a variable stands in it. Where the
    /// format does not say where values stand, the word gives it away.
    pub(crate) fn is_secret(&self, spot: &Spot) -> bool {
        if self.tree.marks.is_empty() {
            return self.page.text[spot.range.clone()].contains("env");
        }
        let line = &spot.range;
        let mut variables = self.variables.iter();
        variables.any(|value| value.start < line.end && line.start < value.end)
    }

    /// What was read.
    pub(crate) fn value(&self) -> &Value {
        &self.tree.value
    }
}
