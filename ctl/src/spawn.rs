//! Starting the daemon, and waiting until it listens.
//!
//! The daemon gets a session of its own, the root folder, an environment without the person's
//! secrets, and `wsd.log` as its standard error. Its standard output is a pipe on which it says
//! `ready` once its socket listens, or one line that says why it cannot, so nobody polls; lines that
//! begin with `warning: ` come before, and are passed on. Two
//! `wsctl` at the same time start one daemon: a lock lets the second find what the first started.

use std::env;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use config::Env;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use protocol::Paths;

use crate::client::Client;
use crate::exit::{Exit, Failure};
use crate::holder::Holder;
use crate::printer::Printer;

/// How long the daemon may take until it listens. It reads its state first.
const READY_WITHIN_MS: u16 = 10_000;

/// How often, and how long each time, a daemon is waited for that holds the home and does not listen.
const HELD_LOOKS: u32 = 50;
const HELD_PAUSE: Duration = Duration::from_millis(100);

/// How much the daemon may say on its way up, in bytes.
const SAID_MAX: usize = 64 * 1024;

/// How a line of the daemon begins that is for the person and says nothing of whether it is up.
const WARNING: &str = "warning: ";

/// How much of the daemon's log is quoted when it did not come up, in bytes and lines.
const QUOTED_MAX: u64 = 4096;
const QUOTED_LINES: usize = 5;

/// The variables that the daemon gets. What an app gets is in its specification.
const PASSED_ON: [&str; 9] = [
    "HOME",
    "USER",
    "LOGNAME",
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "WSD_GROUP",
    "WSD_LOG",
];

/// Starts the daemon of this home unless somebody else just did, and connects to it.
pub(crate) fn start(paths: &Paths, env: &Env, printer: &Printer) -> anyhow::Result<Client> {
    check(paths)?;
    prepare(paths.home())?;
    let _lock = lock(&paths.start_lock())?;
    if let Some(client) = connect_or_outlive(paths)? {
        return Ok(client);
    }
    let log = open_log(&paths.daemon_log())?;
    let said_before = log.metadata().map_or(0, |metadata| metadata.len());
    let mut daemon = launch(paths, env, log)?;
    let said = daemon.stdout.take().map_or(Ok(String::new()), heard);
    let said = said.context("failed to wait for the daemon")?;
    let (warnings, said) = parted(&said);
    for warning in warnings {
        printer.alarm(warning);
    }
    if said != "ready" {
        // The daemon may be up by somebody else's doing, which is as good.
        return Client::connect(&paths.socket())?
            .ok_or_else(|| not_up(said, &mut daemon, paths, said_before).into());
    }
    Client::connect(&paths.socket())?.ok_or_else(|| {
        let socket = paths.socket();
        let what = format!(
            "the daemon is up, and nobody listens at {}",
            socket.display()
        );
        Failure::new(Exit::NoDaemon, what).into()
    })
}

/// Connects to the daemon that runs. One that holds the home and does not listen is on its way up or
/// down: waits for either, for a while; none where nobody holds the home then.
fn connect_or_outlive(paths: &Paths) -> anyhow::Result<Option<Client>> {
    for _ in 0..HELD_LOOKS {
        if let Some(client) = Client::connect(&paths.socket())? {
            return Ok(Some(client));
        }
        match Holder::of(paths) {
            Some(holder) => holder.ends_within(Some(HELD_PAUSE)),
            None => break,
        };
    }
    Ok(None)
}

/// Leaves the session and becomes `program`; only comes back when that failed.
///
/// The process must not lead a group, as one that was just spawned does not.
pub(crate) fn detach(program: &[OsString]) -> anyhow::Result<Exit> {
    use std::os::unix::process::CommandExt;

    nix::unistd::setsid().context("failed to leave the session")?;
    let (name, args) = program.split_first().context("no program was named")?;
    let error = Command::new(name).args(args).exec();
    Err(error).with_context(|| format!("failed to execute {}", Path::new(name).display()))
}

/// Fails as the daemon would, before anything is put there, where the home is a folder that is in use
/// for something else.
fn check(paths: &Paths) -> Result<(), Failure> {
    let home = paths.home();
    let is_open = fs::metadata(home).is_ok_and(|found| found.mode() & 0o077 != 0);
    if !is_open || paths.lock().exists() {
        return Ok(());
    }
    let is_strange = |entry: io::Result<fs::DirEntry>| {
        entry.is_ok_and(|entry| !Paths::is_put_before_the_daemon(&entry.file_name()))
    };
    if !fs::read_dir(home).is_ok_and(|mut entries| entries.any(is_strange)) {
        return Ok(());
    }
    let what = format!(
        "the daemon was not started: {} is open to other users and in use for something else",
        home.display()
    );
    Err(Failure::new(Exit::NoDaemon, what).hint("set WSD_HOME to a folder for wsd alone"))
}

fn prepare(home: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(home);
    made.with_context(|| format!("failed to make the folder {}", home.display()))
}

