//! A small fleet with one app of each fate.

use std::path::PathBuf;

use config::spec::{
    Exec, ExecMode, LogPaths, Origin, ReadyRule, RestartDelay, RestartRule, Scope, StopRule,
};
use config::{Address, AppName, Namespace, Signal, Span};
use protocol::reply::{Death, DeathBy, Outcome, Reached};
use protocol::view::{AppView, InstanceView, StateView};
use protocol::{ExitStatus, InstanceId, Lack, LackOf, Mode, Pid, Reply, RunId, Time, View};

/// No kernel gives such a number: what is read of the process is nothing, on every machine.
const NO_PROCESS: u32 = 4_200_000;

/// An app that is online, one of two instances, one that waits, and one that gave up.
pub(crate) fn fleet() -> View {
    let mut web = app("web", &[0, 1]);
    web.mode = ExecMode::Cluster;
    web.exec.args = vec!["--port".to_owned(), "a b".to_owned()];
    web.instances = web.instances.into_iter().map(listening).collect();
    web.instances[1].next_mode = Some(Mode::Queue);
    web.instances[1].beside = Some(RunId(6));
    web.instances[1].lacks = vec![Lack {
        of: LackOf::Duplicate,
        errno: 1,
    }];
    let mut api = app("workscript-api", &[2]);
    api.namespace = Namespace::new("back").unwrap();
    api.instances[0] = waiting(api.instances[0].clone());
    let mut job = app("job", &[3]);
    job.instances[0] = stopped(job.instances[0].clone());
    let mut sick = app("sick", &[4]);
    sick.instances[0] = errored(sick.instances[0].clone());
    View {
        now: Time::secs(1000),
        apps: vec![job, sick, web, api],
    }
}

/// An app whose instances are online.
pub(crate) fn app(name: &str, ids: &[u32]) -> AppView {
    let name = AppName::new(name).unwrap();
    let slots = 0..;
    AppView {
        namespace: Namespace::default(),
        exec: Exec {
            script: PathBuf::from("/srv/app/server.js"),
            interpreter: Some(PathBuf::from("/usr/bin/node")),
            interpreter_args: Vec::new(),
            args: Vec::new(),
        },
        mode: ExecMode::Fork,
        cwd: PathBuf::from("/srv/app"),
        uid: Some(0),
        instance_var: "NODE_APP_INSTANCE".to_owned(),
        increment_var: None,
        restart: RestartRule {
            autorestart: true,
            max_restarts: 10,
            min_uptime: Span::secs(1),
            delay: RestartDelay::Fixed(Span::secs(5)),
            stop_exit_codes: vec![42],
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
        stamp: Some("YYYY-MM-DD HH:mm:ss Z".to_owned()),
        origin: Some(Origin {
            file: PathBuf::from("/srv/app/ecosystem.config.cjs"),
            place: "apps[0]".to_owned(),
        }),
        instances: ids
            .iter()
            .zip(slots)
            .map(|(id, slot)| online(&name, *id, slot))
            .collect(),
        name,
    }
}

fn online(app: &AppName, id: u32, slot: u32) -> InstanceView {
    InstanceView {
        id: InstanceId(id),
        app: app.clone(),
        slot,
        state: StateView::Online,
        pid: Some(Pid(NO_PROCESS + id)),
        run: Some(RunId(7)),
        uptime: Some(Span::secs(3 * 3600)),
        restarts: 2,
        unstable: (0, 10),
        failures: 0,
        next_in: None,
        last_death: None,
        last_exit: None,
        listens: Vec::new(),
        lacks: Vec::new(),
        beside: None,
        next_mode: None,
        logs: LogPaths {
            out: Some(PathBuf::from(format!("/var/log/{app}-out-{id}.log"))),
            err: Some(PathBuf::from(format!("/var/log/{app}-error-{id}.log"))),
            combined: None,
        },
        pid_file: PathBuf::from(format!("/srv/pids/{app}-{id}.pid")),
    }
}

/// The same instance, at a port.
pub(crate) fn listening(instance: InstanceView) -> InstanceView {
    InstanceView {
        listens: vec![Address::Tcp(([0, 0, 0, 0], 3013).into())],
        next_mode: Some(Mode::Overlap),
        ..instance
    }
}

/// The same instance, down.
pub(crate) fn stopped(instance: InstanceView) -> InstanceView {
    InstanceView {
        state: StateView::Stopped,
        pid: None,
        run: None,
        uptime: None,
        ..instance
    }
}

/// The same instance, which died and is tried again.
pub(crate) fn waiting(instance: InstanceView) -> InstanceView {
    InstanceView {
        state: StateView::WaitingRestart,
        unstable: (3, 10),
        failures: 3,
        next_in: Some(Span::secs(5)),
        last_death: Some(death(DeathBy::Exit(ExitStatus::Code(1)))),
        last_exit: Some(ExitStatus::Code(1)),
        ..stopped(instance)
    }
}

/// The same instance, which died too often.
pub(crate) fn errored(instance: InstanceView) -> InstanceView {
    InstanceView {
        state: StateView::Errored,
        unstable: (10, 10),
        next_in: None,
        ..waiting(instance)
    }
}

/// A death with last words.
pub(crate) fn death(how: DeathBy) -> Death {
    Death {
        how,
        lived: Span::millis(120),
        last_lines: vec![
            "\u{1b}[31mError: connect ECONNREFUSED 127.0.0.1:3306\u{1b}[0m".to_owned(),
            "\tat TCPConnectWrap.afterConnect".to_owned(),
        ],
    }
}

/// What became of an instance.
pub(crate) fn outcome(instance: InstanceView, reached: Reached) -> Outcome {
    Outcome {
        instance,
        reached,
        handed: None,
    }
}

/// The answer that everything is at rest, and saved.
pub(crate) fn settled(outcomes: Vec<Outcome>) -> Reply {
    Reply::Settled {
        outcomes,
        unsaved: None,
    }
}
