//! JavaScript configuration files: evaluated inside this process, by an engine that is part of it.
//!
//! A configuration may be a program: it reads `package.json`, looks at `process.env`, loads a
//! `.env` file, exports a function. [`evaluate`] runs it and answers with what it exports, as
//! JSON, and with what it changed in its environment. No Node is needed for that.
//!
//! The engine knows what such files use and nothing else. Whatever it lacks (child processes,
//! timers, `Intl`, TypeScript) *throws* and leaves a mark, even where the file catches the error;
//! a file with such a mark is evaluated again, from the start, by `node`, `bun` or `deno` from the
//! caller's `PATH`, and the answer says so. A slow answer is better than a different one.

mod compile;
mod engine;
mod failure;
mod loader;
mod names;
mod natives;
mod package;
mod resolve;
mod runtimes;
mod shared;
mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use self::engine::Outcome;
use self::shared::{Entry, Lack, Task};
use crate::env::Env;

/// What the file may see of the machine and of whoever called.
#[derive(Clone)]
pub struct Host {
    /// The folder that `process.cwd()` names and relative paths are read from. Absolute.
    pub cwd: PathBuf,
    /// What `process.env` holds at the start, and where `PATH` is looked up for another runtime.
    pub env: Env,
    /// What `os.homedir()` answers; the environment's `HOME`, then the root folder, without one.
    pub home: Option<PathBuf>,
    /// What `process.argv` holds.
    pub argv: Vec<String>,
    /// What `process.execPath` holds.
    pub exec_path: PathBuf,
    /// What an evaluation may take.
    pub limits: Limits,
    /// Receives each line that the file writes with `console`, without its newline, when the
    /// evaluation is over.
    pub console: Rc<dyn Fn(&str)>,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("cwd", &self.cwd)
            .field("env", &self.env)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// What an evaluation may take. What goes beyond is an error, not a reason for another runtime.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long the built-in engine may take, by the clock on the wall.
    pub time: Duration,
    /// How long another runtime may take, by the clock on the wall.
    pub runtime_time: Duration,
    /// How much memory the built-in engine may hold, in bytes.
    pub memory: usize,
}

impl Default for Limits {
    /// Five seconds and 256 MiB in the engine; fifteen seconds in another runtime.
    fn default() -> Self {
        Self {
            time: Duration::from_secs(5),
            runtime_time: Duration::from_secs(15),
            memory: 256 << 20,
        }
    }
}

/// What is evaluated.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// A program: CommonJS, an ES module, or TypeScript.
    File(&'a Path),
    /// The text of a program that is in no file: CommonJS or an ES module. What it loads is looked
    /// for from the host's folder.
    Text {
        /// What errors call it, as `<stdin>`.
        name: &'a str,
        /// The program.
        text: &'a str,
    },
    /// The text of one expression, as PM2 reads its `.json` files.
    Expression {
        /// The file that the text is from, for errors.
        name: &'a str,
        /// The expression.
        text: &'a str,
    },
}

/// What came of an evaluation. Its `Debug` shows neither values nor variables: both hold passwords.
#[derive(Clone)]
pub struct Evaluated {
    /// What the file exports: functions called, promises awaited, as `JSON.stringify` sees it.
    pub value: serde_json::Value,
    /// What the file changed in `process.env`: the new text, or nothing where it was deleted.
    pub env_changes: BTreeMap<String, Option<String>>,
    /// Who evaluated it.
    pub runtime: Runtime,
    /// Why another runtime was used, in one line; nothing when none was.
    pub note: Option<String>,
}

impl fmt::Debug for Evaluated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evaluated")
            .field("runtime", &self.runtime)
            .field("note", &self.note)
            .finish_non_exhaustive()
    }
}

/// Who evaluated a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runtime {
    /// The engine inside this process.
    Embedded,
    /// The `node` at this path.
    Node(PathBuf),
    /// The `bun` at this path.
    Bun(PathBuf),
    /// The `deno` at this path.
    Deno(PathBuf),
}

/// Why a file has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JsError {
    /// The file that was running when it went wrong; not always the one that was asked for.
    pub file: Option<PathBuf>,
    /// The line in that file, from 1.
    pub line: Option<u32>,
    /// The column in that line, from 1.
    pub column: Option<u32>,
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Evaluates a file or a text.
///
/// Errors: whatever the file throws, with its place; a syntax error; a limit that was exceeded; a
/// call of `process.exit`; and what the engine lacks, when there is no other runtime to ask.
/// Panics: never.
pub fn evaluate(source: &Source<'_>, host: &Host) -> Result<Evaluated, JsError> {
    let entry = Entry::of(source, &host.cwd).map_err(|error| unreadable(source, &error))?;
    let task = Task::new(entry, host);
    let (outcome, console) = engine::run(task.clone());
    if let Outcome::Lack(lack) = &outcome {
        return elsewhere(&task, lack, host);
    }
    console.iter().for_each(|line| (host.console)(line));
    evaluated(&task, outcome, Runtime::Embedded, None)
}

