//! The verbs that change something: what is asked of the daemon, and what is said of its answer.

use std::fs::{self, File};

use config::{AppName, AppSpec};
use protocol::reply::{DeathBy, DiskError, Reached, Refusal};
use protocol::request::{Existing, ScaleTo};
use protocol::{ExitStatus, InstanceId, Reply, Request, Selector, View};

use crate::fake::{Deed, Fake};
use crate::fixtures::{death, fleet, outcome, settled, stopped, waiting};
use crate::home::Home;
use crate::reading::spec;

fn word(text: &str) -> Selector {
    Selector::Word(text.to_owned())
}

/// The requests that change something.
pub(crate) fn changes(fake: &Fake) -> Vec<Request> {
    let requests = fake.asked().into_iter().map(|asking| asking.request);
    requests
        .filter(|request| !matches!(request, Request::List))
        .collect()
}

/// What is asked when this is typed and everything goes well.
fn asked(arguments: &[&str]) -> Vec<Request> {
    let home = Home::new();
    let fake = home.answering(fleet(), settled(Vec::new()));
    let shown = home.ctl(arguments);
    assert_eq!(shown.code, 0, "{shown}");
    changes(&fake)
}

#[test]
fn words_go_to_the_daemon_as_they_are() {
    let select = vec![word("web"), word("3"), word("back"), Selector::All];
    assert_eq!(
        asked(&["stop", "web", "3", "back", "all"]),
        [Request::Stop { select }]
    );
}

#[test]
fn a_pattern_becomes_the_names_that_it_matches() {
    let select = vec![word("web"), word("workscript-api")];
    assert_eq!(asked(&["restart", "/^w/"]), [Request::Restart { select }]);
}

#[test]
fn a_pattern_without_a_match_is_not_asked() {
    let home = Home::new();
    let fake = home.answering(fleet(), settled(Vec::new()));
    let shown = home.ctl(&["delete", "/^z/"]);
    assert_eq!(shown.code, 1, "{shown}");
    assert_eq!(changes(&fake), []);
}

#[test]
fn an_app_that_is_there_is_started_by_its_name() {
    let select = vec![word("web")];
    assert_eq!(asked(&["start", "web"]), [Request::Start { select }]);
}

#[test]
fn a_script_is_applied_with_its_flags_and_not_over_another() {
    let home = Home::new();
    fs::write(home.work().join("tool.sh"), "sleep 1").unwrap();
    let fake = home.answering(fleet(), settled(Vec::new()));
    let shown = home.ctl(&[
        "start", "tool.sh", "-n", "tool", "-i", "2", "-k", "3s", "--", "-v", "a b",
    ]);
    assert_eq!(shown.code, 0, "{shown}");
    let changes = changes(&fake);
    let [Request::Apply { apps, existing }] = changes.as_slice() else {
        panic!("{changes:?}");
    };
    assert_eq!(*existing, Existing::Refuse);
    let app = &apps[0];
    assert_eq!(app.name.as_str(), "tool");
    assert_eq!(app.instances, 2);
    assert_eq!(app.exec.args, ["-v", "a b"]);
    assert_eq!(app.stop.timeout, config::Span::secs(3));
    assert_eq!(app.exec.script.file_name().unwrap(), "tool.sh");
}

#[test]
fn what_is_nothing_is_not_started_and_is_wrong_usage() {
    let home = Home::new();
    let fake = home.answering(fleet(), settled(Vec::new()));
    let shown = home.ctl(&["start", "wbe"]);
    assert_eq!(shown.code, 2, "{shown}");
    assert_eq!(changes(&fake), []);
    insta::assert_snapshot!(shown.stderr);
}

#[test]
fn a_folder_without_an_ecosystem_file_has_nothing_to_start() {
    let home = Home::new();
    let shown = home.ctl(&["start"]);
    assert_eq!(shown.code, 2, "{shown}");
    insta::assert_snapshot!(shown.stderr);
}

#[test]
fn the_ecosystem_file_of_the_folder_is_started_and_converges() {
    let home = Home::new();
    let text = r#"{ "apps": [ { "name": "web", "script": "/bin/sleep", "args": "9" } ] }"#;
    fs::write(home.work().join("ecosystem.json"), text).unwrap();
    let fake = home.answering(fleet(), settled(Vec::new()));
    let shown = home.ctl(&["start"]);
    assert_eq!(shown.code, 0, "{shown}");
    let changes = changes(&fake);
    let [Request::Apply { apps, existing }] = changes.as_slice() else {
        panic!("{changes:?}");
    };
    assert_eq!(*existing, Existing::Converge);
    assert_eq!(apps[0].name.as_str(), "web");
}

