//! The command line `wsctl`: what people and scripts call.
//!
//! It evaluates configurations, asks the daemon one thing over its socket, and finds the words for
//! the facts that come back. It holds no state and decides nothing about apps. Data goes to
//! standard output, everything else to standard error; the exit code is an [`exit::Exit`]. A reader
//! of standard output that goes away is no error.

mod amend;
mod args;
mod client;
mod clock;
mod commands;
mod context;
mod describe;
mod exit;
mod follow;
mod grid;
mod holder;
mod ink;
mod json;
mod known;
mod load;
mod memory;
mod printer;
mod progress;
mod select;
mod settled;
mod spawn;
mod table;
mod users;
mod wait;
mod words;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::context::Context;
use crate::exit::{Exit, Failure};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(asked) => return usage(&asked),
    };
    match run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            printer::last_words(&error);
            Failure::exit_of(&error).into()
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<Exit> {
    let mut context = Context::new(&cli.global)?;
    commands::run(cli.command, &mut context)
}

/// Shows the help or the version that was asked for, or what is wrong with the command line.
fn usage(asked: &clap::Error) -> ExitCode {
    // Whoever closed the pipe does not want to read it.
    drop(asked.print());
    if asked.use_stderr() {
        Exit::Usage.into()
    } else {
        Exit::Done.into()
    }
}
