//! Other runtimes: which one there is, and an evaluation by it.

use std::hash::{BuildHasher as _, RandomState};
use std::io::{Read, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::engine::Outcome;
use super::failure::{self, Place, beyond_time, first_place};
use super::natives::SETTLE;
use super::shared::{Entry, Task};
use super::{JsError, Runtime};
use crate::env::Env;

/// The script that another runtime runs; [`SETTLE`] comes before it.
const BRIDGE: &str = include_str!("bridge.js");

/// How long the standard error of a runtime that has answered may take to end, when something
/// that it started still holds it open.
const GRACE: Duration = Duration::from_millis(200);

impl Runtime {
    /// The runtime's program; none for the engine in this process.
    fn program(&self) -> Option<&Path> {
        match self {
            Self::Embedded => None,
            Self::Node(path) | Self::Bun(path) | Self::Deno(path) => Some(path),
        }
    }

    /// What makes the runtime evaluate a script that is the next argument.
    fn arguments(&self) -> &'static [&'static str] {
        match self {
            Self::Embedded => &[],
            Self::Node(_) => &["--input-type=commonjs", "--no-warnings", "-e"],
            Self::Bun(_) => &["-e"],
            Self::Deno(_) => &["eval"],
        }
    }
}

/// The runtimes in the `PATH` of an environment, the best first: for TypeScript those that have
/// always read it.
pub(super) fn found(task: &Task, has_types: bool) -> Vec<Runtime> {
    let [node, bun, deno] = [
        in_path("node", task).map(Runtime::Node),
        in_path("bun", task).map(Runtime::Bun),
        in_path("deno", task).map(Runtime::Deno),
    ];
    let ordered = if has_types {
        [bun, deno, node]
    } else {
        [node, bun, deno]
    };
    ordered.into_iter().flatten().collect()
}

/// The first executable file of a name in the `PATH`.
fn in_path(name: &str, task: &Task) -> Option<PathBuf> {
    let path = task.env.get("PATH")?;
    std::env::split_paths(path)
        .map(|folder| task.cwd.join(folder).join(name))
        .find(|file| {
            file.metadata()
                .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
        })
}

/// What the bridge reports.
#[derive(Deserialize)]
#[serde(untagged)]
enum Report {
    /// A value.
    Value {
        /// The value, as JSON.
        json: String,
        /// `process.env` at the end.
        env: Env,
    },
    /// The file called `process.exit`.
    Exit {
        /// The code.
        exit: i32,
        /// The stack of the call.
        stack: String,
    },
    /// The file failed.
    Failure {
        /// What went wrong.
        failure: Thrown,
    },
}

/// What a file threw.
#[derive(Deserialize)]
struct Thrown {
    /// What went wrong.
    message: String,
    /// Where, in the words of the runtime.
    stack: String,
}

/// Evaluates a task with a runtime; also gives the lines that it wrote to its standard error.
pub(super) fn run(task: &Task, runtime: &Runtime) -> (Outcome, Vec<String>) {
    let Some(program) = runtime.program() else {
        return (refused(task, "there is no runtime"), Vec::new());
    };
    let mark = mark();
    match answered(task, runtime, program, &mark) {
        Ok(Answer::Report(text, lines)) => (outcome(task, &text, &mark, &lines), lines),
        Ok(Answer::Late(lines)) => {
            let late = beyond_time(task.limits.runtime_time).or_in(&task.name());
            (Outcome::Failed(late), lines)
        }
        Err(error) => {
            let why = format!("`{}` was not started: {error}", program.display());
            (refused(task, &why), Vec::new())
        }
    }
}

/// A failure that is not the file's.
fn refused(task: &Task, why: &str) -> Outcome {
    Outcome::Failed(JsError::at(None, why).or_in(&task.name()))
}

/// The script of the bridge with what it needs.
fn script() -> String {
    format!(
        "const {{ settle, toJson }} = {}();\n{BRIDGE}",
        SETTLE.trim_end()
    )
}

/// What a runtime wrote.
enum Answer {
    /// Its report, empty when it ended without one; and the lines of its standard error.
    Report(String, Vec<String>),
    /// Nothing in time; and the lines of its standard error.
    Late(Vec<String>),
}

