//! The only writer: data to standard output, everything else to standard error.
//!
//! Standard output may lose its reader (`wsctl list | head -1`); from then on the printer swallows
//! what it is given, and who prints without end asks [`Printer::reader_is_gone`]. Standard error is
//! written on a best effort: there is nowhere to say that it failed.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anyhow::Context as _;
use serde::Serialize;

use crate::exit::Failure;
use crate::ink::{Ink, Paint};

/// Writes what a command has to say.
#[derive(Debug)]
pub(crate) struct Printer {
    quiet: Quiet,
    out: Paint,
    err: Paint,
    reader_is_gone: bool,
}

/// How much is said on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quiet {
    /// Everything.
    No,
    /// Only what went wrong.
    Yes,
}

impl Printer {
    /// A printer for this process's streams.
    pub(crate) fn new(quiet: Quiet) -> Self {
        Self {
            quiet,
            out: paint(AutoStream::choice(&io::stdout())),
            err: paint(AutoStream::choice(&io::stderr())),
            reader_is_gone: false,
        }
    }

    /// The paint of standard output.
    pub(crate) const fn out_paint(&self) -> Paint {
        self.out
    }

    /// The paint of standard error.
    pub(crate) const fn err_paint(&self) -> Paint {
        self.err
    }

    /// Whether nobody reads standard output any more.
    pub(crate) const fn reader_is_gone(&self) -> bool {
        self.reader_is_gone
    }

    /// Prints a text and a line end as data.
    pub(crate) fn out(&mut self, text: &str) -> anyhow::Result<()> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// Prints bytes as data, as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        if self.reader_is_gone {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.reader_is_gone = true;
                Ok(())
            }
            written => written.context("failed to write to standard output"),
        }
    }

    /// Prints a value as JSON over several lines.
    pub(crate) fn json<T: Serialize>(&mut self, value: &T) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(value).context("failed to form JSON")?;
        self.out(&text)
    }

    /// Says something that is good to know.
    pub(crate) fn note(&self, text: &str) {
        if self.quiet == Quiet::No {
            say(text);
        }
    }

    /// Says what is odd.
    pub(crate) fn warn(&self, text: &str) {
        if self.quiet == Quiet::No {
            self.alarm(text);
        }
    }

    /// Says what is odd and must not be missed, however little is wanted.
    pub(crate) fn alarm(&self, text: &str) {
        say(&format!("{} {text}", self.err.with(Ink::Odd, "warning:")));
    }

    /// Says what went wrong.
    pub(crate) fn error(&self, text: &str) {
        say(&format!("{} {text}", self.err.with(Ink::Bad, "error:")));
    }

    /// Says something that belongs to what went wrong.
    pub(crate) fn detail(&self, text: &str) {
        say(text);
    }

    /// Says what to do.
    pub(crate) fn hint(&self, text: &str) {
        say(&format!("{} {text}", self.err.with(Ink::Strong, "hint:")));
    }
}

/// Uses no colours from here on, whatever the streams and the environment say.
pub(crate) fn without_colours() {
    ColorChoice::Never.write_global();
}

fn paint(choice: ColorChoice) -> Paint {
    Paint {
        colours: choice != ColorChoice::Never,
    }
}

/// How wide the terminal on standard output is; none where it is something else.
pub(crate) fn terminal_width() -> Option<usize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&stdout).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

/// Says why the command ended, when it ended by an error.
pub(crate) fn last_words(error: &anyhow::Error) {
    let printer = Printer::new(Quiet::No);
    printer.error(&format!("{error:#}"));
    if let Some(hint) = Failure::hint_of(error) {
        printer.hint(hint);
    }
}

/// Shows a line that a JavaScript configuration printed.
pub(crate) fn console(line: &str) {
    say(line);
}

fn say(text: &str) {
    let mut stderr = io::stderr().lock();
    drop(writeln!(stderr, "{text}"));
}