fn lock(file: &Path) -> anyhow::Result<Flock<File>> {
    let opened = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(file);
    let opened = opened.with_context(|| format!("failed to open {}", file.display()))?;
    Flock::lock(opened, FlockArg::LockExclusive)
        .map_err(|(_, errno)| errno)
        .with_context(|| format!("failed to lock {}", file.display()))
}

fn open_log(file: &Path) -> anyhow::Result<File> {
    let opened = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(file);
    opened.with_context(|| format!("failed to open the daemon's log {}", file.display()))
}

fn launch(paths: &Paths, env: &Env, log: File) -> anyhow::Result<Child> {
    let own = env::current_exe().context("failed to find the program that runs")?;
    let program = find(&own, env)?;
    let passed_on = PASSED_ON
        .iter()
        .filter_map(|name| Some((*name, env.get(name)?)));
    let spawned = Command::new(&own)
        .arg("__detach")
        .arg(&program)
        .arg("run")
        .env_clear()
        .envs(passed_on)
        .env("WSD_HOME", paths.home())
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn();
    spawned.with_context(|| format!("failed to start the daemon {}", program.display()))
}

/// The daemon's program: beside this one, else in PATH.
fn find(own: &Path, env: &Env) -> Result<PathBuf, Failure> {
    let beside = own.parent().map(|folder| folder.join("wsd"));
    let in_path = env
        .get("PATH")
        .into_iter()
        .flat_map(env::split_paths)
        .map(|folder| folder.join("wsd"));
    let mut places = beside.iter().cloned().chain(in_path);
    places.find(|place| place.is_file()).ok_or_else(|| {
        let folder = own.parent().unwrap_or_else(|| Path::new("/"));
        let what = format!(
            "the daemon was not started: there is no program `wsd` in {} or in PATH",
            folder.display()
        );
        Failure::new(Exit::NoDaemon, what).hint("install `wsd` beside `wsctl`")
    })
}

/// What the daemon says up to its first line that is no warning; it may lack one, where it says no
/// more, or no more in time.
fn heard(mut pipe: ChildStdout) -> io::Result<String> {
    let mut said = Vec::new();
    while !is_decided(&said) && said.len() < SAID_MAX {
        let mut watched = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
        match poll(&mut watched, PollTimeout::from(READY_WITHIN_MS)) {
            Err(Errno::EINTR) => continue,
            Err(errno) => return Err(errno.into()),
            Ok(0) => break,
            Ok(_) => {}
        }
        let mut piece = [0; 512];
        let length = pipe.read(&mut piece)?;
        if length == 0 {
            break;
        }
        said.extend_from_slice(piece.get(..length).unwrap_or_default());
    }
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// Whether there is a whole line that is no warning.
fn is_decided(said: &[u8]) -> bool {
    let mut lines = said.split_inclusive(|byte| *byte == b'\n');
    lines.any(|line| line.ends_with(b"\n") && !line.starts_with(WARNING.as_bytes()))
}

/// The warnings, without that word, and the line that decides; empty where there is none.
fn parted(said: &str) -> (Vec<&str>, &str) {
    let decides = |line: &&str| !line.starts_with(WARNING);
    let warnings = said.lines().filter_map(|line| line.strip_prefix(WARNING));
    let line = said.lines().find(decides).unwrap_or_default();
    (warnings.collect(), line)
}

fn not_up(said: &str, daemon: &mut Child, paths: &Paths, said_before: u64) -> Failure {
    let ended = daemon.try_wait().ok().flatten();
    let log = paths.daemon_log();
    let (why, is_told) = match (said, ended) {
        ("", None) => (
            format!("it was not ready within {} s", READY_WITHIN_MS / 1000),
            false,
        ),
        ("", Some(status)) => (format!("it ended at once ({status})"), false),
        (said, _) => (said.trim_start_matches("error: ").to_owned(), true),
    };
    // What it said of itself is in its log, too.
    let quoted = quoted(&log, said_before).filter(|_| !is_told);
    let quoted = quoted.map_or_else(String::new, |lines| format!("\n{lines}"));
    Failure::new(
        Exit::NoDaemon,
        format!("the daemon was not started: {why}{quoted}"),
    )
    .hint(format!("its log is {}", log.display()))
}

/// The last lines that the daemon logged, each behind a bar; none where it logged nothing.
fn quoted(log: &Path, from: u64) -> Option<String> {
    let mut file = File::open(log).ok()?;
    let length = fs::metadata(log).ok()?.len();
    file.seek(SeekFrom::Start(from.max(length.saturating_sub(QUOTED_MAX))))
        .ok()?;
    let mut bytes = Vec::new();
    file.take(QUOTED_MAX).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<String> = text.lines().map(|line| format!("  | {line}")).collect();
    let first = lines.len().saturating_sub(QUOTED_LINES);
    let last = lines.get(first..).filter(|lines| !lines.is_empty())?;
    Some(last.join("\n"))
}