#[test]
fn a_wrong_configuration_is_2_and_asks_nothing() {
    let home = Home::new();
    let text =
        r#"{ "apps": [ { "name": "web", "script": "/bin/sleep", "max_restarts": "many" } ] }"#;
    fs::write(home.work().join("ecosystem.json"), text).unwrap();
    let fake = home.answering(fleet(), settled(Vec::new()));
    let shown = home.ctl(&["start", "ecosystem.json"]);
    assert_eq!(shown.code, 2, "{shown}");
    assert!(shown.stderr.contains("apps[0].max_restarts"), "{shown}");
    assert_eq!(changes(&fake), []);
}

/// A home whose daemon has the app `web` with a program that is there, and its specification.
fn with_web() -> (Home, Fake, AppSpec) {
    let home = Home::new();
    let mut before = spec("web");
    before.cwd = home.work();
    before.exec.script = "/bin/sleep".into();
    before.exec.interpreter = None;
    before.logs.merge = false;
    let answer = before.clone();
    let fake = home.daemon(move |asking| {
        Deed::Answer(match &asking.request {
            Request::List => Reply::View { view: fleet() },
            Request::Specs { .. } => Reply::Specs {
                apps: vec![answer.clone()],
            },
            _ => settled(Vec::new()),
        })
    });
    (home, fake, before)
}

