//! One app as it was written: which attribute was given where, not yet what it means.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::place::Place;
use crate::raw::{self, Attribute, Standing};
use crate::report::{At, Report};
use crate::tree::Part;

/// One app as it was written in a file, on the command line, or both.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The app itself.
    pub(crate) at: At,
    /// What the configuration calls it where it holds its apps by name.
    pub(crate) key: Option<String>,
    given: BTreeMap<&'static str, Given>,
    /// The values of `env_<name>`, by name.
    pub(crate) environments: BTreeMap<String, Given>,
    /// What is odd about it, in order. Kept until the app has a name by which it can be told.
    oddities: Vec<Oddity>,
}

/// Something that was written and does nothing.
#[derive(Debug)]
enum Oddity {
    /// No attribute goes by this key.
    Unknown {
        /// The key.
        key: String,
        /// Where.
        at: At,
    },
    /// One attribute was given twice, with two values.
    Twice {
        /// The spelling that counts.
        kept: String,
        /// The spelling that does not.
        dropped: String,
        /// Where that is.
        at: At,
    },
}

/// A value that was given to an attribute.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    /// What was given.
    pub(crate) value: Value,
    /// Where.
    pub(crate) at: At,
    /// How the attribute was spelled there.
    pub(crate) spelled: String,
}

impl Draft {
    /// An app of a file.
    pub(crate) fn of_file(map: &Map<String, Value>, place: &Place) -> Self {
        let mut draft = Self::empty(At::File(place.clone()));
        for (key, value) in map {
            let given = Given {
                value: value.clone(),
                at: At::File(place.key(key)),
                spelled: key.clone(),
            };
            if let Some(attribute) = raw::find(key) {
                draft.take_in(attribute, given);
            } else if let Some(name) = key.strip_prefix("env_").filter(|name| !name.is_empty()) {
                draft.environments.insert(name.to_owned(), given);
            } else if !value.is_null() && !raw::is_for_people(key) {
                let (key, at) = (given.spelled, given.at);
                draft.oddities.push(Oddity::Unknown { key, at });
            }
        }
        draft
    }

    /// An app of which nothing is known yet.
    pub(crate) fn empty(at: At) -> Self {
        Self {
            at,
            key: None,
            given: BTreeMap::new(),
            environments: BTreeMap::new(),
            oddities: Vec::new(),
        }
    }

    /// Lays the flags of the command line over it.
    pub(crate) fn lay_over(&mut self, flags: &Map<String, Value>) {
        for (key, value) in flags {
            let Some(attribute) = raw::find(key) else {
                let (key, at) = (key.clone(), At::Flag(key.clone()));
                self.oddities.push(Oddity::Unknown { key, at });
                continue;
            };
            let flag = attribute.flag();
            let given = Given {
                value: value.clone(),
                at: At::Flag(flag.clone()),
                spelled: flag,
            };
            self.given.insert(attribute.name, given);
        }
    }

    /// What was given to this attribute; null is nothing.
    pub(crate) fn get(&self, name: &'static str) -> Option<&Given> {
        self.given.get(name).filter(|given| !given.value.is_null())
    }

    /// Where to point for an attribute, given or not.
    pub(crate) fn at(&self, name: &'static str) -> At {
        self.get(name)
            .map_or_else(|| self.at.clone(), |given| given.at.clone())
    }

    /// Source: PM2; the preferred name wins over the others, of those the first that says anything.
    fn take_in(&mut self, attribute: &'static Attribute, given: Given) {
        let Some(known) = self.get(attribute.name) else {
            self.given.insert(attribute.name, given);
            return;
        };
        if given.value.is_null() {
            return;
        }
        let (kept, dropped) = if given.spelled == attribute.name {
            (given, known.clone())
        } else {
            (known.clone(), given)
        };
        if kept.value != dropped.value {
            self.oddities.push(Oddity::Twice {
                kept: kept.spelled.clone(),
                dropped: dropped.spelled,
                at: dropped.at,
            });
        }
        self.given.insert(attribute.name, kept);
    }

    /// Warns of what was written and does nothing.
    pub(crate) fn warn_of_oddities(&self, report: &mut Report<'_>) {
        for oddity in &self.oddities {
            match oddity {
                Oddity::Unknown { key, at } => unknown(key, at, report),
                Oddity::Twice { kept, dropped, at } => {
                    let what = format!("`{dropped}` and `{kept}` are one setting; `{kept}` counts");
                    report
                        .warning(at, Part::Key, what)
                        .advise(format!("remove `{dropped}`"));
                }
            }
        }
    }

    /// Checks the type of each attribute that nobody will read.
    pub(crate) fn check_unserved(&self, report: &mut Report<'_>) {
        let unread = raw::ATTRIBUTES
            .iter()
            .filter(|attribute| attribute.standing != Standing::Honoured);
        for attribute in unread {
            let Some(given) = self.get(attribute.name) else {
                continue;
            };
            match attribute.kind.check(&given.value) {
                Err(wrong) if given.asks() => given.report(wrong, report),
                Err(_) | Ok(()) => {}
            }
        }
    }
}

/// Warns of each attribute that was given and does nothing, once for all apps: in the first.
pub(crate) fn warn_of_unserved(drafts: &[Draft], env_name: Option<&str>, report: &mut Report<'_>) {
    for attribute in raw::ATTRIBUTES {
        let why = match attribute.standing {
            Standing::Honoured | Standing::Silent => continue,
            Standing::Unserved => "is recognised but not honoured yet".to_owned(),
            Standing::Moot(why) => format!("has no effect: {why}"),
        };
        let asked = drafts
            .iter()
            .filter_map(|draft| Some((draft, draft.get(attribute.name)?)))
            .find(|(_, given)| given.asks() && attribute.kind.check(&given.value).is_ok());
        if let Some((draft, given)) = asked {
            report.app = super::told_name(draft, env_name);
            report.warning(&given.at, Part::Key, format!("`{}` {why}", given.spelled));
        }
    }
    report.app = None;
}

impl Given {
    /// Reports that its value is not of the type that is wanted.
    pub(crate) fn report(&self, wrong: super::typed::Wrong, report: &mut Report<'_>) {
        let at = match (&self.at, wrong.index) {
            (At::File(place), Some(index)) => At::File(place.index(index)),
            (at, _) => at.clone(),
        };
        let what = format!("`{}` {}", self.spelled, wrong.what);
        report.error(&at, Part::Value, what).hint = wrong.hint;
    }

    /// Whether its value is more than a way to switch something off.
    fn asks(&self) -> bool {
        match &self.value {
            Value::Null | Value::Bool(false) => false,
            Value::Bool(true) => true,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::String(text) => !matches!(text.trim(), "" | "0" | "false"),
            Value::Array(items) => !items.is_empty(),
            Value::Object(map) => !map.is_empty(),
        }
    }
}

fn unknown(key: &str, at: &At, report: &mut Report<'_>) {
    let near = (!report.warnings.is_full()).then(|| raw::nearest(key));
    let finding = report.warning(at, Part::Key, format!("`{key}` is no setting of an app"));
    if let Some(name) = near.flatten() {
        finding.advise(format!("did you mean `{name}`?"));
    }
}
