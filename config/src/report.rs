//! All that is found wrong on the way from the text to the specifications.
//!
//! Nothing stops at a mistake: whoever finds one reports it, goes on with a default, and the
//! specification is thrown away in the end. So everything is known after one look.

use crate::finding::{Finding, Severity};
use crate::formats::Flaw;
use crate::page::{Page, Spot};
use crate::place::Place;
use crate::sheet::Sheet;
use crate::tree::Part;

/// Where a setting was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum At {
    /// By this flag of the command line.
    Flag(String),
    /// At this place in the configuration.
    File(Place),
}

/// How many errors, and how many warnings, are kept. Nobody reads more; a file made by a machine
/// could have one for each of its lines.
const FINDINGS_MAX: usize = 200;

/// What has been found so far.
#[derive(Debug, Default)]
pub(crate) struct Report<'a> {
    /// The configuration, where there is one.
    sheet: Option<&'a Sheet>,
    /// The name of the app that is looked at.
    pub(crate) app: Option<String>,
    /// What makes the configuration unusable.
    pub(crate) errors: Findings,
    /// What is hardly meant.
    pub(crate) warnings: Findings,
}

/// Findings of one severity, each once, up to a limit.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    kept: Vec<Finding>,
    /// The last one beyond the limit, for who gives it a hint.
    surplus: Option<Finding>,
}

impl<'a> Report<'a> {
    /// An empty report on a configuration, or on flags alone.
    pub(crate) fn on(sheet: Option<&'a Sheet>) -> Self {
        Self {
            sheet,
            ..Self::default()
        }
    }

    /// Reports an error; the answer may be given a hint.
    pub(crate) fn error(&mut self, at: &At, part: Part, what: impl Into<String>) -> &mut Finding {
        let finding = self.finding(Severity::Error, at, part, what.into());
        self.errors.push(finding)
    }

    /// Reports a warning; the answer may be given a hint.
    pub(crate) fn warning(&mut self, at: &At, part: Part, what: impl Into<String>) -> &mut Finding {
        let finding = self.finding(Severity::Warning, at, part, what.into());
        self.warnings.push(finding)
    }

    /// How people find a place again: with its line, where there is one.
    pub(crate) fn describe(&self, at: &At) -> String {
        match at {
            At::Flag(flag) => format!("`{flag}`"),
            At::File(place) => match self.spot(place, Part::Key) {
                Some(spot) => format!("`{place}` in line {}", spot.line),
                None => format!("`{place}`"),
            },
        }
    }

    fn spot(&self, place: &Place, part: Part) -> Option<Spot> {
        self.sheet?.spot(place, part)
    }

    fn finding(&self, severity: Severity, at: &At, part: Part, what: String) -> Finding {
        let is_kept = match severity {
            Severity::Error => !self.errors.is_full(),
            Severity::Warning => !self.warnings.is_full(),
        };
        let (file, place, spot) = match at {
            At::Flag(flag) => (None, flag.clone(), None),
            At::File(place) => (
                self.sheet.map(|sheet| sheet.page.name.clone()),
                place.to_string(),
                is_kept.then(|| self.spot(place, part)).flatten(),
            ),
        };
        Finding {
            severity,
            file,
            line: spot.as_ref().map(|spot| spot.line),
            column: spot.as_ref().map(|spot| spot.column),
            place,
            // A flag that stands beside a file is meant for all of its apps.
            app: self
                .app
                .clone()
                .filter(|_| self.sheet.is_none() || matches!(at, At::File(_))),
            what,
            hint: None,
            excerpt: spot
                .filter(|spot| self.sheet.is_none_or(|sheet| !sheet.is_secret(spot)))
                .map(|spot| spot.excerpt),
        }
    }
}

impl Findings {
    /// Adds a finding, unless it is known: a flag that is wrong is wrong for each app alike.
    pub(crate) fn push(&mut self, finding: Finding) -> &mut Finding {
        let same = |known: &Finding| {
            known.place == finding.place && known.what == finding.what && known.app == finding.app
        };
        if let Some(index) = self.kept.iter().position(same) {
            return &mut self.kept[index];
        }
        if self.is_full() {
            return self.surplus.insert(finding);
        }
        self.kept.push(finding);
        let last = self.kept.len() - 1;
        &mut self.kept[last]
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether further ones are dropped, so that looking for hints is in vain.
    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() >= FINDINGS_MAX
    }

    /// All of them, as they stand in the file where that is known of all.
    pub(crate) fn into_vec(mut self) -> Vec<Finding> {
        if self.kept.iter().all(|finding| finding.line.is_some()) {
            self.kept
                .sort_by_key(|finding| (finding.line, finding.column));
        }
        if self.surplus.is_some()
            && let Some(last) = self.kept.last_mut()
        {
            last.advise("there are more of these than are shown");
        }
        self.kept
    }
}

/// What a parser found, as a finding.
pub(crate) fn of_flaw(page: &Page, flaw: &Flaw, severity: Severity) -> Finding {
    let spot = page.spot(&flaw.range);
    Finding {
        line: Some(spot.line),
        column: Some(spot.column),
        excerpt: Some(spot.excerpt),
        hint: flaw.hint.clone(),
        ..of_source(&page.name, severity, &flaw.what)
    }
}

/// Something about the source as a whole.
pub(crate) fn of_source(name: &str, severity: Severity, what: &str) -> Finding {
    Finding {
        severity,
        file: Some(name.to_owned()),
        line: None,
        column: None,
        place: String::new(),
        app: None,
        what: what.to_owned(),
        hint: None,
        excerpt: None,
    }
}
