//! From what the user named to specifications, or to everything that is wrong with it.
//!
//! [`load`] is the one entry: it reads the [`Source`], lays the command line's flags over it and
//! lowers each app to an [`AppSpec`]. It never stops at the first mistake. What it must know about
//! the person who asks is an argument, the [`Asker`]; it reads files, and starts nothing but the
//! runtime that evaluates a JavaScript configuration where the embedded engine cannot.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::finding::Finding;
use crate::formats::Format;
use crate::lower::draft::{self, Draft};
use crate::lower::{self, Ground, environment};
use crate::read::{self, Reading};
use crate::report::{At, Report};
use crate::tree::Part;
use crate::{AppSpec, Env, shape};

/// How many apps one configuration may hold. For each, files and programs are looked up.
const APPS_MAX: usize = 1000;

/// Where the apps are described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In a configuration file; its name says in which format.
    File(PathBuf),
    /// In this text, which came from standard input.
    Stdin(String),
    /// On the command line alone, as in `wsctl start app.js --name web`.
    Flags,
}

/// Who asks, and from where.
pub struct Asker {
    /// The folder in which the command was typed, absolute.
    pub cwd: PathBuf,
    /// The environment in which it was typed.
    pub env: Env,
    /// What `~` stands for.
    pub home: Option<PathBuf>,
    /// The folder for log files that are not named, absolute.
    pub logs: PathBuf,
    /// The folder for pid files that are not named, absolute.
    pub pids: PathBuf,
    /// Who typed it.
    pub uid: u32,
    /// What was typed, for `process.argv` of a JavaScript configuration.
    pub argv: Vec<String>,
    /// The users and groups of this machine.
    pub users: Box<dyn Users>,
    /// Shows a line that a JavaScript configuration printed.
    pub console: fn(&str),
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asker")
            .field("cwd", &self.cwd)
            .field("env", &self.env)
            .field("uid", &self.uid)
            .finish_non_exhaustive()
    }
}

/// The users and groups of a machine.
pub trait Users {
    /// The user with this name.
    fn by_name(&self, name: &str) -> Option<User>;
    /// The user with this number.
    fn by_uid(&self, uid: u32) -> Option<User>;
    /// The number of the group with this name.
    fn group(&self, name: &str) -> Option<u32>;
    /// The groups of a user, `gid` among them. Order: as the system has them.
    fn groups_of(&self, user: &User, gid: u32) -> Vec<u32>;
}

/// One user of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The number.
    pub uid: u32,
    /// The number of the primary group.
    pub gid: u32,
    /// The name.
    pub name: String,
    /// The home folder.
    pub home: PathBuf,
}

/// What is wanted of the source.
#[derive(Clone, Default, PartialEq)]
pub struct Wanted {
    /// Which `env_<name>` is laid over `env`.
    pub env_name: Option<String>,
    /// Only the apps with these names; empty: all.
    pub only: Vec<String>,
    /// Attributes as given on the command line, by any of their names. They are laid over each
    /// app of a file; for [`Source::Flags`] they are the app.
    pub flags: Map<String, Value>,
}