/// The one specification that a restart with these arguments applies.
fn restarted(home: &Home, fake: &Fake, arguments: &[&str]) -> AppSpec {
    let words: Vec<&str> = ["restart", "web"]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    let shown = home.outcome(home.command(&words).env("FROM_THE_SHELL", "yes"));
    assert_eq!(shown.code, 0, "{shown}");
    match changes(fake).pop() {
        Some(Request::Apply { mut apps, existing }) => {
            assert_eq!(existing, Existing::Restart);
            apps.remove(0)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_restart_with_flags_changes_what_they_name_and_nothing_else() {
    let (home, fake, mut expected) = with_web();
    let after = restarted(&home, &fake, &["--max-restarts", "4", "--", "new"]);
    expected.restart.max_restarts = 4;
    expected.exec.args = vec!["new".to_owned()];
    assert_eq!(after, expected);
}

#[test]
fn no_flag_of_restart_is_without_effect() {
    let (home, fake, before) = with_web();
    for flags in [
        &["--namespace", "x"][..],
        &["-i", "3"],
        &["--interpreter", "sh"],
        &["--interpreter", "sh", "--interpreter-args", "-x"],
        &["--cwd", "/"],
        &["--increment-var", "PORT"],
        &["--instance-var", "NUMBER"],
        &["--no-autostart"],
        &["--no-autorestart"],
        &["--stop-exit-codes", "7"],
        &["--max-restarts", "4"],
        &["--min-uptime", "9s"],
        &["--restart-delay", "9s"],
        &["--exp-backoff-restart-delay", "100"],
        &["-k", "9s"],
        &["--kill-signal", "USR2"],
        &["--no-treekill"],
        &["--wait-ready"],
        &["--listen-timeout", "9s"],
        &["--handover", "queue"],
        &["--reload-check", "/health"],
        &["--drain-timeout", "9s"],
        &["--listen", "3013"],
        &["-o", "/tmp/o.log"],
        &["-e", "/tmp/e.log"],
        &["-l", "/tmp/l.log"],
        &["--merge-logs"],
        &["--log-date-format", "HH:mm"],
        &["--time"],
        &["-p", "/tmp/web.pid"],
        &["--", "argument"],
    ] {
        let after = restarted(&home, &fake, flags);
        assert_ne!(after, before, "{flags:?}");
        assert_eq!(after.env, before.env, "{flags:?}");
        assert_eq!(after.inherited, before.inherited, "{flags:?}");
    }
}

#[test]
fn an_environment_is_taken_over_only_where_that_is_asked_for() {
    let (home, fake, before) = with_web();
    let after = restarted(&home, &fake, &["--update-env"]);
    assert_eq!(after.inherited.get("FROM_THE_SHELL"), Some("yes"));
    assert_eq!(after.env, before.env);
}

#[test]
fn an_app_cannot_be_given_another_name() {
    let (home, fake, _) = with_web();
    for verb in ["restart", "start"] {
        let shown = home.ctl(&[verb, "web", "--name", "other"]);
        assert_eq!(shown.code, 2, "{shown}");
    }
    let help = home.ctl(&["restart", "--help"]);
    assert!(!help.stdout.contains("--name "), "{help}");
    assert_eq!(changes(&fake), []);
}

#[test]
fn a_configuration_that_is_newer_than_the_run_is_mentioned() {
    let home = Home::new();
    let file = home.work().join("ecosystem.config.cjs");
    fs::write(&file, "").unwrap();
    let mut view = fleet();
    for app in &mut view.apps {
        app.origin.as_mut().unwrap().file = file.clone();
    }
    let web = view.apps[2].instances[0].clone();
    home.answering(view, settled(vec![outcome(web, Reached::Done)]));
    let shown = home.ctl(&["restart", "web", "-s"]);
    let hint = "HOME/work/ecosystem.config.cjs was changed since the app was started";
    assert!(shown.stderr.contains(hint), "{shown}");
    let old = File::options().append(true).open(&file).unwrap();
    old.set_modified(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(home.ctl(&["restart", "web", "-s"]).stderr, "");
}

#[test]
fn a_named_environment_needs_a_file() {
    let home = Home::new();
    home.answering(fleet(), settled(Vec::new()));
    let shown = home.ctl(&["restart", "web", "--env", "production"]);
    assert_eq!(shown.code, 2, "{shown}");
    assert!(
        shown
            .stderr
            .contains("`--env` is about a configuration file"),
        "{shown}"
    );
}

#[test]
fn scaling_asks_for_a_number_more_or_fewer() {
    let app = || AppName::new("web").unwrap();
    assert_eq!(
        asked(&["scale", "web", "3"]),
        [Request::Scale {
            app: app(),
            to: ScaleTo::Exactly(3)
        }]
    );
    assert_eq!(
        asked(&["scale", "web", "-1"]),
        [Request::Scale {
            app: app(),
            to: ScaleTo::Down(1)
        }]
    );
}

/// What is said of an instance that is down after this.
fn said_of_stopped(arguments: &[&str], reached: Reached) -> String {
    let home = Home::new();
    let text = r#"{ "apps": [ { "name": "web", "script": "/bin/sleep" } ] }"#;
    fs::write(home.work().join("ecosystem.json"), text).unwrap();
    let web = stopped(fleet().apps[2].instances[1].clone());
    home.answering(fleet(), settled(vec![outcome(web, reached)]));
    let shown = home.ctl(&[arguments, &["--json"]].concat());
    assert_eq!(shown.code, 0, "{shown}");
    shown.stderr
}

#[test]
fn what_a_smaller_number_of_instances_takes_away_is_removed() {
    for arguments in [
        &["start", "ecosystem.json"][..],
        &["restart", "ecosystem.json"],
        &["reload", "ecosystem.json"],
        &["scale", "web", "1"],
    ] {
        let said = said_of_stopped(arguments, Reached::Done);
        assert_eq!(said, "web (id 1): removed\n", "{arguments:?}");
    }
}

#[test]
fn what_a_configuration_does_not_start_is_registered() {
    for verb in ["start", "restart", "reload"] {
        let said = said_of_stopped(&[verb, "ecosystem.json"], Reached::AlreadySo);
        let meant = "web (id 1): registered, and not started (autostart is off)\n";
        assert_eq!(said, meant, "{verb}");
    }
}

#[test]
fn a_refused_scale_names_the_app() {
    let home = Home::new();
    let why = Refusal::TooManyInstances { max: 1024 };
    home.answering(fleet(), Reply::Refused { why });
    let shown = home.ctl(&["scale", "web", "5000"]);
    assert_eq!(shown.code, 1, "{shown}");
    insta::assert_snapshot!(shown.stderr);
}

#[test]
fn a_name_that_the_daemon_does_not_know_is_answered_with_the_nearest() {
    let home = Home::new();
    let why = Refusal::NoSuchApp {
        word: "wbe".to_owned(),
    };
    home.answering(fleet(), Reply::Refused { why });
    let shown = home.ctl(&["stop", "wbe"]);
    assert_eq!(shown.code, 1, "{shown}");
    insta::assert_snapshot!(shown.stderr);
}

#[test]
fn what_was_deleted_is_shown_in_json_as_it_was() {
    let home = Home::new();
    let web = fleet().apps.remove(2).instances.remove(0);
    let mut is_there = true;
    home.daemon(move |asking| {
        Deed::Answer(match &asking.request {
            Request::List if is_there => Reply::View { view: fleet() },
            Request::List => Reply::View {
                view: View::default(),
            },
            _ => {
                is_there = false;
                settled(vec![outcome(web.clone(), Reached::Done)])
            }
        })
    });
    let shown = home.ctl(&["delete", "web", "--json"]);
    let facts: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(facts["outcomes"][0]["namespace"], "default", "{shown}");
    assert_eq!(facts["outcomes"][0]["user"], "root", "{shown}");
}

#[test]
fn a_death_is_in_the_json_with_its_last_lines() {
    let home = Home::new();
    let web = fleet().apps.remove(2).instances.remove(0);
    let death = death(DeathBy::Exit(ExitStatus::Code(1)));
    let died = Reached::Died { death };
    home.answering(fleet(), settled(vec![outcome(waiting(web), died)]));
    let shown = home.ctl(&["restart", "web", "--json"]);
    assert_eq!(shown.code, 1, "{shown}");
    let facts: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    let outcome = &facts["outcomes"][0];
    assert_eq!(outcome["outcome"], "died");
    assert_eq!(outcome["reached"], false);
    assert_eq!(outcome["status"], "waiting restart");
    assert_eq!(outcome["early_deaths"], 3);
    assert_eq!(outcome["gives_up_at"], 10);
    let last = outcome["death"]["last_lines"].as_array().unwrap();
    assert_eq!(last.len(), 2);
}

#[test]
fn a_scale_to_nothing_says_that_the_app_is_gone() {
    let home = Home::new();
    let mut is_there = true;
    home.daemon(move |asking| {
        Deed::Answer(match &asking.request {
            Request::List if is_there => Reply::View { view: fleet() },
            Request::List => Reply::View {
                view: View::default(),
            },
            _ => {
                is_there = false;
                settled(Vec::new())
            }
        })
    });
    let shown = home.ctl(&["scale", "web", "0"]);
    assert!(
        shown.stderr.contains("web: scaled to 0, deleted\n"),
        "{shown}"
    );
}

/// A home whose daemon has `fleet()`, and a configuration of two of its apps under an odd name.
fn with_odd_name() -> (Home, Fake) {
    let home = Home::new();
    let text = r#"{ "apps": [
        { "name": "web", "script": "/bin/sleep" }, { "name": "job", "script": "/bin/sleep" }
    ] }"#;
    for name in ["apps.conf", "ecosystem.json"] {
        fs::write(home.work().join(name), text).unwrap();
    }
    let fake = home.answering(fleet(), settled(Vec::new()));
    (home, fake)
}

#[test]
fn a_configuration_of_any_name_names_its_apps() {
    let (home, fake) = with_odd_name();
    let select = || vec![word("web"), word("job")];
    for (verb, request) in [
        ("stop", Request::Stop { select: select() }),
        ("delete", Request::Delete { select: select() }),
        ("reset", Request::Reset { select: select() }),
    ] {
        let shown = home.ctl(&[verb, "--config", "apps.conf"]);
        assert_eq!(shown.code, 0, "{shown}");
        assert_eq!(changes(&fake), [request]);
    }
}

#[test]
fn reading_verbs_take_several_apps_and_configurations() {
    let (home, _fake) = with_odd_name();
    for (arguments, expected) in [
        (&["pid", "job", "web"][..], "4200000\n4200001\n"),
        (&["pid", "ecosystem.json"], "4200000\n4200001\n"),
        (&["id", "job", "web"], "[ 3, 0, 1 ]\n"),
        (&["id", "--config", "apps.conf"], "[ 3, 0, 1 ]\n"),
    ] {
        let shown = home.ctl(arguments);
        assert_eq!(shown.code, 0, "{shown}");
        assert!(shown.stdout.ends_with(expected), "{shown}");
    }
    let shown = home.ctl(&["describe", "ecosystem.json"]);
    assert!(shown.stdout.starts_with("job (id 3)"), "{shown}");
    assert!(!shown.stdout.contains("sick"), "{shown}");
}

#[test]
fn flush_takes_a_configuration() {
    let (home, fake) = with_odd_name();
    home.ctl(&["flush", "ecosystem.json"]);
    let select = vec![word("web"), word("job")];
    assert_eq!(changes(&fake), [Request::Flush { select }]);
}

#[test]
fn pm2s_flags_without_a_meaning_are_taken_and_told() {
    let home = Home::new();
    fs::write(home.work().join("tool.sh"), "sleep 1").unwrap();
    home.answering(fleet(), settled(Vec::new()));
    for flags in [
        &["-w"][..],
        &["--write"],
        &["--parallel", "2"],
        &["--ext", "js"],
        &["--hp", "/root"],
        &["--trace"],
        &["--v8"],
        &["--attach"],
        &["--no-daemon"],
    ] {
        let words: Vec<&str> = ["start", "tool.sh"].iter().chain(flags).copied().collect();
        let shown = home.ctl(&words);
        assert_eq!(shown.code, 0, "{shown}");
        assert!(shown.stderr.contains("` has no effect: "), "{shown}");
    }
    for flags in [&["-a"][..], &["--update-env"]] {
        let words: Vec<&str> = ["start", "tool.sh"].iter().chain(flags).copied().collect();
        let shown = home.ctl(&words);
        assert_eq!(shown.code, 0, "{shown}");
        assert!(!shown.stderr.contains("warning"), "{shown}");
    }
}

#[test]
fn a_port_and_a_file_of_variables_can_be_flags() {
    let home = Home::new();
    fs::write(home.work().join("tool.sh"), "sleep 1").unwrap();
    fs::write(home.work().join("a.env"), "A=1\n").unwrap();
    let fake = home.answering(fleet(), settled(Vec::new()));
    let shown = home.ctl(&["start", "tool.sh", "--port", "3013", "--env-file", "a.env"]);
    assert_eq!(shown.code, 0, "{shown}");
    let changes = changes(&fake);
    let [Request::Apply { apps, .. }] = changes.as_slice() else {
        panic!("{changes:?}");
    };
    assert_eq!(apps[0].env.get("PORT"), Some("3013"));
    assert_eq!(apps[0].env.get("A"), Some("1"));
}

#[test]
fn a_restart_with_a_port_changes_that_variable_alone() {
    let (home, fake, mut expected) = with_web();
    let after = restarted(&home, &fake, &["--port", "3013"]);
    expected.env.set("PORT", "3013".to_owned());
    assert_eq!(after, expected);
}

#[test]
fn an_empty_name_is_near_to_none() {
    let home = Home::new();
    let why = Refusal::NoSuchApp {
        word: String::new(),
    };
    home.answering(fleet(), Reply::Refused { why });
    let shown = home.ctl(&["stop", ""]);
    assert!(!shown.stderr.contains("did you mean"), "{shown}");
}

#[test]
fn a_signal_that_reaches_nobody_is_a_failure() {
    let home = Home::new();
    home.answering(
        fleet(),
        Reply::Signalled {
            instances: Vec::new(),
        },
    );
    assert_eq!(home.ctl(&["signal", "usr1", "job"]).code, 1);
}

#[test]
fn a_signal_that_arrives_says_where() {
    let home = Home::new();
    let instances = vec![InstanceId(0), InstanceId(1)];
    home.answering(fleet(), Reply::Signalled { instances });
    let shown = home.ctl(&["signal", "usr1", "web"]);
    assert_eq!(shown.code, 0, "{shown}");
    assert_eq!(shown.stderr, "SIGUSR1 was sent to ids 0, 1\n");
}

#[test]
fn a_log_that_cannot_be_emptied_is_named() {
    let home = Home::new();
    home.answering(
        fleet(),
        Reply::Flushed {
            files: vec!["/var/log/a.log".into()],
            failed: vec![DiskError {
                file: "/var/log/b.log".into(),
                errno: Some(13),
                detail: String::new(),
            }],
        },
    );
    insta::assert_snapshot!(home.ctl(&["flush"]));
}

#[test]
fn an_action_shows_the_list_afterwards_and_json_shows_the_facts() {
    let home = Home::new();
    let web = fleet().apps.remove(2).instances.remove(0);
    home.answering(fleet(), settled(vec![outcome(web, Reached::Done)]));
    let shown = home.ctl(&["restart", "web"]);
    assert!(
        shown.stderr.starts_with("web (id 0): restarted\n"),
        "{shown}"
    );
    assert!(shown.stdout.contains("│ workscript-api"), "{shown}");
    let facts: serde_json::Value =
        serde_json::from_str(&home.ctl(&["restart", "web", "--json"]).stdout).unwrap();
    let outcome = &facts["outcomes"][0];
    assert_eq!(outcome["outcome"], "done");
    assert_eq!(outcome["reached"], true);
    let list: serde_json::Value =
        serde_json::from_str(&home.ctl(&["list", "--json"]).stdout).unwrap();
    for (name, value) in list[2].as_object().unwrap() {
        assert_eq!(&outcome[name], value, "{name}");
    }
    assert_eq!(home.ctl(&["restart", "web", "--silent"]).stdout, "");
}
