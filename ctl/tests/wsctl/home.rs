//! A home for one test, and `wsctl` run in it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use protocol::{Asking, Paths, Reply, Request, View};
use tempfile::TempDir;

use crate::fake::{Deed, Fake};

/// A home for one test.
#[derive(Debug)]
pub(crate) struct Home {
    folder: TempDir,
}

/// What a command left behind. Its `Display` is for snapshots: the home's path is `HOME` there.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Its exit code.
    pub(crate) code: i32,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it said besides.
    pub(crate) stderr: String,
}

impl Home {
    /// An empty home.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("work")).unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Self { folder }
    }

    /// The files of the home.
    pub(crate) fn paths(&self) -> Paths {
        Paths::new(self.folder.path().join("home"))
    }

    /// The folder in which commands are run.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// A daemon that does what `script` says.
    pub(crate) fn daemon(&self, script: impl FnMut(&Asking) -> Deed + Send + 'static) -> Fake {
        Fake::listen(&self.paths().socket(), script)
    }

    /// A daemon that has this view, and this answer for whatever else is asked.
    pub(crate) fn answering(&self, view: View, reply: Reply) -> Fake {
        self.daemon(move |asking| {
            Deed::Answer(match &asking.request {
                Request::List => Reply::View { view: view.clone() },
                _ => reply.clone(),
            })
        })
    }

    /// A daemon that has this view.
    pub(crate) fn showing(&self, view: View) -> Fake {
        self.answering(view, Reply::Pong)
    }

    /// `wsctl`, with the home's environment and no other.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_wsctl")), arguments)
    }

    /// The same of a copy of the program.
    pub(crate) fn command_of(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.work())
            .env_clear()
            .env("WSD_HOME", self.paths().home())
            .env("HOME", self.folder.path())
            .env("PATH", "/usr/bin:/bin")
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        command
    }

    /// Runs `wsctl` to its end.
    pub(crate) fn ctl(&self, arguments: &[&str]) -> Outcome {
        self.outcome(&mut self.command(arguments))
    }

    /// Runs a command to its end.
    pub(crate) fn outcome(&self, command: &mut Command) -> Outcome {
        let output = command.output().unwrap();
        let here = self.folder.path().to_str().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace(here, "HOME");
        Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "exit code: {}\n--- stdout\n{}--- stderr\n{}",
            self.code, self.stdout, self.stderr
        )
    }
}
