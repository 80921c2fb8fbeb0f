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

#[test]
fn a_start_of_jobs_and_of_what_is_overtaken() {
    let finished = |code| Reached::Finished {
        status: ExitStatus::Code(code),
        finish: if code == 0 {
            Finish::Expected
        } else {
            Finish::Unexpected
        },
        last_lines: Vec::new(),
    };
    insta::assert_snapshot!(started(settled(vec![
        outcome(stopped(instance()), finished(0)),
        outcome(stopped(instance()), finished(3)),
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
