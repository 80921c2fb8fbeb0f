//! Reads the attributes of one app, and knows what they are read against.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::draft::Draft;
use super::typed::{self, Wrong};
use crate::Env;
use crate::finding::Finding;
use crate::load::Asker;
use crate::report::Report;
use crate::tree::Part;

/// What all apps of one configuration are read against.
#[derive(Debug)]
pub(crate) struct Ground<'a> {
    /// Who asks.
    pub(crate) asker: &'a Asker,
    /// The asker's environment with what the configuration itself changed in it.
    pub(crate) env: Env,
    /// Which `env_<name>` is wanted.
    pub(crate) env_name: Option<&'a str>,
    /// How many processors `max` stands for.
    pub(crate) processors: u32,
    /// The configuration file, absolute; none: there is none.
    pub(crate) file: Option<PathBuf>,
}

/// One app that is being read.
pub(crate) struct Reader<'r, 'a> {
    /// What was written.
    pub(crate) draft: &'r Draft,
    /// What it is read against.
    pub(crate) ground: &'r Ground<'a>,
    /// Where mistakes go.
    pub(crate) report: &'r mut Report<'a>,
}

impl Reader<'_, '_> {
    /// The value of an attribute. None: it was not given, or it was wrong and that is reported.
    pub(crate) fn take<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value) -> Result<T, Wrong>,
    ) -> Option<T> {
        let given = self.draft.get(name)?;
        match read(&given.value) {
            Ok(value) => Some(value),
            Err(wrong) => {
                given.report(wrong, self.report);
                None
            }
        }
    }

    /// Whether an attribute is true.
    pub(crate) fn flag(&mut self, name: &'static str, default: bool) -> bool {
        self.take(name, typed::boolean).unwrap_or(default)
    }

    /// Whether an attribute was given at all.
    pub(crate) fn has(&self, name: &'static str) -> bool {
        self.draft.get(name).is_some()
    }

    /// The path that a text stands for, relative to `base`.
    pub(crate) fn path(&self, text: &str, base: &Path) -> PathBuf {
        crate::find::absolute(text, base, self.ground.asker.home.as_deref())
    }

    /// Reports an error in the value of an attribute.
    pub(crate) fn error(&mut self, name: &'static str, what: impl Into<String>) -> &mut Finding {
        let at = self.draft.at(name);
        self.report.error(&at, Part::Value, what)
    }

    /// Reports a warning about the value of an attribute.
    pub(crate) fn warning(&mut self, name: &'static str, what: impl Into<String>) -> &mut Finding {
        let at = self.draft.at(name);
        self.report.warning(&at, Part::Value, what)
    }
}
