//! A reload: what is asked of the daemon, and what is said of each way in which it can go.

use std::fs;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use config::{Address, Span};
use protocol::notice::{Cause, ReadyBy, Who};
use protocol::reply::{DeathBy, Outcome as Became, Reached};
use protocol::request::Existing;
use protocol::view::InstanceView;
use protocol::{
    CheckFailure, ExitStatus, Handed, InstanceId, Lack, LackOf, Mode, Notice, Reply, Request,
    RunId, Selector, Tally, View,
};

use crate::actions::changes;
use crate::fake::Deed;
use crate::fixtures::{app, death, fleet, listening, outcome, settled};
use crate::home::{Home, Outcome};

/// What is asked when this is typed and everything goes well.
fn asked(arguments: &[&str]) -> Request {
    let home = Home::new();
    let text = r#"{ "apps": [ { "name": "web", "script": "/bin/sleep", "args": "9" } ] }"#;
    fs::write(home.work().join("ecosystem.json"), text).unwrap();
    let fake = home.daemon(|asking| {
        Deed::Answer(match &asking.request {
            Request::List => Reply::View { view: fleet() },
            Request::Specs { .. } => {
                let mut web = crate::reading::spec("web");
                web.exec.script = "/bin/sleep".into();
                web.exec.interpreter = None;
                web.cwd = "/".into();
                Reply::Specs { apps: vec![web] }
            }
            _ => settled(Vec::new()),
        })
    });
    let shown = home.ctl(arguments);
    assert_eq!(shown.code, 0, "{shown}");
    let mut changes = changes(&fake);
    changes.retain(|request| !matches!(request, Request::Specs { .. }));
    assert_eq!(changes.len(), 1, "{changes:?}");
    changes.remove(0)
}

