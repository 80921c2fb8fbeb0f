//! An environment: names and values that must never show up where they were not asked for.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The environment variables of an app, sorted by name.
///
/// Its `Debug` prints only how many there are: an environment holds passwords and keys.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Env(pub BTreeMap<String, String>);

impl Env {
    /// The value of one variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Sets one variable, replacing what it was.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// This environment with `over` laid over it; where both have a name, `over` wins.
    #[must_use]
    pub fn overlaid(&self, over: &Self) -> Self {
        let mut merged = self.clone();
        merged.0.extend(
            over.0
                .iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        merged
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Env({} variables, hidden)", self.0.len())
    }
}

impl FromIterator<(String, String)> for Env {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_a_value() {
        let mut env = Env::default();
        env.set("DB_PASSWORD", "hunter2");
        let shown = format!("{env:?}");
        assert_eq!(shown, "Env(1 variables, hidden)");
    }

    #[test]
    fn what_is_laid_over_wins() {
        let mut under = Env::default();
        under.set("PORT", "1");
        under.set("KEPT", "yes");
        let mut over = Env::default();
        over.set("PORT", "2");
        let merged = under.overlaid(&over);
        assert_eq!(merged.get("PORT"), Some("2"));
        assert_eq!(merged.get("KEPT"), Some("yes"));
    }
}
