//! The order of birth and death: lock, saved state, leftovers, threads, socket, loop, last save.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fleet::{Event, Fleet};
use protocol::paths::SOCKET_PATH_MAX;
use protocol::{Notice, Paths, Pid};
use tokio::task::LocalSet;

use crate::clients::{Clients, Reception, Tickets, door};
use crate::drain::Drains;
use crate::inbox::{Inbox, InboxSender, inbox};
use crate::journal::Journal;
use crate::listeners::Listeners;
use crate::logs::Logs;
use crate::notices::Notices;
use crate::perform::Shell;
use crate::relay::{Limits, Relay};
use crate::save::{self, Saver};
use crate::sweep::Mark;
use crate::{children::Children, clock, kernel, leftovers, signals, turn_loop};

/// How long the last replies may take to leave.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why the daemon cannot run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unable {
    /// The kernel lacks something.
    #[error(transparent)]
    Kernel(#[from] kernel::Unsuitable),
    /// Another daemon has this home.
    #[error("`{home}` already has a daemon, process {holder}; `wsctl kill` ends it")]
    Taken {
        /// The home.
        home: PathBuf,
        /// What the lock file says of its holder.
        holder: String,
    },
    /// A daemon of this home lives whose lock is gone.
    #[error(
        "`{home}` already has a daemon, process {holder}, though its files were removed; \
         `kill {holder}` ends it and its apps"
    )]
    Bereft {
        /// The home.
        home: PathBuf,
        /// The daemon.
        holder: Pid,
    },
    /// No socket can have so long a path.
    #[error(
        "the path of the socket `{socket}` is {excess} too long: it may have {SOCKET_PATH_MAX} \
         bytes; set WSD_HOME to a folder with a shorter path"
    )]
    TooLong {
        /// The socket.
        socket: PathBuf,
        /// By how many bytes.
        excess: usize,
    },
    /// The home is another user's.
    #[error("`{home}` belongs to another user; set WSD_HOME to a folder of your own")]
    NotOurs {
        /// The home.
        home: PathBuf,
    },
    /// The home is in use for something else and others may look into it.
    #[error("`{home}` is open to other users and not ours; set WSD_HOME to a folder for wsd alone")]
    NotPrivate {
        /// The home.
        home: PathBuf,
    },
    /// A step failed.
    #[error("cannot {what} `{on}`: {why}")]
    Step {
        /// What was attempted.
        what: &'static str,
        /// On what.
        on: PathBuf,
        /// Why not.
        #[source]
        why: io::Error,
    },
    /// The saved state cannot be used.
    #[error(transparent)]
    State(#[from] save::Unreadable),
    /// The group that may come in is unknown.
    #[error("WSD_GROUP: {0}")]
    Group(#[from] door::BadGroup),
}

/// The daemon from its birth to its death.
///
/// `ready` is called once, when clients can connect, with what a person must know of the saved
/// state; none where it is whole.
pub(crate) fn run(
    paths: &Paths,
    group: Option<&str>,
    ready: impl FnOnce(Option<&str>),
) -> Result<(), Unable> {
    kernel::check_kernel()?;
    if let Some(excess) = paths.excess() {
        let socket = paths.socket();
        return Err(Unable::TooLong { socket, excess });
    }
    let admits = door::Admits::new(group)?;
    make_folders(paths)?;
    let _lock = lock(paths)?;
    let loaded = save::load(paths)?;
    let ended = inherit(paths)?;
    let (sender, inbox) = inbox();
    let warning = loaded.damage.as_ref().map(save::Damage::told);
    tell_history(&sender, loaded.damage, ended);
    let mut fleet = Fleet::new(nix::unistd::geteuid().as_raw());
    fleet.restore(loaded.saved);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(step("start the event loop of", paths.home()))?;
    let work = serve(paths, admits, fleet, (sender, inbox), || {
        ready(warning.as_deref());
    });
    let outcome = LocalSet::new().block_on(&runtime, work);
    if outcome.is_ok() {
        remove(&paths.socket());
    }
    outcome
}

async fn serve(
    paths: &Paths,
    admits: door::Admits,
    mut fleet: Fleet,
    (sender, mut inbox): (InboxSender, Inbox),
    ready: impl FnOnce(),
) -> Result<(), Unable> {
    let home = paths.home();
    let mut shell = shell(paths, &sender)?;
    let mut journal = Journal::new().map_err(step("make the journal of", home))?;
    journal
        .append(&fleet.records())
        .map_err(step("write the journal of", home))?;
    signals::start(sender.clone(), shell.logs.reopener())
        .map_err(step("handle the signals of", home))?;
    let listener = door::open(paths, admits).map_err(step("listen on", &paths.socket()))?;
    let clients = Clients::new();
    let reception = Reception {
        tickets: shell.tickets.clone(),
        inbox: sender.clone(),
        notices: shell.notices.clone(),
        admits,
        born: clock::boot(),
        closing: clients.closing(),
    };
    let accepting = tokio::task::spawn_local(clients.clone().accept(listener, reception));
    let apps = u32::try_from(fleet.view(clock::boot()).apps.len()).unwrap_or(u32::MAX);
    shell.notices.publish(Notice::DaemonUp {
        pid: Pid(std::process::id()),
        apps,
    });
    sender.send(Event::Tick);
    ready();
    turn_loop::run(&mut fleet, &mut inbox, &mut journal, &mut shell).await;
    accepting.abort();
    shell.saver.stop();
    clients.drain(FAREWELL).await;
    shell.logs.stop();
    Ok(())
}

fn shell(paths: &Paths, inbox: &InboxSender) -> Result<Shell, Unable> {
    let home = paths.home();
    let real = real(paths)?;
    let relay = Relay::new(Limits::default());
    let drains = Drains::new(Mark::new(&real), inbox.clone(), relay.clone());
    let listeners = Listeners::start(drains, relay, inbox.clone())
        .map_err(step("start the listeners' thread of", home))?;
    Ok(Shell {
        children: Children::new(&real, listeners.clone(), inbox.clone())
            .map_err(step("prepare to launch the apps of", home))?,
        listeners,
        logs: Logs::start(inbox.clone(), clock::wall)
            .map_err(step("start the log thread of", home))?,
        saver: Saver::start(paths, inbox.clone()).map_err(step("start to save into", home))?,
        tickets: Tickets::default(),
        notices: Notices::new(),
        inbox: inbox.clone(),
        pid_files: BTreeMap::new(),
    })
}

/// Ends what an earlier daemon of this home has left behind; one that lives keeps what it has.
fn inherit(paths: &Paths) -> Result<Vec<Pid>, Unable> {
    let real = real(paths)?;
    let home = paths.home();
    let owner = leftovers::owner(&real).map_err(step("look for another daemon of", home))?;
    if let Some(holder) = owner {
        let home = home.to_owned();
        return Err(Unable::Bereft { home, holder });
    }
    leftovers::end_leftovers(&real).map_err(step("end what an earlier daemon left of", home))
}

/// The home under the one name that all its names lead to: by this runs are known as its own.
fn real(paths: &Paths) -> Result<PathBuf, Unable> {
    let home = paths.home();
    fs::canonicalize(home).map_err(step("look at", home))
}

/// What happened before the loop began.
fn tell_history(inbox: &InboxSender, damage: Option<save::Damage>, ended: Vec<Pid>) {
    if let Some(save::Damage { why, kept_as }) = damage {
        inbox.send(Event::Told {
            notice: Notice::StateDamaged { why, kept_as },
        });
    }
    if !ended.is_empty() {
        inbox.send(Event::Told {
            notice: Notice::LeftoversEnded { pids: ended },
        });
    }
}

/// The home and its folders, for this user alone.
fn make_folders(paths: &Paths) -> Result<(), Unable> {
    let make = |folder: &Path| {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(step("make the folder", folder))
    };
    make(paths.home())?;
    make_private(paths)?;
    make(&paths.logs())?;
    make(&paths.pids())
}

/// Closes the home to others. A folder that holds other things and is open to others is left as it
/// is: somebody has named the wrong one.
fn make_private(paths: &Paths) -> Result<(), Unable> {
    let home = paths.home();
    let found = fs::metadata(home).map_err(step("look at", home))?;
    if found.uid() != nix::unistd::geteuid().as_raw() {
        return Err(Unable::NotOurs {
            home: home.to_owned(),
        });
    }
    if found.mode() & 0o077 == 0 {
        return Ok(());
    }
    let mut entries = fs::read_dir(home).map_err(step("look into", home))?;
    let is_strange = |entry: io::Result<fs::DirEntry>| {
        entry.is_ok_and(|entry| !Paths::is_put_before_the_daemon(&entry.file_name()))
    };
    if !paths.lock().exists() && entries.any(is_strange) {
        return Err(Unable::NotPrivate {
            home: home.to_owned(),
        });
    }
    let mode = fs::Permissions::from_mode(0o700);
    fs::set_permissions(home, mode).map_err(step("make private", home))
}

/// Becomes the one daemon of this home, for as long as the returned file is open.
fn lock(paths: &Paths) -> Result<File, Unable> {
    let path = paths.lock();
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(step("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::Error(why)) => return Err(step("lock", &path)(why)),
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder)
                .map_err(step("read", &path))?;
            let (home, holder) = (paths.home().to_owned(), holder.trim().to_owned());
            return Err(Unable::Taken { home, holder });
        }
    }
    file.set_len(0).map_err(step("empty", &path))?;
    file.write_all(std::process::id().to_string().as_bytes())
        .map_err(step("write", &path))?;
    Ok(file)
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(file = %path.display(), %error, "the file cannot be removed");
    }
}

fn step(what: &'static str, on: &Path) -> impl FnOnce(io::Error) -> Unable {
    let on = on.to_owned();
    move |why| Unable::Step { what, on, why }
}
