//! What is missing for a hand-over, found out while one is under way.

use config::handover::Handover;
use protocol::LackOf;
use protocol::notice::ReadyBy;
use protocol::view::StateView;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply_to, code, reload};

/// A reload whose successor, run 2, is launched and not ready.
fn starting() -> World {
    let mut world = World::with_serving([app("web")]);
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    world
}

#[test]
fn a_stranger_who_is_met_by_the_successor_makes_a_queue_of_the_reload() {
    let mut world = starting();
    world.at(1100).hindered(2, LackOf::Stranger).gives(
        "note web/0#2 lacks Stranger
         note web/0#1 replacing: Queue
         watch #1, silent after 5s
         SIGINT to tree #2
         note web/0#2 stopping: Restart",
    );
    world
        .listens(2, 3013)
        .gives("note web/0#2 listens at 0.0.0.0:3013");
    world
        .at(1150)
        .exited(2, code(0))
        .gives("note web/0#2 stopped: Restart, exit code 0; release #2");
    world.at(1200).watched(1).gives(
        "steer web to nobody, held
         drain #1 of requests",
    );
    world.at(1250).drained(1).passes();
    world.at(1300).exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Restart, exit code 0
         launch web/0#3",
    );
    world.launched(3).passes();
    world.at(1400).listens(3, 3013).gives(
        "steer web to #3, held
         note web/0#3 listens at 0.0.0.0:3013
         note web/0#3 ready by listening after 100ms
         note web/0#3 replaced, queue, took 200ms, pause 200ms, lacks Stranger
         release #1
         answer 1: web/0 online done (queue, took 200ms, pause 200ms, lacks Stranger)",
    );
}

#[test]
fn a_selector_that_the_old_run_cannot_have_makes_a_queue_of_the_reload() {
    let mut world = starting();
    world.hindered(1, LackOf::Selector).gives(
        "note web/0#1 lacks Selector
         note web/0#1 replacing: Queue
         watch #1, silent after 5s
         SIGINT to tree #2
         note web/0#2 stopping: Restart",
    );
    world.watched(1).passes();
    world.drained(1).passes();
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
fn a_lack_that_two_runs_can_do_with_changes_no_reload() {
    for of in [LackOf::Trace, LackOf::Diagnosis] {
        let mut world = starting();
        let told = format!("note web/0#1 lacks {of:?}");
        world.hindered(1, of).gives(&told);
    }
}

#[test]
fn after_the_take_over_a_stranger_changes_nothing() {
    let mut world = starting();
    world.listens(2, 3013).passes();
    world
        .hindered(2, LackOf::Stranger)
        .gives("note web/0#2 lacks Stranger");
    world
        .hindered(1, LackOf::Stranger)
        .gives("note web/0#1 lacks Stranger");
}

#[test]
fn a_successor_that_has_failed_already_is_none_of_a_stranger_s() {
    let mut world = starting();
    world.due(4000).passes();
    world
        .hindered(2, LackOf::Stranger)
        .gives("note web/0#2 lacks Stranger");
    world
        .at(4100)
        .exited(2, code(1))
        .gives("note web/0#1 kept: not listening at [0.0.0.0:3013] within 3s");
}

#[test]
fn where_a_hand_over_is_not_wanted_any_more_a_stranger_makes_a_restart_of_it() {
    let mut world = starting();
    let off = app("web").with_handover(Handover::Off);
    let request = apply_to(protocol::request::Existing::Reload, [off]);
    world.ask(2, request).passes();
    world.hindered(2, LackOf::Stranger).gives(
        "steer web to nobody, not held
         note web/0#2 lacks Stranger
         note web/0#1 replacing: Restart
         SIGINT to tree #1
         note web/0#1 stopping: Restart
         SIGINT to tree #2
         note web/0#2 stopping: Restart",
    );
}

#[test]
fn nobody_waits_for_a_run_that_cannot_take_up_what_is_held() {
    let privileged = LackOf::Privileged {
        file: "/usr/bin/node".into(),
    };
    let mut world = World::with_serving([app("web").with_wait_ready()]);
    world.at(2000).exited(1, code(1)).gives(
        "save
         steer web to nobody, held
         note web/0#1 died: exit code 1, lived 2s, next in 0ms
         launch web/0#2",
    );
    world.hindered(2, privileged.clone()).gives(&format!(
        "steer web to nobody, not held
         note web/0#2 lacks {privileged:?}"
    ));
    world.launched(2).passes();
    world.ready(2, ReadyBy::Notify).passes();
    assert_eq!(world.state(0), StateView::Online);
}

#[test]
fn what_a_successor_lacks_for_holding_takes_nothing_from_the_run_that_serves() {
    let mut world = starting();
    world
        .hindered(2, LackOf::Unwanted)
        .gives("note web/0#2 lacks Unwanted");
}
