//! What is known of the fleet without asking for more: names, ids and log files.
//!
//! It comes from the daemon's view, or, when none runs, from the goals that the last one saved. Logs
//! matter most when the daemon is down.

use std::fs;
use std::path::Path;

use config::spec::LogPaths;
use protocol::saved::{Saved, SavedApp};
use protocol::view::AppView;
use protocol::{InstanceId, Paths, View};
use regex_lite::Regex;

use crate::exit::{Exit, Failure};

/// The apps there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    /// By name, as the daemon or the file has them.
    pub(crate) apps: Vec<KnownApp>,
}

/// One app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownApp {
    /// Its name.
    pub(crate) name: String,
    /// Its group.
    pub(crate) namespace: String,
    /// Its instances, by number.
    pub(crate) instances: Vec<KnownInstance>,
}

/// One instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownInstance {
    /// Its id.
    pub(crate) id: InstanceId,
    /// Its log files.
    pub(crate) logs: LogPaths,
}

impl Known {
    /// What the daemon shows.
    pub(crate) fn from_view(view: &View) -> Self {
        Self {
            apps: view.apps.iter().map(viewed).collect(),
        }
    }

    /// What the last daemon saved, or saved before; none where neither can be read.
    pub(crate) fn saved(paths: &Paths) -> Option<Self> {
        let saved = read(&paths.state()).or_else(|| read(&paths.state_before()))?;
        Some(Self {
            apps: saved.apps.iter().map(kept).collect(),
        })
    }

    /// What a person's word means: the apps of that name, else of that namespace, else the instance
    /// of that id; `all`, or `/regex/` on the names. Empty where it means nothing.
    ///
    /// Source: PM2's order.
    pub(crate) fn meant(&self, word: &str) -> Result<Vec<(&KnownApp, &KnownInstance)>, Failure> {
        if word == "all" {
            return Ok(self.instances(|_, _| true));
        }
        if let Some(pattern) = pattern(word)? {
            return Ok(self.instances(|app, _| pattern.is_match(&app.name)));
        }
        let by_name = self.instances(|app, _| app.name == word);
        if !by_name.is_empty() || self.apps.iter().any(|app| app.name == word) {
            return Ok(by_name);
        }
        let by_namespace = self.instances(|app, _| app.namespace == word);
        if !by_namespace.is_empty() {
            return Ok(by_namespace);
        }
        let id = word.parse().map(InstanceId);
        Ok(self.instances(|_, instance| Ok(instance.id) == id))
    }

    /// Whether a word is a name, a namespace, an id or `all`.
    pub(crate) fn has(&self, word: &str) -> bool {
        let id = word.parse().map(InstanceId);
        word == "all"
            || self.apps.iter().any(|app| {
                app.name == word
                    || app.namespace == word
                    || app.instances.iter().any(|instance| Ok(instance.id) == id)
            })
    }

    /// The names that a pattern matches.
    pub(crate) fn matching(&self, pattern: &Regex) -> Vec<&str> {
        let names = self.apps.iter().map(|app| app.name.as_str());
        names.filter(|name| pattern.is_match(name)).collect()
    }

    /// The name or namespace that a word was most likely meant to be: one a few slips away, else
    /// one that begins with it.
    pub(crate) fn nearest(&self, word: &str) -> Option<&str> {
        if word.trim().is_empty() {
            return None;
        }
        let texts = || self.apps.iter().flat_map(|app| [&app.name, &app.namespace]);
        let slips_max = 1 + word.chars().count() / 5;
        let near = texts()
            .map(|text| (strsim::damerau_levenshtein(text, word), text))
            .filter(|(slips, _)| *slips <= slips_max)
            .min();
        let longer = || texts().find(|text| text.starts_with(word));
        near.map(|(_, text)| text)
            .or_else(longer)
            .map(String::as_str)
    }

    /// That a word means nothing, with what may have been meant.
    pub(crate) fn unknown(&self, word: &str) -> Failure {
        let what = format!("there is no app, namespace or id `{word}`");
        Failure::new(Exit::NotReached, what).hint(self.advice(word))
    }

