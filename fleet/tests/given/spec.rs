//! A plain specification: what PM2's defaults make of a name and a script.

use std::path::PathBuf;

use config::spec::{
    AppSpec, Exec, ExecMode, LogSpec, ReadyRule, RestartDelay, RestartRule, Scope, StopRule,
};
use config::{AppName, Env, Namespace, Signal, Span};

/// One instance of a script, everything else as it is where nothing was said.
pub(crate) fn app(name: &str) -> AppSpec {
    AppSpec {
        name: AppName::new(name).expect("the name is valid"),
        namespace: Namespace::default(),
        exec: Exec {
            script: PathBuf::from("/srv/app"),
            interpreter: None,
            interpreter_args: Vec::new(),
            args: Vec::new(),
        },
        mode: ExecMode::Fork,
        cwd: PathBuf::from("/srv"),
        env: Env::default(),
        inherited: Env::default(),
        instances: 1,
        instance_var: "NODE_APP_INSTANCE".to_owned(),
        increment_var: None,
        run_as: None,
        autostart: true,
        restart: RestartRule {
            autorestart: true,
            max_restarts: 16,
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
            out: Some(PathBuf::from(format!("/l/{name}.log"))),
            err: None,
            combined: None,
            merge: false,
            stamp: None,
        },
        pid_file: PathBuf::from(format!("/p/{name}.pid")),
        origin: None,
    }
}