impl fmt::Debug for Wanted {
    /// Flags may hold an environment, so only their names are shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wanted")
            .field("env_name", &self.env_name)
            .field("only", &self.only)
            .field("flags", &self.flags.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// What came of it. With an error there are no specifications.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Loaded {
    /// The apps, in the order of the file.
    pub specs: Vec<AppSpec>,
    /// What makes it unusable.
    pub errors: Vec<Finding>,
    /// What the user should know.
    pub warnings: Vec<Finding>,
    /// Which other runtime evaluated the configuration, where the embedded engine could not.
    pub note: Option<String>,
}

/// Reads the source and lowers it. Errors: all of them, in [`Loaded::errors`].
#[must_use]
pub fn load(source: &Source, asker: &Asker, wanted: &Wanted) -> Loaded {
    match source {
        Source::File(path) => of_reading(read::file(path, asker), asker, wanted),
        Source::Stdin(text) => load_text(Format::of_text(text), text, asker, wanted),
        Source::Flags => of_flags(asker, wanted),
    }
}

/// The same for a text from standard input whose format is known.
#[must_use]
pub fn load_text(format: Format, text: &str, asker: &Asker, wanted: &Wanted) -> Loaded {
    of_reading(read::text(format, text, asker), asker, wanted)
}

/// Whether a file with this name is a configuration; any other is a script.
#[must_use]
pub fn is_config_name(path: &Path) -> bool {
    Format::of_name(path).is_some()
}

fn of_reading(reading: Result<Reading, Vec<Finding>>, asker: &Asker, wanted: &Wanted) -> Loaded {
    let reading = match reading {
        Ok(reading) => reading,
        Err(errors) => {
            return Loaded {
                errors,
                ..Loaded::default()
            };
        }
    };
    let ground = Ground {
        env: environment::changed(&asker.env, &reading.env_changes),
        file: reading.file,
        ..ground(asker, wanted)
    };
    let mut report = Report::on(Some(&reading.sheet));
    for warning in reading.warnings {
        report.warnings.push(warning);
    }
    let drafts = shape::apps(reading.sheet.value(), &mut report);
    let mut drafts = only(drafts, wanted, &mut report);
    bounded(&mut drafts, &mut report);
    for draft in &mut drafts {
        draft.lay_over(&wanted.flags);
    }
    Loaded {
        note: reading.note,
        ..finish(&drafts, &ground, report)
    }
}

fn of_flags(asker: &Asker, wanted: &Wanted) -> Loaded {
    let report = Report::on(None);
    let mut draft = Draft::empty(At::Flag("SCRIPT".to_owned()));
    draft.lay_over(&wanted.flags);
    finish(&[draft], &ground(asker, wanted), report)
}

fn ground<'a>(asker: &'a Asker, wanted: &'a Wanted) -> Ground<'a> {
    Ground {
        asker,
        env: asker.env.clone(),
        env_name: wanted.env_name.as_deref(),
        processors: std::thread::available_parallelism()
            .ok()
            .and_then(|count| u32::try_from(count.get()).ok())
            .unwrap_or(1),
        file: None,
    }
}

/// The apps that are wanted. Others are not looked at: their mistakes stop nobody.
fn only(drafts: Vec<Draft>, wanted: &Wanted, report: &mut Report<'_>) -> Vec<Draft> {
    if wanted.only.is_empty() || !report.errors.is_empty() {
        return drafts;
    }
    let env_name = wanted.env_name.as_deref();
    let names: Vec<String> = drafts.iter().map(|d| lower::name_of(d, env_name)).collect();
    for missing in wanted.only.iter().filter(|name| !names.contains(name)) {
        let at = At::Flag("--only".to_owned());
        let distinct: BTreeSet<&String> = names.iter().collect();
        let list: Vec<String> = distinct.iter().map(|name| format!("`{name}`")).collect();
        report
            .error(
                &at,
                Part::Value,
                format!("there is no app `{missing}` in it"),
            )
            .advise(format!("there are {}", list.join(", ")));
    }
    drafts
        .into_iter()
        .zip(names)
        .filter(|(_, name)| wanted.only.contains(name))
        .map(|(draft, _)| draft)
        .collect()
}

/// Drops the apps beyond the bound, which is an error.
fn bounded(drafts: &mut Vec<Draft>, report: &mut Report<'_>) {
    if let Some(first) = drafts.get(APPS_MAX) {
        let what = format!("one configuration holds at most {APPS_MAX} apps");
        report.error(&first.at, Part::Value, what);
        drafts.truncate(APPS_MAX);
    }
}

fn finish<'a>(drafts: &[Draft], ground: &Ground<'a>, mut report: Report<'a>) -> Loaded {
    lower::check_names(drafts, ground.env_name, &mut report);
    if let Some(name) = ground.env_name.filter(|_| !drafts.is_empty()) {
        environment::check_name(drafts, name, &mut report);
    }
    draft::warn_of_unserved(drafts, ground.env_name, &mut report);
    let specs: Vec<AppSpec> = drafts
        .iter()
        .filter_map(|draft| lower::lower(draft, ground, &mut report))
        .collect();
    lower::check_logs(drafts, &specs, &mut report);
    let Report {
        errors, warnings, ..
    } = report;
    Loaded {
        specs: if errors.is_empty() { specs } else { Vec::new() },
        errors: errors.into_vec(),
        warnings: warnings.into_vec(),
        note: None,
    }
}
