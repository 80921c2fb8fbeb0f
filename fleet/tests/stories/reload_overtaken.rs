//! Somebody asks for something else in the midst of a hand-over.

use protocol::Request;
use protocol::notice::ReadyBy;
use protocol::request::{Existing, ScaleTo};
use protocol::view::StateView;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, apply_to, code, delete, reload, restart, start, stop};

/// A world in which run 2 starts beside run 1.
fn starting() -> World {
    let mut world = World::with_serving([app("web")]);
    world.ask(1, reload("web")).passes();
    world.at(1010).launched(2).passes();
    world
}

/// A world in which run 2 has taken over, and run 1 drains.
fn draining() -> World {
    let mut world = starting();
    world.at(1200).listens(2, 3013).passes();
    world
}

/// A world in which run 2 has taken over, and run 1 has been asked to end.
fn ending() -> World {
    let mut world = draining();
    world.at(1300).drained(1).passes();
    world
}

#[test]
fn a_stop_while_the_successor_starts_ends_both() {
    let mut world = starting();
    world.ask(2, stop("web")).gives(
        "save
         steer web to nobody, not held
         SIGINT to tree #1
         note web/0#1 stopping: Operator
         SIGINT to tree #2
         note web/0#2 stopping: Operator
         answer 1: web/0 stopping overtaken",
    );
    assert_eq!(world.state(0), StateView::Stopping);
    world
        .exited(2, code(0))
        .gives("note web/0#2 stopped: Operator, exit code 0");
    world.exited(1, code(0)).gives(
        "note web/0#1 stopped: Operator, exit code 0
         answer 2: web/0 stopped done",
    );
    assert_eq!(world.launches(), 2);
}

#[test]
fn a_stop_while_the_old_run_drains_ends_both_and_keeps_nothing() {
    let mut world = draining();
    world.ask(2, stop("web")).gives(
        "save
         steer web to nobody, not held
         retire #1 by SIGINT to tree, Close
         note web/0#1 stopping: Operator
         SIGINT to tree #2
         note web/0#2 stopping: Operator
         answer 1: web/0 stopping overtaken",
    );
    world
        .exited(1, code(0))
        .gives("note web/0#1 stopped: Operator, exit code 0");
    world.exited(2, code(0)).gives(
        "note web/0#2 stopped: Operator, exit code 0
         answer 2: web/0 stopped done",
    );
}

#[test]
fn a_stop_while_the_old_run_ends_ends_both() {
    let mut world = ending();
    world.ask(2, stop("web")).gives(
        "save
         steer web to nobody, not held
         SIGINT to tree #2
         note web/0#2 stopping: Operator
         answer 1: web/0 stopping overtaken",
    );
    world
        .exited(1, code(0))
        .gives("note web/0#1 stopped: Operator, exit code 0");
    world.exited(2, code(0)).gives(
        "note web/0#2 stopped: Operator, exit code 0
         answer 2: web/0 stopped done",
    );
}

#[test]
fn a_stop_while_a_late_successor_ends_ends_both() {
    let mut world = starting();
    world.due(4010).passes();
    world.ask(2, stop("web")).gives(
        "save
         steer web to nobody, not held
         SIGINT to tree #1
         note web/0#1 stopping: Operator
         answer 1: web/0 stopping overtaken",
    );
    world
        .exited(2, code(0))
        .gives("note web/0#2 stopped: Operator, exit code 0");
    world.exited(1, code(0)).gives(
        "note web/0#1 stopped: Operator, exit code 0
         answer 2: web/0 stopped done",
    );
}

#[test]
fn a_stop_while_a_restart_drains_ends_it_at_once() {
    let mut world = World::with_serving([app("web")]);
    world.ask(1, restart("web")).passes();
    world.ask(2, stop("web")).gives(
        "save
         steer web to nobody, not held
         retire #1 by SIGINT to tree, Close
         note web/0#1 stopping: Operator
         answer 1: web/0 stopping overtaken",
    );
    world.exited(1, code(0)).gives(
        "note web/0#1 stopped: Operator, exit code 0
         answer 2: web/0 stopped done",
    );
}

#[test]
fn a_stop_when_the_successor_is_dead_and_the_old_run_ends_waits_for_that() {
    let mut world = ending();
    world.exited(2, code(1)).passes();
    world.ask(2, stop("web")).gives(
        "save
         steer web to nobody, not held",
    );
    world.exited(1, code(0)).gives(
        "note web/0#1 stopped: Operator, exit code 0
         answer 2: web/0 stopped done",
    );
}

#[test]
fn a_start_after_a_stop_of_both_launches_when_both_are_gone() {
    let mut world = starting();
    world.ask(2, stop("web")).passes();
    world.ask(3, start("web")).gives(
        "save
         steer web to nobody, held
         answer 2: web/0 stopping overtaken",
    );
    world
        .exited(1, code(0))
        .gives("note web/0#1 stopped: Restart, exit code 0");
    world.exited(2, code(0)).gives(
        "save
         note web/0#2 stopped: Restart, exit code 0
         launch web/0#3",
    );
}

