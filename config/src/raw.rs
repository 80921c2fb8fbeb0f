//! Everything that may stand in an app: one table, from which reading, warnings, suggestions and
//! the schema come.
//!
//! Each attribute goes by its name, by PM2's other names for it, and by each of them in camelCase.
//! Source: PM2 7 `lib/API/schema.json`; what is about a hand-over, `env_file` and
//! `kill_signal` are ours.

mod kind;
mod table;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::suggest;

pub(crate) use kind::Kind;
pub(crate) use table::ATTRIBUTES;

/// One attribute of an app.
#[derive(Debug)]
pub(crate) struct Attribute {
    /// The name that this program uses for it.
    pub(crate) name: &'static str,
    /// Other names for it, each of which PM2 knows.
    pub(crate) aliases: &'static [&'static str],
    /// What it may hold.
    pub(crate) kind: Kind,
    /// Whether it does something.
    pub(crate) standing: Standing,
    /// What it is for, in a sentence.
    #[cfg_attr(
        not(feature = "schema"),
        expect(dead_code, reason = "only the schema shows it")
    )]
    pub(crate) about: &'static str,
}

/// Whether an attribute does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It does.
    Honoured,
    /// It does not; who asks for it is told.
    Unserved,
    /// There is nothing for it to do here, and why.
    Moot(&'static str),
    /// Information for people; it never did anything.
    Silent,
}

impl Attribute {
    /// The flag of the command line that says the same.
    pub(crate) fn flag(&self) -> String {
        match self.name {
            "args" => "-- ARGS".to_owned(),
            "script" => "SCRIPT".to_owned(),
            "out_file" => "--output".to_owned(),
            "error_file" => "--error".to_owned(),
            "log_file" => "--log".to_owned(),
            "pid_file" => "--pid".to_owned(),
            "cron_restart" => "--cron".to_owned(),
            name => format!("--{}", name.replace('_', "-")),
        }
    }

    /// Every spelling of it, the preferred one first.
    pub(crate) fn spellings(&self) -> impl Iterator<Item = String> {
        let names = [self.name].into_iter().chain(self.aliases.iter().copied());
        names.flat_map(|name| {
            let camel = camel_case(name);
            [Some(name.to_owned()), (camel != name).then_some(camel)]
                .into_iter()
                .flatten()
        })
    }
}

/// The attribute that goes by this key.
pub(crate) fn find(key: &str) -> Option<&'static Attribute> {
    BY_SPELLING.get(key).copied()
}

/// Whether a key is free for people's own use, as for notes and the anchors of YAML.
pub(crate) fn is_for_people(key: &str) -> bool {
    key.starts_with("x-")
}

/// Every spelling and what it stands for.
static BY_SPELLING: LazyLock<BTreeMap<String, &'static Attribute>> = LazyLock::new(|| {
    let attributes = ATTRIBUTES.iter();
    attributes
        .flat_map(|attribute| attribute.spellings().map(move |key| (key, attribute)))
        .collect()
});

/// The name that an unknown key was most likely meant to be.
pub(crate) fn nearest(key: &str) -> Option<&'static str> {
    let names = ATTRIBUTES
        .iter()
        .flat_map(|a| [a.name].into_iter().chain(a.aliases.iter().copied()));
    // Whoever writes `kill-timeout` or `KillTimeout` is off by more than a slip.
    let snake: String = key
        .chars()
        .flat_map(|c| match c {
            '-' | ' ' => vec!['_'],
            c if c.is_uppercase() => ['_'].into_iter().chain(c.to_lowercase()).collect(),
            c => vec![c],
        })
        .collect();
    suggest::nearest(snake.trim_start_matches('_'), names)
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut camel, word| {
        let mut chars = word.chars();
        camel.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        camel.push_str(chars.as_str());
        camel
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_attributes_share_a_spelling() {
        let mut seen = BTreeSet::new();
        for attribute in ATTRIBUTES {
            for spelling in attribute.spellings() {
                assert!(seen.insert(spelling.clone()), "{spelling}");
            }
        }
    }

    #[test]
    fn an_attribute_goes_by_alias_and_camel_case() {
        for (key, name) in [
            ("exec", "script"),
            ("interpreterArgs", "interpreter_args"),
            ("node_args", "interpreter_args"),
            ("nodeArgs", "interpreter_args"),
            ("killTimeout", "kill_timeout"),
            ("errFile", "error_file"),
            ("windowsHide", "windowsHide"),
        ] {
            assert_eq!(find(key).map(|a| a.name), Some(name), "{key}");
        }
        assert!(find("kil_timeout").is_none());
    }

    #[test]
    fn an_unknown_key_has_a_nearest_name() {
        assert_eq!(nearest("max-restarts"), Some("max_restarts"));
        assert_eq!(nearest("maxRestart"), Some("max_restarts"));
        assert_eq!(nearest("scirpt"), Some("script"));
        assert_eq!(nearest("flavour"), None);
    }
}
