//! What the tests stand on: children in a home of their own, and specs of small programs.

use std::io::{PipeReader, Read as _, pipe};
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::spec::{
    AppSpec, Exec, ExecMode, LogSpec, ReadyRule, RestartDelay, RestartRule, Scope, StopRule,
};
use config::{AppName, Env, Namespace, Signal, Span};
use fleet::{Event, LaunchOrder};
use protocol::notice::Who;
use protocol::{ExitStatus, InstanceId, LaunchError, Pid, RunId};
use tempfile::TempDir;

use crate::children::Children;
use crate::drain::Drains;
use crate::inbox::{Inbox, inbox};
use crate::launch::Output;
use crate::listeners::Listeners;
use crate::relay::{Limits, Relay};
use crate::sweep::Mark;

/// Children, and what they report.
pub(crate) struct Stage {
    pub(crate) children: Children,
    pub(crate) listeners: Listeners,
    pub(crate) inbox: Inbox,
    pub(crate) home: TempDir,
}

/// The read ends of a run's pipes.
pub(crate) struct Prints {
    out: PipeReader,
    /// Kept open for as long as the other.
    _err: PipeReader,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let home = TempDir::new().unwrap();
        let (sender, inbox) = inbox();
        let relay = Relay::new(Limits::default());
        let drains = Drains::new(Mark::new(home.path()), sender.clone(), relay.clone());
        let listeners = Listeners::start(drains, relay, sender.clone()).unwrap();
        let children = Children::new(home.path(), listeners.clone(), sender).unwrap();
        Self {
            children,
            listeners,
            inbox,
            home,
        }
    }

    /// Starts a launcher that waits.
    pub(crate) fn prepare(&mut self, run: u64, spec: AppSpec) -> Prints {
        let (out, out_end) = pipe().unwrap();
        let (err, err_end) = pipe().unwrap();
        let output = Output {
            out: out_end.into(),
            err: err_end.into(),
        };
        self.children.launch(&order(run, spec), output).unwrap();
        Prints { out, _err: err }
    }

    /// Starts a run.
    pub(crate) fn launch(&mut self, run: u64, spec: AppSpec) -> Prints {
        let prints = self.prepare(run, spec);
        self.children.go(RunId(run));
        prints
    }

    /// Starts a run and waits until its program is executed.
    pub(crate) async fn launched(&mut self, run: u64, spec: AppSpec) -> (Prints, Pid) {
        let prints = self.launch(run, spec);
        let event = self.next().await;
        let Event::Launched { pid, .. } = event else {
            panic!("not launched but {event:?}");
        };
        (prints, pid)
    }

    pub(crate) async fn next(&mut self) -> Event {
        tokio::time::timeout(Duration::from_secs(10), self.inbox.next())
            .await
            .expect("an event within ten seconds")
            .unwrap()
    }

    /// The next event must be the end of this run.
    pub(crate) async fn exited(&mut self, expected: u64) -> ExitStatus {
        let event = self.next().await;
        let Event::Exited { run, status } = event else {
            panic!("run {expected} has not exited but {event:?}");
        };
        assert_eq!(run, RunId(expected));
        status
    }

    /// The next event must be that this run's leader left something behind.
    pub(crate) async fn left(&mut self, expected: u64) -> ExitStatus {
        let event = self.next().await;
        let Event::LeaderExited { run, status } = event else {
            panic!("run {expected} left nothing but {event:?}");
        };
        assert_eq!(run, RunId(expected));
        status
    }

    /// The next event must be a failure.
    pub(crate) async fn failed(&mut self) -> LaunchError {
        let event = self.next().await;
        let Event::LaunchFailed { why, .. } = event else {
            panic!("not failed but {event:?}");
        };
        why
    }
}

impl Drop for Stage {
    /// Leaves nothing behind when a test fails in the middle.
    fn drop(&mut self) {
        crate::leftovers::end_leftovers(self.home.path()).ok();
    }
}

impl Prints {
    /// All of its standard output, which must have ended.
    pub(crate) fn text(mut self) -> String {
        let mut text = String::new();
        self.out.read_to_string(&mut text).unwrap();
        text
    }

    /// Waits for one line of its standard output.
    pub(crate) fn line(&mut self) -> String {
        let mut line = Vec::new();
        let mut byte = [0];
        while self.out.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
            line.push(byte[0]);
        }
        String::from_utf8(line).unwrap()
    }
}

/// A run within one thread's runtime, as the daemon has it.
pub(crate) fn play<F: Future<Output = ()>>(story: F) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(story);
}

pub(crate) fn order(run: u64, spec: AppSpec) -> LaunchOrder {
    LaunchOrder {
        who: Who {
            app: spec.name.clone(),
            id: InstanceId(5),
            slot: 0,
            run: RunId(run),
        },
        spec: spec.into(),
    }
}

/// A shell script.
pub(crate) fn sh(script: &str) -> AppSpec {
    program("/bin/sh", &["-c", script])
}

/// A Python script.
pub(crate) fn python(script: &str) -> AppSpec {
    program("/usr/bin/python3", &["-c", script])
}

pub(crate) fn program(path: &str, args: &[&str]) -> AppSpec {
    let mut inherited = Env::default();
    inherited.set("PATH", "/usr/local/bin:/usr/bin:/bin");
    AppSpec {
        name: AppName::new("app").unwrap(),
        namespace: Namespace::default(),
        exec: Exec {
            script: PathBuf::from(path),
            interpreter: None,
            interpreter_args: Vec::new(),
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
        },
        mode: ExecMode::Fork,
        cwd: PathBuf::from("/"),
        env: Env::default(),
        inherited,
        instances: 1,
        instance_var: "NODE_APP_INSTANCE".to_owned(),
        increment_var: None,
        run_as: None,
        autostart: true,
        restart: RestartRule {
            autorestart: true,
            max_restarts: 0,
            min_uptime: Span::secs(1),
            delay: RestartDelay::Fixed(Span::ZERO),
            stop_exit_codes: Vec::new(),
        },
        stop: StopRule {
            signal: Signal::INT,
            timeout: Span::millis(1600),
            scope: Scope::Tree,
        },
        ready: ReadyRule {
            wait_ready: false,
            listen_timeout: Span::secs(3),
        },
        handover: config::HandoverRule::default(),
        logs: LogSpec {
            out: None,
            err: None,
            combined: None,
            merge: false,
            stamp: None,
        },
        pid_file: PathBuf::from("/nowhere.pid"),
        origin: None,
    }
}

/// Whether a process is there and is no zombie.
pub(crate) fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}