#[test]
fn a_start_while_a_successor_starts_finds_it_up() {
    let mut world = starting();
    world
        .ask(2, start("web"))
        .gives("answer 2: web/0 online already");
    world
        .ask(3, apply([app("web")]))
        .gives("answer 3: web/0 online already");
}

#[test]
fn a_start_while_the_old_run_drains_finds_the_new_one_up() {
    let mut world = draining();
    world
        .ask(2, start("web"))
        .gives("answer 2: web/0 online already");
}

#[test]
fn a_delete_while_the_successor_starts_forgets_the_app_when_both_are_gone() {
    let mut world = starting();
    world.ask(2, delete("web")).passes();
    world
        .exited(1, code(0))
        .gives("note web/0#1 stopped: Operator, exit code 0");
    world.exited(2, code(0)).gives(
        "save
         note web/0#2 stopped: Operator, exit code 0
         note web deleted
         answer 2: web/0 stopped done",
    );
}

#[test]
fn a_restart_while_the_successor_starts_ends_both_and_drains_the_one_that_serves() {
    let mut world = starting();
    world.ask(2, restart("web")).gives(
        "save
         note web/0#1 replacing: Queue
         watch #1, silent after 5s
         SIGINT to tree #2
         note web/0#2 stopping: Restart
         answer 1: web/0 online overtaken",
    );
    world
        .exited(2, code(0))
        .gives("note web/0#2 stopped: Restart, exit code 0");
    world.watched(1).gives(
        "steer web to nobody, held
         drain #1 of requests",
    );
    world.drained(1).gives(
        "retire #1 by SIGINT to tree, Adopt
         note web/0#1 stopping: Restart",
    );
    world.at(1100).exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Restart, exit code 0
         launch web/0#3",
    );
    world.launched(3).passes();
    world.at(1300).listens(3, 3013).gives(
        "steer web to #3, held
         note web/0#3 listens at 0.0.0.0:3013
         note web/0#3 ready by listening after 200ms
         note web/0#3 replaced, queue, took 90ms, pause 290ms
         release #1
         answer 2: web/0 online done (queue, took 90ms, pause 290ms)",
    );
}

#[test]
fn a_restart_while_the_old_run_drains_drains_the_new_one_as_well() {
    let mut world = draining();
    world.ask(2, restart("web")).gives(
        "save
         note web/0#2 replacing: Queue
         retire #1 by SIGINT to tree, Adopt
         note web/0#1 stopping: Restart
         watch #2, silent after 5s
         answer 1: web/0 online overtaken",
    );
    world.ask(3, restart("web")).gives("save");
    world
        .exited(1, code(0))
        .gives("note web/0#1 stopped: Restart, exit code 0; release #1");
    world.watched(2).passes();
    world.due(6200).gives(
        "retire #2 by SIGINT to tree, Adopt
         note web/0#2 stopping: Restart",
    );
    world.exited(2, code(0)).gives(
        "save
         note web/0#2 stopped: Restart, exit code 0
         launch web/0#3",
    );
}

#[test]
fn a_restart_while_the_old_run_ends_drains_the_new_one() {
    let mut world = ending();
    world.ask(2, restart("web")).gives(
        "save
         note web/0#2 replacing: Queue
         watch #2, silent after 5s
         answer 1: web/0 online overtaken",
    );
    world.watched(2).passes();
    world.drained(2).passes();
    world
        .exited(2, code(0))
        .gives("note web/0#2 stopped: Restart, exit code 0");
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Restart, exit code 0
         launch web/0#3",
    );
}

#[test]
fn another_specification_in_the_midst_of_a_reload_restarts() {
    let mut world = starting();
    let other = app("web").with_argument("v2");
    world.ask(2, apply([other])).gives(
        "save
         note web applied: 1
         note web/0#1 replacing: Queue
         watch #1, silent after 5s
         SIGINT to tree #2
         note web/0#2 stopping: Restart
         answer 1: web/0 online overtaken",
    );
}

#[test]
fn a_shut_down_while_the_successor_starts_waits_for_both() {
    let mut world = starting();
    world.shut_down().gives(
        "save
         steer web to nobody, not held
         note ending by Some((SIGTERM, Pid(77)))
         SIGINT to tree #1
         note web/0#1 stopping: ShutDown
         SIGINT to tree #2
         note web/0#2 stopping: ShutDown",
    );
    world
        .exited(1, code(0))
        .gives("note web/0#1 stopped: ShutDown, exit code 0");
    world.exited(2, code(0)).gives(
        "note web/0#2 stopped: ShutDown, exit code 0
         answer 1: refused ShuttingDown
         exit",
    );
}

