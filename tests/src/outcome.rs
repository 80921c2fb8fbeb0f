//! What a command that has ended left behind.

use std::fmt;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;

use serde_json::Value;

use crate::Deadline;
use crate::processes::{Process, Signal};

/// A command that has ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What was run, for messages.
    pub command: String,
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Outcome {
    /// Runs a command to its end, and to the end of its output.
    ///
    /// # Panics
    /// Where it cannot be started or has not ended by the deadline; it is killed then.
    pub fn of(command: &mut Command, deadline: Deadline) -> Self {
        let shown = format!("{command:?}");
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|why| panic!("{shown} cannot be started: {why}"));
        Self::await_end(shown, child, deadline)
    }

    /// Waits for a command whose output is piped.
    ///
    /// # Panics
    /// As [`Outcome::of`].
    pub fn await_end(command: String, mut child: Child, deadline: Deadline) -> Self {
        let process = Process::open(child.id()).expect("a child is there until it is reaped");
        let (done, ended) = channel();
        let out = child.stdout.take();
        let err = child.stderr.take();
        thread::spawn(move || {
            let errors = thread::spawn(move || text_of(err));
            let stdout = text_of(out);
            let stderr = errors.join().unwrap_or_default();
            drop(done.send((child.wait(), stdout, stderr)));
        });
        let Ok((status, stdout, stderr)) = ended.recv_timeout(deadline.left()) else {
            process.signal(Signal::KILL);
            panic!("{command} has not ended, or something it started holds its output open");
        };
        Self {
            command,
            code: status.expect("a child can be waited for once").code(),
            stdout,
            stderr,
        }
    }

    /// The same, where its exit code is this.
    ///
    /// # Panics
    /// With all that it wrote, where it is another.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Asserts that it exited with 0.
    ///
    /// # Panics
    /// With all that it wrote, where it did not.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.exits(0)
    }

    /// Its standard output as one JSON value.
    ///
    /// # Panics
    /// Where it is none.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|why| panic!("no JSON: {why}\n{self}"))
    }

    /// Asserts that standard error holds all of these texts.
    ///
    /// # Panics
    /// Where one is missing.
    #[track_caller]
    pub fn complains_of(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is not in\n{self}");
        }
        self
    }

    /// Asserts that standard output holds all of these texts.
    ///
    /// # Panics
    /// Where one is missing.
    #[track_caller]
    pub fn shows(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stdout.contains(word), "`{word}` is not in\n{self}");
        }
        self
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ended with {:?}", self.command, self.code)?;
        writeln!(f, "--- stdout\n{}", self.stdout)?;
        writeln!(f, "--- stderr\n{}", self.stderr)
    }
}

fn text_of(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes)
            .expect("a pipe can be read to its end");
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