/// Starts a runtime, gives it the job and waits for its report.
fn answered(task: &Task, runtime: &Runtime, program: &Path, mark: &str) -> std::io::Result<Answer> {
    let mut child = Command::new(program)
        .args(runtime.arguments())
        .arg(script())
        .current_dir(&task.cwd)
        .env_clear()
        .envs(&task.env.0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let job = job(task, mark).to_string();
    if let Some(mut input) = child.stdin.take() {
        // A runtime that ends without reading its job has said why on its standard error.
        thread::spawn(move || input.write_all(job.as_bytes()));
    }
    let report = child.stdout.take().map(|output| Reader::of(output, mark));
    let errors = child.stderr.take().map(|output| Reader::of(output, ""));
    let limit = task.limits.runtime_time;
    let (text, is_late) = report.map_or_else(Default::default, |report| report.text(limit));
    // It has answered or never will; nothing is lost when it is already gone.
    child.kill().unwrap_or_default();
    child.wait()?;
    let (lines, _) = errors.map_or_else(Default::default, |errors| errors.text(GRACE));
    let lines = lines.lines().map(str::to_owned).collect();
    Ok(if is_late {
        Answer::Late(lines)
    } else {
        Answer::Report(text, lines)
    })
}

/// A thread that reads what a runtime writes.
struct Reader {
    /// What it has read so far.
    bytes: Arc<Mutex<Vec<u8>>>,
    /// Gets a word, or ends, when there is nothing more to read.
    done: Receiver<()>,
}

/// How much of what a runtime writes is kept, in bytes.
const OUTPUT_BYTES_MAX: usize = 64 << 20;

impl Reader {
    /// Reads to the end, or until `mark` has come twice.
    fn of(mut output: impl Read + Send + 'static, mark: &str) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (finished, done) = mpsc::channel();
        let (kept, mark) = (Arc::clone(&bytes), mark.to_owned());
        thread::spawn(move || {
            let mut chunk = [0; 1 << 16];
            while let Ok(length @ 1..) = output.read(&mut chunk) {
                let Ok(mut kept) = kept.lock() else { break };
                if kept.len() < OUTPUT_BYTES_MAX {
                    kept.extend_from_slice(&chunk[..length]);
                }
                if !mark.is_empty() && between(&String::from_utf8_lossy(&kept), &mark).is_some() {
                    break;
                }
            }
            // When nobody waits any more, nobody wants to know.
            finished.send(()).unwrap_or_default();
        });
        Self { bytes, done }
    }

    /// What was read until the end, or until the limit; and whether that came first.
    fn text(&self, limit: Duration) -> (String, bool) {
        let is_late = self.done.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
        let text = self
            .bytes
            .lock()
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (text.unwrap_or_default(), is_late)
    }
}

/// The text between the first two occurrences of a mark.
fn between<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(mark)?;
    rest.split_once(mark).map(|(inner, _)| inner)
}

/// The job of the bridge.
fn job(task: &Task, mark: &str) -> Value {
    let mut job = json!({"mark": mark, "env": task.env, "argv": task.argv, "name": task.name()});
    match &task.entry {
        Entry::File(path) => job["file"] = path.to_string_lossy().into(),
        Entry::Text { text, .. } => job["program"] = text.as_str().into(),
        Entry::Expression { text, .. } => job["text"] = text.as_str().into(),
    }
    job
}

/// A line that a file cannot write by accident.
fn mark() -> String {
    let number = RandomState::new().hash_one(std::process::id());
    format!("configuration-{number:016x}")
}

/// What a report means.
fn outcome(task: &Task, text: &str, mark: &str, lines: &[String]) -> Outcome {
    let report = between(text, mark)
        .map(str::trim)
        .map(serde_json::from_str::<Report>);
    let error = match report {
        Some(Ok(Report::Value { json, env })) => return Outcome::Value { json, env },
        Some(Ok(Report::Exit { exit, stack })) => failure::exited(exit, first_place(&stack)),
        Some(Ok(Report::Failure { failure })) => {
            let place = heading(&failure.stack).or_else(|| first_place(&failure.stack));
            JsError::at(place, failure.message)
        }
        Some(Err(_)) | None => {
            let last = lines.iter().rev().find(|line| !line.trim().is_empty());
            let last = last.map_or("it said nothing", |line| line.trim());
            JsError::at(None, format!("the runtime ended without an answer: {last}"))
        }
    };
    Outcome::Failed(error.or_in(&task.name()))
}

/// The place that a stack of Node begins with when the syntax is wrong: `file:line`.
fn heading(stack: &str) -> Option<Place> {
    let (file, line) = stack.lines().next()?.rsplit_once(':')?;
    let file = file.strip_prefix("file://").unwrap_or(file);
    file.starts_with('/').then_some(())?;
    Some(Place {
        file: file.to_owned(),
        line: line.parse().ok()?,
        column: 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_stands_between_two_marks_and_anything_may_stand_around() {
        assert_eq!(
            between(
                "noise
M
{}
M
more",
                "M"
            )
            .map(str::trim),
            Some("{}")
        );
        assert_eq!(
            between(
                "noise
M
{}",
                "M"
            ),
            None
        );
    }

    #[test]
    fn a_syntax_error_of_node_has_its_place_in_front() {
        let place = heading(
            "/x/y.js:7
let let
    ^^^

SyntaxError: let is disallowed",
        );
        assert_eq!(
            place.map(|p| (p.file, p.line)),
            Some(("/x/y.js".to_owned(), 7))
        );
        assert_eq!(heading("Error: no place:1"), None);
    }

    #[test]
    fn two_marks_differ() {
        assert_ne!(mark(), mark());
    }
}
