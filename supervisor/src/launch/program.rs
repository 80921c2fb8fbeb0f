//! What the launcher is told: the program to become, with nothing left to decide.

use std::path::PathBuf;

use config::handover::{Handover, NoNewPrivs};
use config::spec::{AppSpec, Exec, RunAs};
use config::{Address, Env};
use fleet::LaunchOrder;
use serde::{Deserialize, Serialize};

use super::{CHANNEL_NUMBER, listen};
use crate::ready::AppSide;
use crate::sweep::{self, Mark};

/// Variables that are about one process and must not come to an app from whoever asked for it: from
/// a unit of systemd, say, or from an app of another daemon. An app that declares one gets it.
const NOT_INHERITED: [&str; 6] = [
    "NODE_CHANNEL_FD",
    "NODE_CHANNEL_SERIALIZATION_MODE",
    "NOTIFY_SOCKET",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
    "LISTEN_PID",
];

/// A program to become.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Program {
    /// The executable, then its arguments. Never empty.
    pub(super) arguments: Vec<String>,
    /// The whole environment.
    pub(super) env: Env,
    /// The working folder.
    pub(super) cwd: PathBuf,
    /// As whom; none: as the daemon's own user.
    pub(super) user: Option<User>,
    /// How many descriptors it may have open, unless it raises that itself.
    pub(super) open_files: u64,
    /// Whether it may be made to give up privileges for the sake of the filter on `bind` and
    /// `listen`; none: the filter is not wanted.
    pub(super) filter: Option<NoNewPrivs>,
    /// Where it is given listening sockets.
    pub(super) listen: Vec<Address>,
}

/// A user with all its groups.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct User {
    /// The user.
    pub(super) uid: u32,
    /// Its primary group.
    pub(super) gid: u32,
    /// Its supplementary groups.
    pub(super) groups: Vec<u32>,
}

impl Program {
    /// The program of this order. `open_files` is the limit that the daemon was given.
    pub(crate) fn of(
        order: &LaunchOrder,
        mark: &Mark,
        app_side: Option<&AppSide>,
        open_files: u64,
    ) -> Self {
        Self {
            arguments: arguments(&order.spec.exec),
            env: environment(order, mark, app_side),
            cwd: order.spec.cwd.clone(),
            user: order.spec.run_as.as_ref().map(User::from),
            open_files,
            filter: Self::filter_of(&order.spec),
            listen: order.spec.handover.listen.clone(),
        }
    }

    /// Its [`Self::filter`]: who leaves its listeners to itself gets none.
    pub(crate) fn filter_of(spec: &AppSpec) -> Option<NoNewPrivs> {
        match spec.handover.mode {
            Handover::Auto | Handover::Overlap | Handover::Queue => {
                Some(spec.handover.no_new_privs)
            }
            Handover::Off => None,
        }
    }

    /// The number of its channel, where it has one: behind its sockets.
    pub(super) fn channel_number(&self) -> i32 {
        channel_number(&self.listen)
    }
}

/// Listening sockets have the numbers that they must have, so the channel makes room.
fn channel_number(listen: &[Address]) -> i32 {
    CHANNEL_NUMBER.saturating_add(i32::try_from(listen.len()).unwrap_or(i32::MAX))
}

impl From<&RunAs> for User {
    fn from(run_as: &RunAs) -> Self {
        Self {
            uid: run_as.uid,
            gid: run_as.gid,
            groups: run_as.groups.clone(),
        }
    }
}

/// `interpreter interpreter_args… script args…`, or `script args…`.
fn arguments(exec: &Exec) -> Vec<String> {
    let script = exec.script.to_string_lossy().into_owned();
    let interpreter = exec.interpreter.iter().flat_map(|interpreter| {
        let interpreter = interpreter.to_string_lossy().into_owned();
        std::iter::once(interpreter).chain(exec.interpreter_args.iter().cloned())
    });
    interpreter
        .chain([script])
        .chain(exec.args.iter().cloned())
        .collect()
}

/// The instance's environment, and what holds for this one run.
fn environment(order: &LaunchOrder, mark: &Mark, app_side: Option<&AppSide>) -> Env {
    let who = &order.who;
    let mut env = order.spec.env_of(who.slot);
    forget_foreign(&order.spec, &mut env);
    env.set(sweep::NAME, mark.value(who.run));
    env.set("WSD_APP", who.app.as_str());
    env.set("WSD_ID", who.id.to_string());
    // Source: PM2, which numbers every instance so; apps read it.
    env.set("pm_id", who.id.to_string());
    if let Some(app_side) = app_side {
        let number = channel_number(&order.spec.handover.listen);
        env.set("NODE_CHANNEL_FD", number.to_string());
        env.set("NODE_CHANNEL_SERIALIZATION_MODE", "json");
        env.set("NOTIFY_SOCKET", app_side.notify.clone());
    }
    listen::tell(&mut env, &order.spec.handover.listen);
    env
}

fn forget_foreign(spec: &AppSpec, env: &mut Env) {
    for name in NOT_INHERITED {
        if spec.env.get(name).is_none() {
            env.0.remove(name);
        }
    }
}
