//! The verbs that read, and what they do when there is nobody to ask.

use std::fs;
use std::process::Stdio;

use config::{AppName, AppSpec, Env, Signal};
use protocol::notice::Who;
use protocol::reply::DeathBy;
use protocol::saved::{Saved, SavedApp, SavedGoal, SavedInstance};
use protocol::{ExitStatus, InstanceId, Notice, Pid, Reply, Request, RunId, View};
use serde_json::Value;

use crate::fake::Deed;
use crate::fixtures::{app, fleet};
use crate::home::Home;

#[test]
fn without_a_daemon_reading_says_so_and_starts_none() {
    for verb in [
        &["list"][..],
        &["describe", "web"],
        &["stop", "web"],
        &["logs"],
        &["ping"],
        &["save"],
        &["jlist"],
    ] {
        let home = Home::new();
        let shown = home.ctl(verb);
        assert_eq!(shown.code, 3, "{shown}");
        assert_eq!(shown.stdout, "", "{shown}");
        assert!(
            shown.stderr.contains("no daemon is running for HOME/home"),
            "{shown}"
        );
        assert_eq!(fs::read_dir(home.paths().home()).unwrap().count(), 0);
    }
}

#[test]
fn without_a_daemon_the_saved_apps_are_mentioned() {
    let home = Home::new();
    save(&home, "web");
    insta::assert_snapshot!(home.ctl(&["list"]));
}

#[test]
fn a_daemon_that_is_not_there_need_not_be_ended() {
    let shown = Home::new().ctl(&["kill"]);
    assert_eq!(shown.code, 0, "{shown}");
    assert!(shown.stderr.contains("no daemon is running"), "{shown}");
}

#[test]
fn what_was_ended_is_said_in_json() {
    let home = Home::new();
    let ended = |home: &Home| {
        let shown = home.ctl(&["kill", "--json"]);
        assert_eq!(shown.code, 0, "{shown}");
        serde_json::from_str::<Value>(&shown.stdout).unwrap()
    };
    assert_eq!(
        ended(&home),
        serde_json::json!({ "home": "HOME/home", "ended": false })
    );
    home.daemon(|_| Deed::Last(Reply::Ended));
    assert_eq!(
        ended(&home),
        serde_json::json!({ "home": "HOME/home", "ended": true })
    );
}

#[test]
fn pids_and_ids_are_printed_as_pm2_does() {
    let home = Home::new();
    home.showing(fleet());
    assert_eq!(home.ctl(&["pid", "web"]).stdout, "4200000\n4200001\n");
    assert_eq!(home.ctl(&["pid", "job"]).stdout, "0\n");
    assert_eq!(home.ctl(&["pid"]).stdout.lines().count(), 5);
    assert_eq!(home.ctl(&["id", "web"]).stdout, "[ 0, 1 ]\n");
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let home = Home::new();
    home.showing(fleet());
    let shown = home.ctl(&["describe", "workscript-ap"]);
    assert_eq!(shown.code, 1, "{shown}");
    insta::assert_snapshot!(shown.stderr);
}

#[test]
fn ping_shows_both_versions() {
    let home = Home::new();
    home.showing(fleet());
    let shown = home.ctl(&["ping"]);
    assert!(
        shown
            .stdout
            .starts_with("pong: wsd 9.8.7, pid 4100000, up 1h 2m; wsctl "),
        "{shown}"
    );
}

