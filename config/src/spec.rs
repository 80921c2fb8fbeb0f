//! What an app means: every field typed, every default filled in, every path absolute.
//!
//! A specification is a value that `wsctl` computes, in the user's folder and environment, and that
//! the daemon stores and runs as it is. Two specifications that are equal in all but
//! [`AppSpec::inherited`] and [`AppSpec::origin`] run the same program in the same way
//! ([`AppSpec::same_as`]).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{AppName, Env, HandoverRule, Namespace, Signal, Span};

/// How many instances one app may have.
pub const INSTANCES_MAX: u32 = 1024;

/// One entry of a configuration, resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppSpec {
    /// Unique in the fleet.
    pub name: AppName,
    /// The group it belongs to.
    pub namespace: Namespace,
    /// What is executed.
    pub exec: Exec,
    /// What PM2 calls `exec_mode`. Both run the app's own interpreter; the word is kept to be shown.
    pub mode: ExecMode,
    /// The working folder, absolute.
    pub cwd: PathBuf,
    /// What the configuration declares: `env`, the chosen `env_*`, `env_file`, `port`.
    pub env: Env,
    /// What the person who asked had in the environment, after `filter_env`. [`AppSpec::env`] is
    /// laid over it.
    pub inherited: Env,
    /// How many runs of it there are, in `0..=INSTANCES_MAX`; 0 only after scaling down.
    pub instances: u32,
    /// The variable that tells an instance its number.
    pub instance_var: String,
    /// The variable that is one higher in each instance, `PORT` for example.
    pub increment_var: Option<String>,
    /// As whom it runs; none: as the daemon's own user.
    pub run_as: Option<RunAs>,
    /// False: it is registered and waits for a `start`.
    pub autostart: bool,
    /// When it is started again, and when not.
    pub restart: RestartRule,
    /// How it is stopped.
    pub stop: StopRule,
    /// When it counts as ready.
    pub ready: ReadyRule,
    /// How a run is replaced while clients are served.
    #[serde(default)]
    pub handover: HandoverRule,
    /// Where its output goes.
    pub logs: LogSpec,
    /// Its pid file before the instance's id is put in (see [`AppSpec::pid_file`]).
    pub pid_file: PathBuf,
    /// Where this specification was read from; none for an app that was started by its script.
    pub origin: Option<Origin>,
}

/// What is executed: `interpreter interpreter_args… script args…`, or `script args…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exec {
    /// The script or program, absolute.
    pub script: PathBuf,
    /// Who runs it, absolute, found in the PATH of the person who asked; none: it runs itself.
    pub interpreter: Option<PathBuf>,
    /// Arguments to the interpreter, before the script.
    pub interpreter_args: Vec<String>,
    /// Arguments to the script.
    pub args: Vec<String>,
}

/// What PM2 calls `exec_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExecMode {
    /// One program that stands for itself.
    Fork,
    /// Several runs of one program that share the work.
    Cluster,
}

/// As whom an app runs. The daemon must be root for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunAs {
    /// The numeric user.
    pub uid: u32,
    /// The numeric primary group.
    pub gid: u32,
    /// The supplementary groups, the primary one among them.
    pub groups: Vec<u32>,
    /// For `USER` and `LOGNAME`; none for a uid that has no name.
    pub name: Option<String>,
    /// For `HOME`; none for a uid that has no entry.
    pub home: Option<PathBuf>,
}

/// When an app is started again after it ended by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartRule {
    /// False: it is not; a job that ends has ended.
    pub autorestart: bool,
    /// How many deaths before [`RestartRule::min_uptime`] make it give up, when they fall within
    /// `max_restarts × min_uptime`. 0: it gives up at the first.
    pub max_restarts: u32,
    /// A run that lived at least this long was stable.
    pub min_uptime: Span,
    /// How long to wait before the next run.
    pub delay: RestartDelay,
    /// Exit codes after which it is not started again.
    pub stop_exit_codes: Vec<i32>,
}

/// How long to wait between a death and the next run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestartDelay {
    /// Always as long; zero: at once.
    Fixed(Span),
    /// First this long, then 1.5 times longer after each death, at most 15 s; from the start again
    /// after a run of 30 s. Source: PM2 `exp_backoff_restart_delay`.
    Backoff(Span),
}

/// How an app is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopRule {
    /// The signal that asks it to end. PM2's default is SIGINT.
    pub signal: Signal,
    /// How long it may take; SIGKILL follows.
    pub timeout: Span,
    /// Whom the signals reach.
    pub scope: Scope,
}

/// Which processes of a run a signal is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The process that was launched, alone.
    Leader,
    /// It and all that it started, wherever that has gone.
    Tree,
}