    /// What to do when a word means nothing.
    pub(crate) fn advice(&self, word: &str) -> String {
        match self.nearest(word) {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.apps.is_empty() => "the list is empty: start an app first".to_owned(),
            None => "`wsctl list` shows what there is".to_owned(),
        }
    }

    fn instances(
        &self,
        is_meant: impl Fn(&KnownApp, &KnownInstance) -> bool,
    ) -> Vec<(&KnownApp, &KnownInstance)> {
        let all = self
            .apps
            .iter()
            .flat_map(|app| app.instances.iter().map(move |instance| (app, instance)));
        all.filter(|(app, instance)| is_meant(app, instance))
            .collect()
    }
}

/// The pattern in `/regex/`; none where the word is no pattern.
pub(crate) fn pattern(word: &str) -> Result<Option<Regex>, Failure> {
    let inner = word
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'));
    let Some(inner) = inner.filter(|inner| !inner.is_empty()) else {
        return Ok(None);
    };
    Regex::new(inner).map(Some).map_err(|error| {
        Failure::new(
            Exit::Usage,
            format!("`{word}` is not a regular expression: {error}"),
        )
    })
}

fn viewed(app: &AppView) -> KnownApp {
    let instances = app.instances.iter().map(|instance| KnownInstance {
        id: instance.id,
        logs: instance.logs.clone(),
    });
    KnownApp {
        name: app.name.to_string(),
        namespace: app.namespace.to_string(),
        instances: instances.collect(),
    }
}

fn kept(app: &SavedApp) -> KnownApp {
    let instances = app.instances.iter().map(|instance| KnownInstance {
        id: instance.id,
        logs: app.spec.log_paths(instance.id.0),
    });
    KnownApp {
        name: app.spec.name.to_string(),
        namespace: app.spec.namespace.to_string(),
        instances: instances.collect(),
    }
}

/// The goals in a file: a line of its own about the file, then the goals as one line of JSON.
fn read(file: &Path) -> Option<Saved> {
    let text = fs::read_to_string(file).ok()?;
    serde_json::from_str(text.lines().nth(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_meant_before_a_namespace_and_that_before_an_id() {
        let known = known(&[("web", "0", 4), ("0", "x", 1), ("api", "x", 0)]);
        let meant = |word: &str| -> Vec<u32> {
            let found = known.meant(word).unwrap();
            found.iter().map(|(_, instance)| instance.id.0).collect()
        };
        assert_eq!(meant("0"), [1], "the app whose name is 0");
        assert_eq!(meant("x"), [1, 0]);
        assert_eq!(meant("4"), [4]);
        assert_eq!(meant("all"), [4, 1, 0]);
        assert_eq!(meant("/^(web|api)$/"), [4, 0]);
        assert!(meant("nothing").is_empty());
    }

    #[test]
    fn a_slip_of_the_finger_is_answered_with_the_name() {
        let known = known(&[("workscript-api", "default", 0)]);
        assert_eq!(known.nearest("workscirpt-api"), Some("workscript-api"));
        assert_eq!(known.nearest("workscript"), Some("workscript-api"));
        assert_eq!(known.nearest("zzz"), None);
        let short = self::known(&[("web", "default", 0)]);
        assert_eq!(short.nearest("wbe"), Some("web"));
    }

    #[test]
    fn a_path_is_no_pattern_and_a_broken_pattern_is_an_error() {
        assert!(pattern("/srv/app").unwrap().is_none());
        assert!(pattern("//").unwrap().is_none());
        assert!(pattern("/web-(/").is_err());
    }

    fn known(apps: &[(&str, &str, u32)]) -> Known {
        let apps = apps.iter().map(|(name, namespace, id)| KnownApp {
            name: (*name).to_owned(),
            namespace: (*namespace).to_owned(),
            instances: vec![KnownInstance {
                id: InstanceId(*id),
                logs: LogPaths::default(),
            }],
        });
        Known {
            apps: apps.collect(),
        }
    }
}
