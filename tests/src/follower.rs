//! A command that runs on while a test reads what it prints.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::Deadline;

/// A running command; it is killed when this goes.
#[derive(Debug)]
pub struct Follower {
    child: Child,
    lines: Receiver<String>,
    deadline: Deadline,
}

impl Follower {
    /// Starts the command.
    ///
    /// # Panics
    /// Where it cannot be started.
    #[must_use]
    pub fn of(command: &mut Command, deadline: Deadline) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command can be started");
        let out = BufReader::new(child.stdout.take().expect("it is piped"));
        let (send, lines) = channel();
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            lines,
            deadline,
        }
    }

    /// The next line.
    ///
    /// # Panics
    /// Where none comes in time.
    #[track_caller]
    pub fn line(&self) -> String {
        let line = self.lines.recv_timeout(self.deadline.left());
        line.expect("the command prints one more line in time")
    }

    /// Reads up to this line.
    ///
    /// # Panics
    /// Where it does not come in time.
    #[track_caller]
    pub fn await_line(&self, wanted: &str) {
        while self.line() != wanted {}
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