/// When a run counts as ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyRule {
    /// True: when it says so, by `"ready"` on its Node channel or `READY=1` on `NOTIFY_SOCKET`.
    pub wait_ready: bool,
    /// How long it may take to say so; later is a failure.
    pub listen_timeout: Span,
}

/// Where the output of an app goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSpec {
    /// Standard output, before the instance's id is put in; none: nowhere.
    pub out: Option<PathBuf>,
    /// Standard error, likewise.
    pub err: Option<PathBuf>,
    /// Both together, besides; none: not wanted.
    pub combined: Option<PathBuf>,
    /// True: all instances write to the same files.
    pub merge: bool,
    /// The moment.js pattern of the stamp before each line; none: lines as they came.
    pub stamp: Option<String>,
}

/// The log files of one instance. `out` and `err` may be the same file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPaths {
    /// Standard output; none: nowhere.
    pub out: Option<PathBuf>,
    /// Standard error; none: nowhere.
    pub err: Option<PathBuf>,
    /// Both together, besides.
    pub combined: Option<PathBuf>,
}

/// Where a specification was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The configuration file, absolute.
    pub file: PathBuf,
    /// The place in it, as `apps[0]`.
    pub place: String,
}

impl AppSpec {
    /// Whether both describe the same program run in the same way, whoever asked and from where.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        let bare = |spec: &Self| Self {
            inherited: Env::default(),
            origin: None,
            ..spec.clone()
        };
        bare(self) == bare(other)
    }

    /// The log files of the instance with this id.
    #[must_use]
    pub fn log_paths(&self, id: u32) -> LogPaths {
        let logs = &self.logs;
        let place = |path: &Option<PathBuf>| {
            path.as_deref().map(|path| {
                if logs.merge {
                    path.to_owned()
                } else {
                    with_id(path, id)
                }
            })
        };
        LogPaths {
            out: place(&logs.out),
            err: place(&logs.err),
            combined: place(&logs.combined),
        }
    }

    /// The pid file of the instance with this id; the id is always part of it.
    ///
    /// Source: PM2, `echo.pid` becomes `echo-0.pid`.
    #[must_use]
    pub fn pid_file(&self, id: u32) -> PathBuf {
        insert_id(&self.pid_file, id)
    }

    /// The environment of the instance with this number, without what the daemon adds for one run.
    ///
    /// `inherited`, then `env`, then `PWD`, the user's `HOME`, `USER` and `LOGNAME`, the instance
    /// number and the incremented variable. A base value that is not a whole number counts as 0.
    #[must_use]
    pub fn env_of(&self, slot: u32) -> Env {
        let mut env = self.inherited.clone();
        env.set("PWD", self.cwd.to_string_lossy());
        if let Some(user) = &self.run_as {
            let home = user.home.as_deref().unwrap_or_else(|| Path::new("/"));
            env.set("HOME", home.to_string_lossy());
            let name = user.name.clone().unwrap_or_else(|| user.uid.to_string());
            env.set("USER", name.clone());
            env.set("LOGNAME", name);
        }
        let mut env = env.overlaid(&self.env);
        env.set(self.instance_var.clone(), slot.to_string());
        if let Some(var) = &self.increment_var {
            let base: i64 = env
                .get(var)
                .and_then(|value| value.trim().parse().ok())
                .unwrap_or(0);
            env.set(
                var.clone(),
                base.saturating_add(i64::from(slot)).to_string(),
            );
        }
        env
    }
}

/// `dir/stem-<id>.ext`; an id that already stands there is replaced.
fn with_id(path: &Path, id: u32) -> PathBuf {
    if path == Path::new("/dev/null") {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let bare = stem
        .rsplit_once('-')
        .filter(|(_, tail)| !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_digit()))
        .map_or(&*stem, |(bare, _)| bare);
    insert_id(
        &path.with_file_name(match path.extension() {
            Some(ext) => format!("{bare}.{}", ext.to_string_lossy()),
            None => bare.to_owned(),
        }),
        id,
    )
}

/// `dir/stem-<id>.ext`, whatever the stem ends in.
fn insert_id(path: &Path, id: u32) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(match path.extension() {
        Some(ext) => format!("{stem}-{id}.{}", ext.to_string_lossy()),
        None => format!("{stem}-{id}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_goes_before_the_extension_and_replaces_an_older_one() {
        let put = |path: &str| with_id(Path::new(path), 3).to_string_lossy().into_owned();
        assert_eq!(put("/l/web-out.log"), "/l/web-out-3.log");
        assert_eq!(put("/l/web-out-0.log"), "/l/web-out-3.log");
        assert_eq!(put("/l/plain"), "/l/plain-3");
        assert_eq!(put("/dev/null"), "/dev/null");
    }
}