#[test]
fn the_list_for_pm2s_scripts_has_its_shape_and_no_environment() {
    let home = Home::new();
    home.answering(fleet(), specs());
    let shown = home.ctl(&["jlist"]);
    assert_eq!(shown.stdout.lines().count(), 1);
    let mut list: Value = serde_json::from_str(&shown.stdout).unwrap();
    let ids: Vec<u64> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|app| app["pm_id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, [0, 1, 2, 3, 4]);
    let first = &mut list[0];
    assert!(first["pm2_env"]["pm_uptime"].as_u64().unwrap() > 1_600_000_000_000);
    first["pm2_env"]["pm_uptime"] = Value::from("a moment");
    insta::assert_json_snapshot!(first);
}

#[test]
fn the_list_for_pm2s_scripts_has_environments_where_they_are_asked_for() {
    let home = Home::new();
    let view = View {
        apps: vec![app("web", &[0])],
        ..View::default()
    };
    home.answering(view, specs());
    let list: Value = serde_json::from_str(&home.ctl(&["jlist", "--show-env"]).stdout).unwrap();
    assert_eq!(list[0]["pm2_env"]["env"]["DB_PASSWORD"], "hunter2");
}

#[test]
fn env_prints_names_and_values_of_one_instance() {
    let home = Home::new();
    let fake = home.answering(fleet(), specs());
    let shown = home.ctl(&["env", "1"]);
    assert_eq!(shown.code, 0, "{shown}");
    assert!(shown.stdout.contains("DB_PASSWORD: hunter2\n"), "{shown}");
    assert!(shown.stdout.contains("NODE_APP_INSTANCE: 1\n"), "{shown}");
    let select = vec![protocol::Selector::Id(InstanceId(1))];
    assert_eq!(
        fake.asked().last().unwrap().request,
        Request::Specs { select }
    );
}

#[test]
fn env_prints_several_apps_under_their_names() {
    let home = Home::new();
    home.answering(fleet(), specs());
    let shown = home.ctl(&["env", "web", "job"]);
    assert_eq!(shown.code, 0, "{shown}");
    for heading in ["job (id 3):\n", "\n\nweb (id 0):\n"] {
        assert!(shown.stdout.contains(heading), "{shown}");
    }
    let facts: Value =
        serde_json::from_str(&home.ctl(&["env", "web", "job", "--json"]).stdout).unwrap();
    assert_eq!(facts[1]["name"], "web");
    assert_eq!(facts[1]["env"]["DB_PASSWORD"], "hunter2");
}

#[test]
fn help_is_a_command_too() {
    let shown = Home::new().ctl(&["help", "stop"]);
    assert_eq!(shown.code, 0, "{shown}");
    assert!(shown.stdout.contains("wsctl stop"), "{shown}");
}

#[test]
fn notices_are_sentences() {
    let home = Home::new();
    home.daemon(|_| Deed::Notices(notices()));
    insta::assert_snapshot!(home.ctl(&["events"]));
}

#[test]
fn notices_are_lines_of_json() {
    let home = Home::new();
    home.daemon(|_| Deed::Notices(notices()));
    let shown = home.ctl(&["events", "--json"]);
    let read: Vec<protocol::Noticed> = shown
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(read.len(), notices().len());
}

#[test]
fn a_daemon_that_closes_without_a_word_ends_the_events_with_3() {
    let home = Home::new();
    home.daemon(|_| Deed::Notices(Vec::new()));
    let shown = home.ctl(&["events"]);
    assert_eq!(shown.code, 3, "{shown}");
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let home = Home::new();
    home.showing(fleet());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = home.command(&["list"]);
    let status = command
        .stdout(writer)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn names_can_be_completed_with_and_without_a_daemon() {
    let home = Home::new();
    assert_eq!(home.ctl(&["__complete"]).stdout, "");
    save(&home, "saved");
    assert_eq!(home.ctl(&["__complete"]).stdout, "default\nsaved\n");
    home.showing(fleet());
    let names = "back\ndefault\njob\nsick\nweb\nworkscript-api\n";
    assert_eq!(home.ctl(&["__complete"]).stdout, names);
}

#[test]
fn an_example_is_written_once() {
    let home = Home::new();
    let shown = home.ctl(&["init", "--json"]);
    assert_eq!(shown.code, 0, "{shown}");
    let facts: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(facts["file"], "HOME/work/ecosystem.config.cjs");
    let file = home.work().join("ecosystem.config.cjs");
    fs::write(&file, "mine").unwrap();
    let shown = home.ctl(&["init"]);
    assert_eq!(shown.code, 1, "{shown}");
    assert_eq!(fs::read_to_string(file).unwrap(), "mine");
}

/// Writes a state with one app, as a daemon that has ended leaves it.
pub(crate) fn save(home: &Home, name: &str) {
    let saved = Saved {
        next_run: RunId(2),
        next_instance: InstanceId(1),
        apps: vec![SavedApp {
            spec: spec(name).into(),
            instances: vec![SavedInstance {
                id: InstanceId(0),
                slot: 0,
                goal: SavedGoal::Up,
                restarts: 0,
            }],
        }],
    };
    let text = format!("{{}}\n{}\n", serde_json::to_string(&saved).unwrap());
    fs::write(home.paths().state(), text).unwrap();
}

/// The specification of an app that logs into `/var/log`.
pub(crate) fn spec(name: &str) -> AppSpec {
    let view = app(name, &[0]);
    let mut env = Env::default();
    env.set("DB_PASSWORD", "hunter2");
    AppSpec {
        name: AppName::new(name).unwrap(),
        namespace: view.namespace,
        exec: view.exec,
        mode: view.mode,
        cwd: view.cwd,
        env,
        inherited: Env::default(),
        instances: 1,
        instance_var: view.instance_var,
        increment_var: None,
        run_as: None,
        autostart: true,
        restart: view.restart,
        stop: view.stop,
        ready: view.ready,
        handover: view.handover,
        logs: config::spec::LogSpec {
            out: Some("/var/log/web-out.log".into()),
            err: Some("/var/log/web-error.log".into()),
            combined: None,
            merge: true,
            stamp: None,
        },
        pid_file: "/srv/pids/web.pid".into(),
        origin: None,
    }
}

fn specs() -> Reply {
    Reply::Specs {
        apps: vec![spec("web")],
    }
}

fn notices() -> Vec<Notice> {
    let who = || Who {
        app: AppName::new("web").unwrap(),
        id: InstanceId(3),
        slot: 0,
        run: RunId(9),
    };
    let lived = config::Span::millis(250);
    vec![
        Notice::DaemonUp {
            pid: Pid(1),
            apps: 1,
        },
        Notice::Launched {
            who: who(),
            pid: Pid(7),
        },
        Notice::Died {
            who: who(),
            how: DeathBy::Exit(ExitStatus::Signal {
                signal: Signal::KILL,
                core: false,
            }),
            lived,
            next_in: Some(config::Span::ZERO),
        },
        Notice::DaemonEnding {
            by: Some((Signal::TERM, Pid(1))),
        },
    ]
}
