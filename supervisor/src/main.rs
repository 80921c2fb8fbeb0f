//! `wsd`, the supervisor daemon. One binary, three lives, chosen by the first argument:
//!
//! * `wsd run`, or no argument: the daemon of one home, in the foreground;
//! * `wsd launch`: the launcher, which the daemon starts for each run and which becomes the app;
//! * `wsd probe`: a process for the daemon to try out what it may do with an app.

mod children;
mod clients;
mod clock;
mod connections;
mod daemon;
mod doctor;
mod drain;
mod http_head;
mod inbox;
mod journal;
mod kernel;
mod launch;
mod leftovers;
mod listeners;
mod logs;
mod notices;
mod perform;
mod pidfile;
mod proc;
mod ready;
mod relay;
mod save;
mod seats;
mod signals;
mod sweep;
mod sys;
mod turn_loop;

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use protocol::Paths;
use tracing::Level;

/// What `wsd --help` prints.
const HELP: &str = "\
wsd, the daemon that keeps apps running. `wsctl` starts it and talks to it.

Usage: wsd [run]

  WSD_HOME   its folder, one daemon each (default: ~/.wsd)
  WSD_GROUP  a group whose members may control it, besides its user and root
  WSD_LOG    how much it tells on standard error: error, warn, info, debug, trace (default: info)

It stays in the foreground, says `ready` on standard output when clients can connect, after a line
`warning: …` where its saved state was damaged, and ends in order on SIGTERM, SIGINT or SIGQUIT. Exit codes: 0 ended as asked; 1 it could not run.
";

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let life = arguments.next();
    let life = life.as_deref().unwrap_or_else(|| OsStr::new("run"));
    match (life.to_str(), arguments.next()) {
        (Some("launch"), None) => launch::launch_main(),
        (Some("probe"), None) => launch::probe_main(),
        (Some("run"), None) => run(),
        (Some("--help" | "-h"), None) => tell(HELP),
        (Some("--version" | "-V"), None) => tell(concat!("wsd ", env!("CARGO_PKG_VERSION"), "\n")),
        (_, _) => fail("wsd takes `run` or nothing; `wsd --help` says more"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "`main` is where the environment is read"
)]
fn run() -> ExitCode {
    // Before any thread is begun, which would be told instead of the one that is to be.
    if let Err(error) = drain::hold_child_signals() {
        return fail(&error.to_string());
    }
    let variable = |name| env::var_os(name).map(PathBuf::from);
    let level = env::var("WSD_LOG")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(Level::INFO);
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_writer(io::stderr)
        .init();
    let cwd = env::current_dir().unwrap_or_else(|_gone| PathBuf::from("/"));
    let Some(paths) = Paths::find(variable("WSD_HOME"), variable("HOME"), &cwd) else {
        return fail("neither WSD_HOME nor HOME is set; set WSD_HOME to the daemon's folder");
    };
    let group = env::var("WSD_GROUP").ok();
    match daemon::run(&paths, group.as_deref(), say_ready) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

/// Tells whoever started us that clients can connect, after a warning where there is cause for one,
/// and lets go of that pipe.
fn say_ready(warning: Option<&str>) {
    if let Some(warning) = warning {
        tell(&format!("warning: {}\n", warning.replace('\n', " ")));
    }
    tell("ready\n");
    if let Err(error) = let_go_of_stdout() {
        tracing::warn!(%error, "standard output cannot be let go");
    }
}

fn let_go_of_stdout() -> io::Result<()> {
    let nowhere = File::options().write(true).open("/dev/null")?;
    Ok(rustix::stdio::dup2_stdout(nowhere)?)
}

/// Prints to standard output. Nobody listening is no error.
fn tell(text: &str) -> ExitCode {
    drop(io::stdout().write_all(text.as_bytes()));
    drop(io::stdout().flush());
    ExitCode::SUCCESS
}

/// Says why we cannot go on: to whoever waits for `ready`, and to the log.
fn fail(why: &str) -> ExitCode {
    drop(writeln!(io::stdout(), "error: {why}"));
    drop(writeln!(io::stderr(), "error: {why}"));
    ExitCode::FAILURE
}