#[test]
fn a_shut_down_while_the_old_run_drains_waits_for_both() {
    let mut world = draining();
    world.shut_down().gives(
        "save
         steer web to nobody, not held
         note ending by Some((SIGTERM, Pid(77)))
         retire #1 by SIGINT to tree, Close
         note web/0#1 stopping: ShutDown
         SIGINT to tree #2
         note web/0#2 stopping: ShutDown",
    );
    world
        .exited(2, code(0))
        .gives("note web/0#2 stopped: ShutDown, exit code 0");
    world.exited(1, code(0)).gives(
        "note web/0#1 stopped: ShutDown, exit code 0
         answer 1: refused ShuttingDown
         exit",
    );
}

#[test]
fn a_shut_down_when_the_successor_is_dead_and_the_old_run_ends_waits_for_that() {
    let mut world = ending();
    world.exited(2, code(1)).passes();
    world.shut_down().gives(
        "save
         steer web to nobody, not held
         note ending by Some((SIGTERM, Pid(77)))",
    );
    world.exited(1, code(0)).gives(
        "note web/0#1 stopped: ShutDown, exit code 0
         answer 1: refused ShuttingDown
         exit",
    );
}

#[test]
fn to_scale_down_takes_away_an_instance_that_is_being_replaced() {
    let mut world = World::with_serving([app("web").with_instances(2)]);
    world.ask(1, reload("1")).passes();
    world.launched(3).passes();
    let app = config::AppName::new("web").expect("it is a name");
    let to = ScaleTo::Exactly(1);
    world.ask(2, Request::Scale { app, to }).gives(
        "save
         steer web to #1, held
         note web applied: 1
         SIGINT to tree #2
         note web/1#2 stopping: Operator
         SIGINT to tree #3
         note web/1#3 stopping: Operator
         answer 1: web/1 stopping overtaken",
    );
    world.exited(2, code(0)).passes();
    world.exited(3, code(0)).gives(
        "save
         note web/1#3 stopped: Operator, exit code 0
         answer 2: web/1 stopped done",
    );
}

#[test]
fn a_reload_during_a_reload_is_done_after_it() {
    let mut world = starting();
    world.ask(2, reload("web")).gives("save");
    world.ask(3, reload("web")).gives("save");
    world.at(1200).listens(2, 3013).passes();
    world.drained(1).passes();
    world.at(1300).exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0
         note web/0#2 replaced, overlap, took 300ms, pause 0ms
         note web/0#2 replacing: Overlap
         launch web/0#3
         release #1
         answer 1: web/0 online done (overlap, took 300ms, pause 0ms)",
    );
    world.launched(3).passes();
    world.at(1400).listens(3, 3013).passes();
    world.drained(2).passes();
    world.at(1500).exited(2, code(0)).gives(
        "save
         note web/0#2 stopped: Replaced, exit code 0
         note web/0#3 replaced, overlap, took 200ms, pause 0ms
         release #2
         answer 2: web/0 online done (overlap, took 200ms, pause 0ms)
         answer 3: web/0 online done (overlap, took 200ms, pause 0ms)",
    );
    assert_eq!(world.launches(), 3);
    assert_eq!(world.fleet.deadline(), None);
}

#[test]
fn a_reload_during_a_reload_that_fails_is_tried_for_itself() {
    let mut world = starting();
    let other = app("web").with_argument("v2");
    world.ask(2, apply_to(Existing::Reload, [other])).gives(
        "save
         note web applied: 1",
    );
    world.exited(2, code(1)).gives(
        "save
         note web/0#1 kept: exit code 1
         note web/0#1 replacing: Overlap
         launch web/0#3",
    );
    world
        .log_ended(2, &["v1 is broken"])
        .gives("answer 1: web/0 online kept (exit code 1 after 10ms [v1 is broken])");
    assert_eq!(world.launched_with(3).exec.args, ["v2"]);
    world.launched(3).passes();
    world.listens(3, 3013).passes();
    world.drained(1).passes();
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0
         note web/0#3 replaced, overlap, took 0ms, pause 0ms
         release #1
         answer 2: web/0 online done (overlap, took 0ms, pause 0ms)",
    );
}

#[test]
fn a_reload_is_not_answered_by_the_run_that_an_earlier_reload_brings() {
    let mut world =
        World::with_serving([app("web").with_handover(config::handover::Handover::Queue)]);
    world.ask(1, restart("web")).passes();
    world.drained(1).passes();
    world.exited(1, code(0)).passes();
    world.launched(2).passes();
    world.ask(2, reload("web")).gives(
        "save
         note web/0#2 replacing: Restart
         SIGINT to tree #2
         note web/0#2 stopping: Restart",
    );
    world.exited(2, code(0)).passes();
    world.launched(3).passes();
    world.ready(3, ReadyBy::Notify).gives(
        "steer web to #3, held
         note web/0#3 ready by notify after 0ms
         note web/0#3 replaced, restart, took 0ms, pause 0ms
         answer 1: web/0 online done (restart, took 0ms, pause 0ms)
         answer 2: web/0 online done (restart, took 0ms, pause 0ms)",
    );
}
