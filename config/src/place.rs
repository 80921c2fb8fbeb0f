//! Where in a configuration something stands, in the words a JavaScript programmer would use.

use std::fmt;

/// A path into the tree of a configuration, as `apps[0].env["MY VAR"]`.
///
/// Two different paths never read the same. The root reads as nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place(Vec<Step>);

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Step {
    Key(String),
    Index(usize),
}

impl Place {
    /// The root of the tree.
    #[must_use]
    pub(crate) fn root() -> Self {
        Self::default()
    }

    /// The entry of this object with the given key.
    #[must_use]
    pub(crate) fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// The item of this list with the given index, counted from 0.
    #[must_use]
    pub(crate) fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    /// What this lies in; none for the root.
    #[must_use]
    pub(crate) fn parent(&self) -> Option<Self> {
        let (_, parent) = self.0.split_last()?;
        Some(Self(parent.to_vec()))
    }

    /// The key that the last step goes by; none for the root and for an item of a list.
    #[must_use]
    pub(crate) fn last_key(&self) -> Option<&str> {
        match self.0.last() {
            Some(Step::Key(key)) => Some(key),
            Some(Step::Index(_)) | None => None,
        }
    }

    /// Whether this is the value of a variable, or lies in one.
    #[must_use]
    pub(crate) fn is_variable(&self) -> bool {
        let above = self.0.split_last().map_or(&[][..], |(_, above)| above);
        above.iter().any(|step| match step {
            Step::Key(key) => key == "env" || (key.starts_with("env_") && key != "env_file"),
            Step::Index(_) => false,
        })
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if !is_identifier(key) => write!(f, "[{key:?}]")?,
                Step::Key(key) if nth == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

/// Whether the key can stand after a dot.
fn is_identifier(key: &str) -> bool {
    let inner = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    key.chars().all(inner) && !key.starts_with(|c: char| c.is_numeric()) && !key.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_like_javascript() {
        let app = Place::root().key("apps").index(0);
        assert_eq!(app.key("name").to_string(), "apps[0].name");
        assert_eq!(app.key("MY VAR").to_string(), "apps[0][\"MY VAR\"]");
        assert_eq!(Place::root().index(2).to_string(), "[2]");
        assert_eq!(app.key("x").parent(), Some(app));
    }

    #[test]
    fn what_lies_in_an_environment_is_a_variable() {
        let app = Place::root().key("apps").index(0);
        assert!(app.key("env").key("A").is_variable());
        assert!(app.key("env_x").key("A").key("b").is_variable());
        assert!(!app.key("env").is_variable());
        assert!(!app.key("env_file").index(0).is_variable());
    }
}