fn existing(request: Request) -> Existing {
    match request {
        Request::Apply { existing, .. } => existing,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_app_is_reloaded_by_name_id_namespace_or_all() {
    for (typed, selector) in [
        ("web", Selector::Word("web".to_owned())),
        ("3", Selector::Word("3".to_owned())),
        ("back", Selector::Word("back".to_owned())),
        ("all", Selector::All),
    ] {
        let select = vec![selector];
        assert_eq!(asked(&["reload", typed]), Request::Reload { select });
    }
}

#[test]
fn pm2s_other_words_for_a_reload_are_understood() {
    for verb in ["gracefulReload", "softReload"] {
        let select = vec![Selector::Word("web".to_owned())];
        assert_eq!(asked(&[verb, "web"]), Request::Reload { select });
    }
    for verb in ["startOrReload", "startOrGracefulReload"] {
        assert_eq!(existing(asked(&[verb, "ecosystem.json"])), Existing::Reload);
    }
    let restarted = asked(&["startOrRestart", "ecosystem.json"]);
    assert_eq!(existing(restarted), Existing::Restart);
}

#[test]
fn what_a_reload_changes_is_applied_by_a_reload() {
    for arguments in [
        &["reload", "ecosystem.json"][..],
        &["reload", "ecosystem.json", "--only", "web"],
        &["reload", "--config", "ecosystem.json"],
        &["reload", "web", "--update-env"],
        &["reload", "web", "--handover", "queue"],
        &["reload", "web", "-a", "-f"],
    ] {
        assert_eq!(
            existing(asked(arguments)),
            Existing::Reload,
            "{arguments:?}"
        );
    }
}

#[test]
fn a_configuration_that_is_newer_than_the_run_is_mentioned_with_this_verb() {
    let home = Home::new();
    let file = home.work().join("ecosystem.config.cjs");
    fs::write(&file, "").unwrap();
    let mut view = fleet();
    for app in &mut view.apps {
        app.origin.as_mut().unwrap().file = file.clone();
    }
    let web = view.apps[2].instances[0].clone();
    home.answering(view, settled(vec![outcome(web, Reached::Done)]));
    let shown = home.ctl(&["reload", "web", "-s"]);
    let hint = "`wsctl reload HOME/work/ecosystem.config.cjs` applies it";
    assert!(shown.stderr.contains(hint), "{shown}");
}

/// An instance of `web` that listens.
fn instance(id: u32) -> InstanceView {
    let mut instance = listening(app("web", &[id]).instances.remove(0));
    instance.run = Some(RunId(12));
    instance
}

fn handed(mode: Mode) -> Handed {
    Handed {
        mode,
        lacks: Vec::new(),
        tally: Tally::default(),
        pause: Span::ZERO,
        took: Span::millis(210),
    }
}

/// An instance that was passed on like this.
fn passed(id: u32, handed: Handed) -> Became {
    Became {
        handed: Some(handed),
        ..outcome(instance(id), Reached::Done)
    }
}

/// What is shown when a command ends like this.
fn shown(verb: &str, outcomes: Vec<Became>) -> Outcome {
    let home = Home::new();
    let view = View {
        apps: vec![app("web", &[0])],
        ..View::default()
    };
    home.answering(view, settled(outcomes));
    home.ctl(&[verb, "web"])
}

#[test]
fn a_reload_that_overlaps() {
    let mut kept = handed(Mode::Overlap);
    kept.tally.adopted = 3;
    kept.took = Span::millis(340);
    let outcomes = vec![passed(0, handed(Mode::Overlap)), passed(1, kept)];
    insta::assert_snapshot!(shown("reload", outcomes));
}

/// What is shown in the page about reloads is what is said.
#[test]
fn the_page_on_reload_quotes_what_is_said() {
    let page = include_str!("../../../docs/reload.md");
    let mut kept = handed(Mode::Overlap);
    kept.tally.adopted = 3;
    let well = shown("reload", vec![passed(0, kept)]);
    let how = DeathBy::Unchecked {
        path: "/health".to_owned(),
        why: CheckFailure::Status(500),
    };
    let mut served = instance(0);
    served.run = Some(RunId(9));
    let mut death = death(how);
    death.last_lines.truncate(1);
    let badly = shown("reload", vec![outcome(served, Reached::Kept { death })]);
    let (badly, _hint) = badly.stderr.split_once("hint:").unwrap();
    for said in [well.stderr.as_str(), badly] {
        let quoted = format!("$ wsctl reload web\n{said}```\n");
        assert!(page.contains(&quoted), "{quoted}");
    }
}

#[test]
fn a_reload_by_turns_with_connections_that_were_cut() {
    let queued = Handed {
        tally: Tally {
            adopted: 1,
            cut: 2,
            cut_unknown: 1,
        },
        pause: Span::millis(430),
        took: Span::millis(1640),
        ..handed(Mode::Queue)
    };
    insta::assert_snapshot!(shown("reload", vec![passed(0, queued)]));
}

#[test]
fn a_reload_that_is_a_restart_says_why_and_what_to_do() {
    let lack = |of, errno| Lack { of, errno };
    let node = LackOf::Privileged {
        file: "/usr/bin/node".into(),
    };
    let both = Handed {
        lacks: vec![lack(LackOf::Trace, 1), lack(node, 0)],
        ..handed(Mode::Restart)
    };
    let mut deaf = passed(0, both.clone());
    deaf.instance.listens.clear();
    insta::assert_snapshot!(shown("reload", vec![deaf, passed(1, both)]));
}

#[test]
fn a_reload_of_what_does_not_listen() {
    let mut bot = passed(0, handed(Mode::Restart));
    bot.instance.listens.clear();
    insta::assert_snapshot!(shown("reload", vec![bot]).stderr);
}

#[test]
fn a_reload_whose_successor_fails_its_check() {
    let how = DeathBy::Unchecked {
        path: "/health".to_owned(),
        why: CheckFailure::Status(500),
    };
    let mut served = instance(1);
    served.run = Some(RunId(9));
    let kept = Reached::Kept { death: death(how) };
    insta::assert_snapshot!(shown(
        "reload",
        vec![
            passed(0, handed(Mode::Overlap)),
            outcome(served, kept),
            outcome(instance(2), Reached::LeftAlone),
            outcome(instance(3), Reached::LeftAlone),
        ]
    ));
}

#[test]
fn a_reload_whose_successor_dies_or_does_not_listen() {
    let kept = |how| outcome(instance(0), Reached::Kept { death: death(how) });
    let mut silent = kept(DeathBy::NotListening {
        within: Span::secs(10),
        at: vec![Address::Tcp(([0, 0, 0, 0], 3013).into())],
    });
    if let Reached::Kept { death } = &mut silent.reached {
        death.last_lines = vec!["listening at 3014".to_owned()];
    }
    let exited = kept(DeathBy::Exit(ExitStatus::Code(1)));
    insta::assert_snapshot!(shown("reload", vec![silent, exited]).stderr);
}

#[test]
fn a_restart_of_what_listens_says_how_long_clients_waited() {
    let queued = Handed {
        pause: Span::millis(430),
        ..handed(Mode::Queue)
    };
    let plain = passed(2, handed(Mode::Restart));
    insta::assert_snapshot!(shown("restart", vec![passed(0, queued), plain]).stderr);
}

#[test]
fn what_a_reload_came_to_is_in_the_json() {
    let home = Home::new();
    let how = DeathBy::Exit(ExitStatus::Code(1));
    let kept = Reached::Kept { death: death(how) };
    let outcomes = vec![
        passed(0, handed(Mode::Overlap)),
        outcome(instance(1), kept),
        outcome(instance(2), Reached::LeftAlone),
    ];
    home.answering(fleet(), settled(outcomes));
    let shown = home.ctl(&["reload", "web", "--json"]);
    assert_eq!(shown.code, 1, "{shown}");
    let facts: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    let outcomes = &facts["outcomes"];
    assert_eq!(outcomes[0]["outcome"], "done");
    assert_eq!(outcomes[0]["handed"]["mode"], "overlap");
    assert_eq!(outcomes[0]["handed"]["took"], 210);
    assert_eq!(outcomes[0]["listens"][0]["tcp"], "0.0.0.0:3013");
    assert_eq!(outcomes[1]["outcome"], "kept");
    assert_eq!(outcomes[1]["death"]["how"]["exit"]["code"], 1);
    assert_eq!(outcomes[1]["handed"], serde_json::Value::Null);
    assert_eq!(outcomes[2]["outcome"], "left_alone");
    assert_eq!(outcomes[2]["reached"], false);
}

#[test]
fn a_reload_is_followed_in_sentences() {
    let home = Home::new();
    home.daemon(|_| Deed::Notices(notices()));
    insta::assert_snapshot!(home.ctl(&["events"]).stdout);
}

#[test]
fn help_of_reload() {
    let help = Home::new().ctl(&["reload", "--help"]).stdout;
    let (usage, _) = help.split_once("Options:").unwrap();
    let meaning = help.find("What listens gets").unwrap();
    insta::assert_snapshot!(format!("{usage}…\n\n{}", &help[meaning..]));
}

#[test]
fn a_reload_that_takes_long_says_what_happens_meanwhile() {
    let home = Home::new();
    let mut web = app("web", &[0, 1]);
    let (drains, boots) = (Some(RunId(9)), Some(RunId(13)));
    for (instance, beside) in web.instances.iter_mut().zip([drains, boots]) {
        instance.run = Some(RunId(12));
        instance.beside = beside;
    }
    let mut other = app("api", &[4]);
    other.instances[0].beside = Some(RunId(15));
    let view = View {
        apps: vec![other, web],
        ..View::default()
    };
    let others = Notice::TookOver {
        who: Who {
            app: config::AppName::new("api").unwrap(),
            id: InstanceId(4),
            slot: 0,
            run: RunId(15),
        },
    };
    let (told, may_end) = channel();
    let may_end = Arc::new(Mutex::new(may_end));
    home.daemon(move |asking| match &asking.request {
        Request::List => Deed::Answer(Reply::View { view: view.clone() }),
        Request::Events => {
            let all = [vec![others.clone()], notices()].concat();
            Deed::NoticesThen(all, told.clone())
        }
        _ => {
            let reply = settled(vec![passed(0, handed(Mode::Overlap))]);
            Deed::AnswerAfter(Arc::clone(&may_end), reply)
        }
    });
    insta::assert_snapshot!(home.ctl(&["reload", "web"]).stderr);
}

fn notices() -> Vec<Notice> {
    let who = |run| Who {
        app: config::AppName::new("web").unwrap(),
        id: InstanceId(3),
        slot: 0,
        run: RunId(run),
    };
    let ready = |by| Notice::Ready {
        who: who(12),
        by,
        after: Span::millis(120),
    };
    let mut kept = handed(Mode::Overlap);
    kept.tally.adopted = 3;
    vec![
        Notice::Replacing {
            who: who(9),
            mode: Mode::Overlap,
        },
        Notice::Listening {
            who: who(12),
            at: Address::Unix("/run/x.sock".into()),
        },
        Notice::Hindered {
            who: who(12),
            lack: Lack {
                of: LackOf::Stranger,
                errno: 0,
            },
        },
        ready(ReadyBy::Listening),
        ready(ReadyBy::Checked),
        Notice::TookOver { who: who(12) },
        Notice::Stopping {
            who: who(9),
            cause: Cause::Replaced,
        },
        Notice::Replaced {
            who: who(12),
            handed: kept,
        },
        Notice::Replacing {
            who: who(12),
            mode: Mode::Queue,
        },
        Notice::Kept {
            who: who(9),
            how: DeathBy::Exit(ExitStatus::Code(1)),
        },
    ]
}
