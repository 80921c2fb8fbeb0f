//! What every command works with: where it was typed, by whom, and whom to tell.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Context as _;
use config::load::Asker;
use config::{Env, load};
use protocol::Paths;
use protocol::paths::SOCKET_PATH_MAX;

use crate::args::Global;
use crate::client::Client;
use crate::exit::{Exit, Failure};
use crate::holder::Holder;
use crate::known::Known;
use crate::printer::{self, Printer, Quiet};
use crate::table::{Look, Sort};
use crate::{spawn, users};

/// What every command works with.
#[derive(Debug)]
pub(crate) struct Context {
    /// Where the daemon's files lie.
    pub(crate) paths: Paths,
    /// The folder in which the command was typed.
    pub(crate) cwd: PathBuf,
    /// The environment in which it was typed. Variables that are not UTF-8 are left out: an app's
    /// environment is kept as text.
    pub(crate) env: Env,
    /// The one who writes.
    pub(crate) printer: Printer,
    /// Whether JSON was asked for.
    pub(crate) json: bool,
    /// How lists look.
    pub(crate) look: Look,
    /// How lists are sorted; none: by name.
    pub(crate) sort: Option<Sort>,
    /// Whether neither table nor chatter is wanted.
    pub(crate) quiet: Quiet,
}

impl Context {
    /// Looks around.
    pub(crate) fn new(global: &Global) -> anyhow::Result<Self> {
        if global.no_color {
            printer::without_colours();
        }
        let cwd = env::current_dir().context("failed to find the current folder")?;
        let env = environment();
        let named = |name: &str| env.get(name).map(PathBuf::from);
        let home = named("HOME").or_else(users::own_home);
        let paths = Paths::find(named("WSD_HOME"), home, &cwd).ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                "neither WSD_HOME nor your home folder is known",
            )
            .hint("set WSD_HOME to a folder of your own")
        })?;
        if let Some(excess) = paths.excess() {
            return Err(too_long(&paths, excess).into());
        }
        let quiet = if global.silent { Quiet::Yes } else { Quiet::No };
        Ok(Self {
            paths,
            cwd,
            env,
            printer: Printer::new(quiet),
            json: global.json,
            look: if global.mini_list {
                Look::Blocks
            } else {
                Look::Table
            },
            sort: global.sort,
            quiet,
        })
    }

    /// A connection to the daemon that runs; exit code 3 where none does.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        Client::connect(&self.paths.socket())?.ok_or_else(|| self.no_daemon().into())
    }

    /// The same, to one that has just looked for what the machine lacks.
    pub(crate) fn examining_client(&self) -> anyhow::Result<Client> {
        Client::connect_to_examine(&self.paths.socket())?.ok_or_else(|| self.no_daemon().into())
    }

    /// A connection to the daemon that runs, else to one that is started.
    pub(crate) fn client_or_start(&self) -> anyhow::Result<Client> {
        match Client::connect(&self.paths.socket())? {
            Some(client) => Ok(client),
            None => spawn::start(&self.paths, &self.env, &self.printer),
        }
    }

    /// What is known of the fleet: from the daemon, else from what the last one saved; none where
    /// there has never been one.
    pub(crate) fn known(&self) -> anyhow::Result<Option<Known>> {
        match Client::connect(&self.paths.socket())? {
            Some(mut client) => Ok(Some(Known::from_view(&client.view()?))),
            None => Ok(Known::saved(&self.paths)),
        }
    }

    /// That no daemon runs, with what brings one back; or that the one that runs does not listen.
    pub(crate) fn no_daemon(&self) -> Failure {
        if let Some(holder) = Holder::of(&self.paths) {
            return self.unheard(&holder);
        }
        let home = self.paths.home().display();
        let what = format!("no daemon is running for {home}");
        let saved = Known::saved(&self.paths).map_or(0, |known| known.apps.len());
        let hint = match saved {
            0 => "`wsctl start app.js` starts one, with an app".to_owned(),
            1 => "1 app is saved there; `wsctl resurrect` brings it back".to_owned(),
            apps => format!("{apps} apps are saved there; `wsctl resurrect` brings them back"),
        };
        Failure::new(Exit::NoDaemon, what).hint(hint)
    }

    /// That a daemon holds the home and nobody listens.
    fn unheard(&self, holder: &Holder) -> Failure {
        let (pid, socket) = (holder.pid, self.paths.socket());
        let what = format!(
            "the daemon, process {pid}, does not listen at {}",
            socket.display()
        );
        Failure::new(Exit::NoDaemon, what).hint(
            "it may be starting or ending: try again; if its socket was removed, `wsctl kill` ends \
             it all the same, and `wsctl resurrect` brings its apps back",
        )
    }

    /// What a configuration may know of the person who asks.
    pub(crate) fn asker(&self) -> Asker {
        Asker {
            cwd: self.cwd.clone(),
            env: self.env.clone(),
            home: self.env.get("HOME").map(PathBuf::from),
            logs: self.paths.logs(),
            pids: self.paths.pids(),
            uid: users::own_uid(),
            argv: env::args_os()
                .map(|arg| arg.to_string_lossy().into_owned())
                .collect(),
            users: Box::new(users::Machine) as Box<dyn load::Users>,
            console: printer::console,
        }
    }
}

fn too_long(paths: &Paths, excess: usize) -> Failure {
    let socket = paths.socket();
    let what = format!(
        "the path of the daemon's socket is too long: a socket's may have {SOCKET_PATH_MAX} bytes, \
         and {} has {}",
        socket.display(),
        SOCKET_PATH_MAX.saturating_add(excess),
    );
    Failure::new(Exit::Usage, what).hint("set WSD_HOME to a folder with a shorter path")
}

fn environment() -> Env {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    env::vars_os().filter_map(text).collect()
}