/// The error of a file that is not there.
fn unreadable(source: &Source<'_>, error: &std::io::Error) -> JsError {
    let error = JsError::at(None, format!("it cannot be read: {error}"));
    match source {
        Source::File(path) => error.or_in(&path.to_string_lossy()),
        Source::Text { name, .. } | Source::Expression { name, .. } => error.or_in(name),
    }
}

/// Evaluates with the best runtime of the `PATH` that can read the file.
///
/// What the engine wrote with `console` is dropped: the runtime writes it again.
fn elsewhere(task: &Task, lack: &Lack, host: &Host) -> Result<Evaluated, JsError> {
    let has_types = lack.what == TYPESCRIPT;
    let mut unable = Vec::new();
    for runtime in runtimes::found(task, has_types) {
        let (outcome, console) = runtimes::run(task, &runtime);
        let shown = runtime.to_string();
        let note = note(lack, &runtime);
        let result = evaluated(task, outcome, runtime, Some(note));
        if has_types && result.as_ref().is_err_and(is_about_types) {
            unable.push(shown);
            continue;
        }
        console.iter().for_each(|line| (host.console)(line));
        return result;
    }
    Err(nowhere(lack, &unable).or_in(&task.name()))
}

/// The syntax of TypeScript as the name of something that the engine lacks.
const TYPESCRIPT: &str = "the syntax of TypeScript";

/// Whether a runtime failed because it does not read TypeScript, so that another one may.
fn is_about_types(error: &JsError) -> bool {
    error.message.contains("Unknown file extension")
}

/// Why another runtime was used, in one line.
fn note(lack: &Lack, runtime: &Runtime) -> String {
    let place = lack.place.as_ref();
    let place = place.map_or_else(String::new, |p| format!(" ({}:{})", p.file, p.line));
    format!(
        "evaluated with {runtime}: {}{place} is not in the built-in engine",
        lack.what
    )
}

/// The error of a file that needs a runtime where there is none, or only ones that are unable.
fn nowhere(lack: &Lack, unable: &[String]) -> JsError {
    let what = &lack.what;
    let others = match unable {
        [] => "no `node`, `bun` or `deno` is in PATH".to_owned(),
        unable => format!("not in {} either", unable.join(" and ")),
    };
    let message = format!("{what} is not in the built-in engine, and {others}");
    let hint = if what == TYPESCRIPT {
        "install Bun or Node.js 22.18, or write the file in JavaScript"
    } else {
        "install Node.js or Bun, or write the file without it"
    };
    JsError::at(lack.place.clone(), message).advising(hint)
}

/// An outcome as the caller gets it.
fn evaluated(
    task: &Task,
    outcome: Outcome,
    runtime: Runtime,
    note: Option<String>,
) -> Result<Evaluated, JsError> {
    match outcome {
        Outcome::Value { json, env } => {
            let value = serde_json::from_str(&json).map_err(|error| {
                JsError::at(
                    None,
                    format!("what it exports is no configuration: {error}"),
                )
                .or_in(&task.name())
            })?;
            Ok(Evaluated {
                value,
                env_changes: changes(&task.env, &env),
                runtime,
                note,
            })
        }
        Outcome::Lack(lack) => Err(nowhere(&lack, &[]).or_in(&task.name())),
        Outcome::Failed(mut error) => {
            if let Some(note) = note {
                let hint = hint_elsewhere(&error.message, note);
                error.hint.get_or_insert(hint);
            }
            Err(error)
        }
    }
}

/// What to do about an error in another runtime, which was used for the reason in `note`.
///
/// That `dotenv` is missing there is a riddle to a person whose other files use it without having
/// installed it.
fn hint_elsewhere(message: &str, note: String) -> String {
    let is_missing = |what| message.contains(&format!("Cannot find {what} 'dotenv"));
    if ["module", "package"].into_iter().any(is_missing) {
        format!(
            "{note}, which alone has `dotenv`; install it with `npm install dotenv`, or give \
             the file as `env_file` of the app"
        )
    } else {
        note
    }
}

/// What differs between two environments.
fn changes(before: &Env, after: &Env) -> BTreeMap<String, Option<String>> {
    let set = after
        .0
        .iter()
        .filter(|(name, value)| before.get(name) != Some(value))
        .map(|(name, value)| (name.clone(), Some(value.clone())));
    let deleted = before.0.keys().filter(|name| after.get(name).is_none());
    set.chain(deleted.map(|name| (name.clone(), None)))
        .collect()
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("the built-in engine"),
            Self::Node(path) | Self::Bun(path) | Self::Deno(path) => {
                write!(f, "`{}`", path.display())
            }
        }
    }
}
