//! What a person sees, whole.

use protocol::reply::{DeathBy, DiskError, Finish, Reached, Refusal};
use protocol::view::{InstanceView, StateView};
use protocol::{ExitStatus, LaunchError, LaunchStage, Reply, View};

use crate::fixtures::{app, death, errored, fleet, outcome, settled, stopped, waiting};
use crate::home::{Home, Outcome};

fn instance() -> InstanceView {
    app("web", &[0]).instances.remove(0)
}

/// What is shown when a start ends like this.
fn started(reply: Reply) -> Outcome {
    let home = Home::new();
    let view = View {
        apps: vec![app("web", &[0])],
        ..View::default()
    };
    home.answering(view, reply);
    home.ctl(&["start", "web"])
}

#[test]
fn help_of_all_verbs() {
    insta::assert_snapshot!(Home::new().ctl(&["--help"]));
}

#[test]
fn help_of_start() {
    insta::assert_snapshot!(Home::new().ctl(&["start", "--help"]));
}

#[test]
fn a_list_of_every_fate() {
    let home = Home::new();
    home.showing(fleet());
    insta::assert_snapshot!(home.ctl(&["list"]));
}

#[test]
fn a_list_as_blocks() {
    let home = Home::new();
    home.showing(fleet());
    insta::assert_snapshot!(home.ctl(&["list", "--mini-list", "--sort", "id:desc"]));
}

#[test]
fn a_list_as_json() {
    let home = Home::new();
    let view = View {
        apps: vec![app("web", &[0])],
        ..View::default()
    };
    home.showing(view);
    insta::assert_snapshot!(home.ctl(&["list", "--json"]));
}

#[test]
fn an_empty_list() {
    let home = Home::new();
    home.showing(View::default());
    insta::assert_snapshot!(home.ctl(&["list"]));
}

#[test]
fn descriptions() {
    let home = Home::new();
    home.showing(fleet());
    insta::assert_snapshot!(home.ctl(&["describe", "web", "sick", "2"]));
}

#[test]
fn a_start_that_is_reached() {
    let (first, second) = (instance(), app("web", &[0, 1]).instances.remove(1));
    insta::assert_snapshot!(started(settled(vec![
        outcome(first.clone(), Reached::Done),
        outcome(second, Reached::Done),
        outcome(first, Reached::AlreadySo),
    ])));
}

#[test]
fn a_start_that_ends_in_a_death() {
    let how = DeathBy::Exit(ExitStatus::Code(1));
    let died = Reached::Died { death: death(how) };
    insta::assert_snapshot!(started(settled(vec![outcome(waiting(instance()), died)])));
}

#[test]
fn a_start_that_could_not_be_launched() {
    let how = DeathBy::Launch(LaunchError {
        stage: LaunchStage::Cwd,
        on: "/srv/gone".to_owned(),
        errno: 2,
    });
    let mut death = death(how);
    death.last_lines.clear();
    let died = Reached::Died { death };
    insta::assert_snapshot!(started(settled(vec![outcome(errored(instance()), died)])));
}

/// What is said of an app with this rule that gave up.
fn gave_up(rule: impl FnOnce(&mut config::spec::RestartRule)) -> (Outcome, Outcome) {
    let home = Home::new();
    let mut web = app("web", &[0]);
    rule(&mut web.restart);
    web.instances[0] = errored(web.instances[0].clone());
    let within = config::Span::secs(3);
    let died = Reached::Died {
        death: death(DeathBy::NotReady { within }),
    };
    let reply = settled(vec![outcome(web.instances[0].clone(), died)]);
    let view = View {
        apps: vec![web],
        ..View::default()
    };
    home.answering(view, reply);
    (home.ctl(&["start", "web"]), home.ctl(&["describe", "web"]))
}

#[test]
fn an_app_that_is_not_tried_again_says_by_which_rule() {
    let often = gave_up(|_| {});
    let off = gave_up(|rule| rule.autorestart = false);
    let once = gave_up(|rule| rule.max_restarts = 0);
    for ((start, describe), why) in [
        (&often, "it died too often"),
        (&off, "autorestart is off"),
        (&once, "max_restarts is 0, it may not be restarted"),
    ] {
        let said = format!("  {why}: it is not tried again\n");
        assert!(start.stderr.contains(&said), "{start}");
        let shown = format!("next start       none: {why};");
        assert!(describe.stdout.contains(&shown), "{describe}");
    }
    assert!(often.1.stdout.contains("early deaths"));
    assert!(!off.1.stdout.contains("early deaths"), "{}", off.1);
}

#[test]
fn the_rows_of_a_description_have_the_names_of_its_json() {
    let home = Home::new();
    home.showing(fleet());
    let shown = home.ctl(&["describe", "all"]);
    let facts: serde_json::Value =
        serde_json::from_str(&home.ctl(&["describe", "all", "--json"]).stdout).unwrap();
    let rows = shown.stdout.lines().filter_map(|line| {
        let row = line.strip_prefix("  ")?;
        let (name, _) = row.split_once("  ")?;
        (!name.is_empty()).then(|| name.replace(' ', "_"))
    });
    let rows: std::collections::BTreeSet<String> = rows.collect();
    assert!(rows.len() > 15, "{rows:?}");
    for row in rows {
        assert!(facts[0].get(&row).is_some(), "{row} in {facts}");
    }
}

#[test]
fn a_start_of_jobs_and_of_what_is_overtaken() {
    let finished = |code, finish| Reached::Finished {
        status: ExitStatus::Code(code),
        finish,
        last_lines: death(DeathBy::Exit(ExitStatus::Code(code))).last_lines,
    };
    insta::assert_snapshot!(started(settled(vec![
        outcome(stopped(instance()), finished(0, Finish::Expected)),
        outcome(stopped(instance()), finished(42, Finish::Expected)),
        outcome(stopped(instance()), finished(3, Finish::Unexpected)),
        outcome(stopped(instance()), Reached::Overtaken),
    ])));
}

#[test]
fn a_start_that_the_disk_refused() {
    insta::assert_snapshot!(started(Reply::Settled {
        outcomes: vec![outcome(instance(), Reached::Done)],
        unsaved: Some(DiskError {
            file: "/home/u/.wsd/state.json".into(),
            errno: Some(28),
            detail: String::new(),
        }),
    }));
}

#[test]
fn many_failures_are_not_told_one_by_one() {
    let died = |id| {
        let instance = app("web", &[id]).instances.remove(0);
        let within = config::Span::secs(3);
        let mut death = death(DeathBy::NotReady { within });
        death.last_lines.clear();
        outcome(waiting(instance), Reached::Died { death })
    };
    let shown = started(settled((0..12).map(died).collect()));
    insta::assert_snapshot!(shown.stderr);
}

#[test]
fn a_name_that_is_running_already() {
    let why = Refusal::AlreadyUp {
        app: config::AppName::new("web").unwrap(),
    };
    insta::assert_snapshot!(started(Reply::Refused { why }));
}

#[test]
fn the_state_word_of_every_state_is_in_the_list() {
    let home = Home::new();
    let states = [
        StateView::Stopped,
        StateView::Launching,
        StateView::Online,
        StateView::Stopping,
        StateView::WaitingRestart,
        StateView::Errored,
    ];
    let mut web = app("web", &[0, 1, 2, 3, 4, 5]);
    for (instance, state) in web.instances.iter_mut().zip(states) {
        instance.state = state;
    }
    home.showing(View {
        apps: vec![web],
        ..View::default()
    });
    let shown = home.ctl(&["list"]);
    for state in states {
        assert!(shown.stdout.contains(state.word()), "{shown}");
    }
}
