//! Bringing down: politely, by force, and what is down already.

use config::Signal;
use protocol::view::StateView;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, by, code, start, stop};

#[test]
fn a_stop_is_answered_when_nothing_of_the_run_is_left() {
    let mut world = World::with_online([app("web")]);
    world
        .ask(1, stop("web"))
        .gives("save; SIGINT to tree #1; note web/0#1 stopping: Operator");
    assert_eq!(world.state(0), StateView::Stopping);
    world.at(1300).exited(1, code(0)).gives(
        "note web/0#1 stopped: Operator, exit code 0
         answer 1: web/0 stopped done",
    );
    assert_eq!(world.fleet.deadline(), None);
}

#[test]
fn what_does_not_heed_the_signal_is_killed_and_again_each_second() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, stop("web")).passes();
    world.at(2599).tick().gives("");
    world
        .due(2600)
        .gives("SIGKILL to tree #1; note web/0#1 killed after 1600ms");
    world.due(3600).gives("SIGKILL to tree #1");
    world.due(4600).gives("SIGKILL to tree #1");
    world.at(4700).exited(1, by(Signal::KILL)).gives(
        "note web/0#1 stopped: Operator, SIGKILL
         answer 1: web/0 stopped done",
    );
}

#[test]
fn the_signal_and_whom_it_reaches_are_the_apps_own() {
    let spec = app("web")
        .with_leader_only()
        .with(|spec| spec.stop.signal = Signal::TERM);
    let mut world = World::with_online([spec]);
    world
        .ask(1, stop("web"))
        .gives("save; SIGTERM to leader #1; note web/0#1 stopping: Operator");
    world
        .due(2600)
        .gives("SIGKILL to leader #1; note web/0#1 killed after 1600ms");
}

#[test]
fn what_is_down_already_is_left_so() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, stop("web")).passes();
    world.exited(1, code(0)).passes();
    world
        .ask(2, stop("web"))
        .gives("save; answer 2: web/0 stopped already");
}

#[test]
fn a_stop_while_it_waits_cancels_the_launch() {
    let mut world = World::with_online([app("web").with_delay(5000)]);
    world.exited(1, code(1)).passes();
    world
        .at(2000)
        .ask(1, stop("web"))
        .gives("save; answer 1: web/0 stopped done");
    assert_eq!(world.fleet.deadline(), None);
    world.at(9000).tick().gives("");
    assert_eq!(world.launches(), 1);
}

#[test]
fn a_stop_of_what_is_errored_makes_it_stopped() {
    let mut world = World::with_online([app("web").with_max_restarts(0)]);
    world.exited(1, code(1)).passes();
    world
        .ask(1, stop("web"))
        .gives("save; answer 1: web/0 stopped done");
    assert_eq!(world.state(0), StateView::Stopped);
}

#[test]
fn a_stop_while_the_launcher_is_at_work_ends_the_run_as_soon_as_it_can() {
    let mut world = World::new();
    world.ask(1, apply([app("web")])).passes();
    world.ask(2, stop("web")).gives(
        "save
         SIGINT to tree #1
         note web/0#1 stopping: Operator
         answer 1: web/0 stopping overtaken",
    );
    world.at(3).launched(1).gives("note web/0#1 has pid 1001");
    world
        .due(1600)
        .gives("SIGKILL to tree #1; note web/0#1 killed after 1600ms");
    world.at(1601).exited(1, by(Signal::KILL)).gives(
        "note web/0#1 stopped: Operator, SIGKILL
         answer 2: web/0 stopped done",
    );
}

#[test]
fn two_who_stop_the_same_are_both_answered_that_it_is_done() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, stop("web")).passes();
    world.at(1100).ask(2, stop("all")).gives("save");
    world
        .due(2600)
        .gives("SIGKILL to tree #1; note web/0#1 killed after 1600ms");
    world.exited(1, by(Signal::KILL)).gives(
        "note web/0#1 stopped: Operator, SIGKILL
         answer 1: web/0 stopped done
         answer 2: web/0 stopped done",
    );
}

#[test]
fn a_start_while_it_stops_brings_it_up_again_once_it_is_gone() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, stop("web")).passes();
    world
        .at(1100)
        .ask(2, start("web"))
        .gives("save; answer 1: web/0 stopping overtaken");
    world.at(1300).exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Restart, exit code 0
         launch web/0#2",
    );
    world.launched(2).passes();
    world
        .due(1800)
        .gives("note web/0#2 ready by age after 500ms; answer 2: web/0 online done");
}

#[test]
fn hundred_instances_stop_in_the_time_of_the_slowest_one() {
    let mut world = World::with_online([app("web").with_instances(100)]);
    world.ask(1, stop("web")).passes();
    for run in 2..=100 {
        world.at(1010).exited(run, code(0)).passes();
    }
    world
        .due(2600)
        .gives("SIGKILL to tree #1; note web/0#1 killed after 1600ms");
    world.exited(1, by(Signal::KILL)).passes();
    let protocol::Reply::Settled { outcomes, .. } = world.reply(1) else {
        panic!("a stop settles");
    };
    assert!(outcomes.iter().all(|one| one.reached.is_success()));
    assert_eq!(outcomes.len(), 100);
}
