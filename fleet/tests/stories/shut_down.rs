//! The daemon ends: all apps are stopped and their goals kept.

use config::Signal;
use protocol::Request;
use protocol::saved::SavedGoal;
use protocol::view::StateView;

use fleet::Fleet;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, by, code, delete, start, stop};

#[test]
fn all_apps_are_stopped_then_the_daemon_ends() {
    let mut world = World::with_online([app("api"), app("web")]);
    world.shut_down().gives(
        "save
         note ending by Some((SIGTERM, Pid(77)))
         SIGINT to tree #1
         note api/0#1 stopping: ShutDown
         SIGINT to tree #2
         note web/0#2 stopping: ShutDown",
    );
    world
        .exited(1, code(0))
        .gives("note api/0#1 stopped: ShutDown, exit code 0");
    world
        .due(2600)
        .gives("SIGKILL to tree #2; note web/0#2 killed after 1600ms");
    world.exited(2, by(Signal::KILL)).gives(
        "note web/0#2 stopped: ShutDown, SIGKILL
         exit",
    );
}

#[test]
fn an_empty_fleet_ends_at_once() {
    let mut world = World::new();
    world
        .shut_down()
        .gives("save; note ending by Some((SIGTERM, Pid(77))); exit");
}

#[test]
fn a_kill_is_answered_when_all_has_ended() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, Request::Kill).gives(
        "save
         note ending by None
         SIGINT to tree #1
         note web/0#1 stopping: ShutDown",
    );
    world.ask(2, Request::Kill).gives("");
    world.exited(1, code(0)).gives(
        "note web/0#1 stopped: ShutDown, exit code 0
         answer 1: ended
         answer 2: ended
         exit",
    );
    world.ask(3, Request::Kill).gives("answer 3: ended");
}

#[test]
fn what_was_up_comes_up_again_and_what_was_down_stays_down() {
    let mut world = World::with_online([app("api"), app("web"), app("worker")]);
    world.ask(1, stop("web")).passes();
    world.exited(2, code(0)).passes();
    world.shut_down().passes();
    world.exited(1, code(0)).passes();
    world.exited(3, code(0)).passes();
    let saved = world.fleet.saved();
    assert_eq!(world.saved(), Some(&saved), "what is on disk is what is");

    let mut fleet = Fleet::new(1000);
    fleet.restore(saved.clone());
    assert_eq!(fleet.saved(), saved);
    let mut next = World::with_fleet(fleet);
    next.due(0).gives("save; launch api/0#4; launch worker/0#5");
    assert_eq!(next.state(1), StateView::Stopped);
    next.ask(1, apply([app("new")])).passes();
    assert_eq!(next.view(3).app.as_str(), "new", "ids go on");
}

#[test]
fn nothing_is_launched_any_more() {
    let specs = [
        app("api").with_delay(100),
        app("web"),
        app("worker").with_instances(9),
    ];
    let mut world = World::new();
    world.ask(1, apply(specs)).passes();
    world.launched(1).passes();
    world.exited(1, code(1)).passes();
    let launched = world.launches();
    world.shut_down().passes();
    world.at(200).tick().gives("");
    world
        .exited(2, code(1))
        .gives("note web/0#2 stopped: ShutDown, exit code 1");
    assert_eq!(world.launches(), launched);
    let goals = world.fleet.saved().apps;
    let mut goals = goals.iter().flat_map(|app| &app.instances);
    assert!(goals.all(|one| one.goal == SavedGoal::Up));
}

#[test]
fn requests_are_refused_but_for_those_that_read() {
    let mut world = World::with_online([app("web")]);
    world.shut_down().passes();
    world
        .ask(1, start("web"))
        .gives("answer 1: refused ShuttingDown");
    world
        .ask(2, Request::Dump)
        .gives("answer 2: refused ShuttingDown");
    world.ask(3, Request::Ping).gives("answer 3: pong");
    world.ask(4, Request::List).gives("answer 4: view of 1");
}

#[test]
fn who_still_waits_at_the_end_is_told_that_the_daemon_goes() {
    let mut world = World::new();
    world.ask(1, apply([app("web")])).passes();
    world.launched(1).passes();
    world.shut_down().passes();
    world.exited(1, code(0)).gives(
        "note web/0#1 stopped: ShutDown, exit code 0
         answer 1: refused ShuttingDown
         exit",
    );
}

#[test]
fn a_second_shut_down_changes_nothing() {
    let mut world = World::with_online([app("web")]);
    world.shut_down().passes();
    world.at(1100).shut_down().gives("");
    world
        .due(2600)
        .gives("SIGKILL to tree #1; note web/0#1 killed after 1600ms");
}

#[test]
fn what_was_being_deleted_is_forgotten_before_the_end() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, delete("web")).passes();
    world.shut_down().passes();
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: ShutDown, exit code 0
         note web deleted
         answer 1: web/0 stopped done
         exit",
    );
}

#[test]
fn after_the_end_nothing_happens_any_more() {
    let mut world = World::with_online([app("web")]);
    world.shut_down().passes();
    world.exited(1, code(0)).passes();
    world.shut_down().gives("");
    world.at(90_000).tick().gives("");
    world
        .ask(1, start("web"))
        .gives("answer 1: refused ShuttingDown");
}
