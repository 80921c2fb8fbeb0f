//! What happens meanwhile to the apps that were asked for, where the answer to a reload or restart
//! takes long.
//!
//! An old run may have minutes for what it has begun, and a command that says nothing for so long
//! looks broken. So a thread tells, but only after a while: a reload that is done at once is told
//! once, by its answer. It has a connection of its own, and what goes wrong with that is nobody's
//! concern.

use std::collections::BTreeSet;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::thread::{self, JoinHandle};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use protocol::notice::Who;
use protocol::view::InstanceView;
use protocol::{Notice, Reply, Request};

use crate::client::Client;
use crate::context::Context;
use crate::printer::{Printer, Quiet};
use crate::words;

/// How long an answer may take until something is said, in milliseconds.
const SILENCE_MS: u16 = 2000;

/// Tells what happens until it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    /// The thread ends when this is closed.
    open: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins to wait for what was typed, with apps of these names; tells nothing where nothing is to
    /// be said.
    pub(crate) fn begin(word: &'static str, apps: BTreeSet<String>, context: &Context) -> Self {
        let pipe = io::pipe().ok().filter(|_| context.quiet == Quiet::No);
        let Some((over, open)) = pipe else {
            return Self {
                open: None,
                thread: None,
            };
        };
        let (socket, quiet) = (context.paths.socket(), context.quiet);
        let thread = thread::Builder::new().name("progress".to_owned());
        let thread = thread.spawn(move || {
            let teller = Teller {
                word,
                apps,
                over,
                socket,
                printer: Printer::new(quiet),
            };
            // What it cannot tell is told by the answer.
            drop(teller.tell());
        });
        Self {
            open: Some(open),
            thread: thread.ok(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.open.take());
        if let Some(thread) = self.thread.take() {
            // It has no result, and a panic of its has been printed.
            drop(thread.join());
        }
    }
}

/// What the thread has.
struct Teller {
    /// What was typed.
    word: &'static str,
    /// Whom it was typed about; others are not told of.
    apps: BTreeSet<String>,
    over: PipeReader,
    socket: PathBuf,
    printer: Printer,
}

/// What a wait ended with.
enum Woken {
    /// There is something to read.
    Input,
    /// The answer is there.
    Over,
    /// Neither, for so long.
    Nothing,
}

impl Teller {
    fn tell(&self) -> anyhow::Result<()> {
        if !matches!(self.wait(None, SILENCE_MS.into())?, Woken::Nothing) {
            return Ok(());
        }
        let Some(mut client) = Client::connect(&self.socket)? else {
            return Ok(());
        };
        let Reply::Following = client.ask(Request::Events)? else {
            return Ok(());
        };
        let word = self.word;
        self.say(&format!(
            "this takes a while; Ctrl-C ends the waiting, not the {word}"
        ));
        for line in self.under_way()? {
            self.say(&line);
        }
        loop {
            if !client.has_line() {
                let input = client.stream().as_fd();
                match self.wait(Some(input), PollTimeout::NONE)? {
                    Woken::Input => {}
                    Woken::Over | Woken::Nothing => return Ok(()),
                }
            }
            let Some(noticed) = client.notice()? else {
                return Ok(());
            };
            let is_told = |who: &Who| self.apps.contains(who.app.as_str());
            if passing(&noticed.notice).is_some_and(is_told) {
                self.say(&words::notice(&noticed.notice));
            }
        }
    }

    /// One line for each instance that has two runs.
    fn under_way(&self) -> anyhow::Result<Vec<String>> {
        let Some(mut client) = Client::connect(&self.socket)? else {
            return Ok(Vec::new());
        };
        let view = client.view()?;
        let apps = view.apps.iter();
        let instances = apps
            .filter(|app| self.apps.contains(app.name.as_str()))
            .flat_map(|app| &app.instances);
        Ok(instances.filter_map(two_runs).collect())
    }

    fn say(&self, line: &str) {
        self.printer.note(line);
    }

    /// Input comes first, so that what was told before the answer is told.
    fn wait(&self, input: Option<BorrowedFd<'_>>, limit: PollTimeout) -> anyhow::Result<Woken> {
        let mut watched = vec![PollFd::new(self.over.as_fd(), PollFlags::POLLIN)];
        watched.extend(input.map(|input| PollFd::new(input, PollFlags::POLLIN)));
        while let Err(errno) = poll(&mut watched, limit) {
            if errno != Errno::EINTR {
                return Err(errno.into());
            }
        }
        let is_ready = |at: usize| watched.get(at).and_then(PollFd::any) == Some(true);
        Ok(match (is_ready(1), is_ready(0)) {
            (true, _) => Woken::Input,
            (false, true) => Woken::Over,
            (false, false) => Woken::Nothing,
        })
    }
}

/// Later runs have higher numbers, so the two tell how far it has come.
fn two_runs(instance: &InstanceView) -> Option<String> {
    let (serving, beside) = (instance.run?, instance.beside?);
    let name = format!("{} (id {})", instance.app, instance.id);
    Some(if beside > serving {
        format!("{name}: run {serving} serves, run {beside} is not ready yet")
    } else {
        format!("{name}: run {serving} serves, run {beside} ends what it has begun")
    })
}

/// Whose hand-over a notice is about; none where it is about something else.
const fn passing(notice: &Notice) -> Option<&Who> {
    if let Notice::Replacing { who, .. }
    | Notice::TookOver { who }
    | Notice::Replaced { who, .. }
    | Notice::Kept { who, .. } = notice
    {
        Some(who)
    } else {
        None
    }
}
