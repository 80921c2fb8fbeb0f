//! One run after the other while those who connect wait in a socket of ours, or without that.

use config::handover::Handover;
use protocol::LackOf;
use protocol::view::StateView;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, code, reload, restart, start};

fn queueing() -> config::AppSpec {
    app("bot").with_handover(Handover::Queue)
}

#[test]
fn a_queue_watches_drains_ends_and_then_starts_and_says_how_long_clients_waited() {
    let mut world = World::with_serving([queueing()]);
    world.ask(1, reload("bot")).gives(
        "save
         note bot/0#1 replacing: Queue
         watch #1, silent after 5s",
    );
    assert_eq!(world.state(0), StateView::Online);
    world.at(1030).watched(1).gives(
        "steer bot to nobody, held
         drain #1 of requests",
    );
    world.watched(1).gives("");
    assert_eq!(world.state(0), StateView::Stopping);
    world.at(1050).drained(1).gives(
        "retire #1 by SIGINT to tree, Adopt
         note bot/0#1 stopping: Restart",
    );
    world.retired(1, 2, 0).gives("");
    world.at(1100).exited(1, code(0)).gives(
        "save
         note bot/0#1 stopped: Restart, exit code 0
         launch bot/0#2",
    );
    world
        .at(1110)
        .launched(2)
        .gives("note bot/0#2 has pid 1002");
    world.at(1400).listens(2, 3013).gives(
        "steer bot to #2, held
         note bot/0#2 listens at 0.0.0.0:3013
         note bot/0#2 ready by listening after 300ms
         note bot/0#2 replaced, queue, took 100ms, pause 370ms, adopted 2, cut 0+0
         release #1
         answer 1: bot/0 online done (queue, took 100ms, pause 370ms, adopted 2, cut 0+0)",
    );
    assert_eq!(world.view(0).restarts, 1);
    assert_eq!(world.fleet.deadline(), None, "at rest nothing is due");
}

#[test]
fn clients_of_a_queue_wait_no_longer_while_nobody_serves_than_they_may() {
    let spec = queueing().with(|spec| spec.handover.hold_timeout = config::Span::secs(1));
    let mut world = World::with_serving([spec]);
    world.ask(1, reload("bot")).passes();
    world.at(1030).watched(1).passes();
    world.at(1050).drained(1).passes();
    world.at(1100).exited(1, code(0)).passes();
    world.at(1110).launched(2).passes();
    world.due(1610).passes();
    world.due(2030).gives("steer bot to #2, not held");
}

#[test]
fn clients_wait_no_longer_for_requests_in_flight_than_they_may() {
    let mut world = World::with_serving([queueing()]);
    world.ask(1, reload("bot")).passes();
    world.at(1030).watched(1).passes();
    world.due(6030).gives(
        "retire #1 by SIGINT to tree, Adopt
         note bot/0#1 stopping: Restart",
    );
    world.drained(1).gives("");
}

#[test]
fn a_restart_of_what_listens_makes_clients_wait_and_not_fail() {
    let mut world = World::with_serving([app("web")]);
    world.ask(1, restart("web")).gives(
        "save
         note web/0#1 replacing: Queue
         watch #1, silent after 5s",
    );
    world.ask(2, restart("web")).gives("save");
    world.watched(1).gives(
        "steer web to nobody, held
         drain #1 of requests",
    );
    world.ask(3, restart("web")).gives("save");
    world.at(1020).drained(1).passes();
    world.at(1100).exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Restart, exit code 0
         launch web/0#2",
    );
    world.launched(2).passes();
    world.at(1200).listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by listening after 100ms
         note web/0#2 replaced, queue, took 100ms, pause 200ms
         release #1
         answer 1: web/0 online done (queue, took 100ms, pause 200ms)
         answer 2: web/0 online done (queue, took 100ms, pause 200ms)
         answer 3: web/0 online done (queue, took 100ms, pause 200ms)",
    );
}

#[test]
fn a_start_and_a_reload_of_what_drains_wait_for_the_next_run() {
    let mut world = World::with_serving([app("web")]);
    world.ask(1, restart("web")).passes();
    world.ask(2, start("web")).gives("save");
    world.watched(1).passes();
    world.ask(3, reload("web")).gives("save");
    world.drained(1).passes();
    world.exited(1, code(0)).passes();
    world.launched(2).passes();
    world.listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by listening after 0ms
         note web/0#2 replaced, queue, took 0ms, pause 0ms
         release #1
         answer 1: web/0 online done (queue, took 0ms, pause 0ms)
         answer 2: web/0 online done (queue, took 0ms, pause 0ms)
         answer 3: web/0 online done (queue, took 0ms, pause 0ms)",
    );
    assert_eq!(world.launches(), 2);
}

#[test]
fn another_specification_restarts_what_listens_in_the_same_way() {
    let mut world = World::with_serving([app("web")]);
    let other = app("web").with_argument("v2");
    world.ask(1, apply([other])).gives(
        "save
         note web applied: 1
         note web/0#1 replacing: Queue
         watch #1, silent after 5s",
    );
}

#[test]
fn without_a_hand_over_a_restart_and_a_reload_are_plain() {
    let off = app("web").with_handover(Handover::Off);
    let mut world = World::with_serving([off.clone()]);
    world.ask(1, restart("web")).gives(
        "save
         SIGINT to tree #1
         note web/0#1 stopping: Restart",
    );
    let mut world = World::with_serving([off]);
    world.ask(1, reload("web")).gives(
        "save
         note web/0#1 replacing: Restart
         SIGINT to tree #1
         note web/0#1 stopping: Restart",
    );
    world.exited(1, code(0)).passes();
    world.launched(2).passes();
    world.due(1500).gives(
        "note web/0#2 ready by age after 500ms
         note web/0#2 replaced, restart, took 0ms, pause 0ms
         answer 1: web/0 online done (restart, took 0ms, pause 0ms)",
    );
}

#[test]
fn a_hand_over_that_is_turned_off_frees_the_port_before_the_next_run() {
    let mut world = World::with_serving([app("web")]);
    let off = app("web").with_handover(Handover::Off);
    world.ask(1, apply([off])).gives(
        "save
         steer web to nobody, not held
         note web applied: 1
         SIGINT to tree #1
         note web/0#1 stopping: Restart",
    );
}

#[test]
fn where_a_port_cannot_be_shared_a_reload_queues_and_says_why() {
    let mut world = World::with_serving([app("web")]);
    world.hindered(1, LackOf::Stranger).passes();
    world.ask(1, reload("web")).gives(
        "save
         note web/0#1 replacing: Queue
         watch #1, silent after 5s",
    );
    world.watched(1).passes();
    world.drained(1).passes();
    world.exited(1, code(0)).passes();
    world.launched(2).passes();
    world.listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by listening after 0ms
         note web/0#2 replaced, queue, took 0ms, pause 0ms, lacks Stranger
         release #1
         answer 1: web/0 online done (queue, took 0ms, pause 0ms, lacks Stranger)",
    );
}

#[test]
fn overlap_that_was_asked_for_and_cannot_be_had_is_a_queue_too() {
    let spec = app("web").with_handover(Handover::Overlap);
    let mut world = World::with_serving([spec]);
    world.hindered(1, LackOf::Selector).passes();
    world.ask(1, reload("web")).gives(
        "save
         note web/0#1 replacing: Queue
         watch #1, silent after 5s",
    );
}

#[test]
fn where_nobody_can_be_made_to_wait_a_reload_is_an_honest_restart() {
    let filter = || LackOf::Filter;
    let others = [
        LackOf::Unwanted,
        LackOf::Duplicate,
        LackOf::Privileged {
            file: "/usr/bin/node".into(),
        },
    ];
    for of in others {
        let mut world = World::with_serving([app("web")]);
        world.hindered(1, of).passes();
        world.ask(1, reload("web")).gives(
            "save
         steer web to nobody, held
         note web/0#1 replacing: Restart
         SIGINT to tree #1
         note web/0#1 stopping: Restart",
        );
    }
    let mut world = World::with_online([app("web").with_handover(Handover::Overlap)]);
    world.hindered(1, filter()).passes();
    world.ask(1, reload("web")).gives(
        "save
         note web/0#1 replacing: Restart
         SIGINT to tree #1
         note web/0#1 stopping: Restart",
    );
    world.at(1100).exited(1, code(0)).passes();
    world.launched(2).passes();
    world.due(1600).gives(
        "note web/0#2 ready by age after 500ms
         note web/0#2 replaced, restart, took 100ms, pause 0ms, lacks Filter
         answer 1: web/0 online done (restart, took 100ms, pause 0ms, lacks Filter)",
    );
}

#[test]
fn a_run_of_another_user_cannot_share_the_port() {
    let mut fleet = World::with_fleet(fleet::Fleet::new(0));
    fleet.ask(0, apply([app("web").with_user(33)])).passes();
    fleet.launched(1).passes();
    fleet.due(500).passes();
    fleet.listens(1, 3013).passes();
    let other = app("web").with_user(34);
    let request = crate::world::apply_to(protocol::request::Existing::Reload, [other]);
    fleet.ask(1, request).gives(
        "save
         note web applied: 1
         note web/0#1 replacing: Queue
         watch #1, silent after 5s",
    );
}

#[test]
fn a_run_that_dies_while_it_drains_for_a_restart_is_followed_at_once() {
    let mut world = World::with_serving([queueing().with_delay(5000)]);
    world.ask(1, reload("bot")).passes();
    world.watched(1).passes();
    world.at(1100).exited(1, code(1)).gives(
        "save
         note bot/0#1 stopped: Restart, exit code 1
         launch bot/0#2",
    );
}

#[test]
fn the_leader_of_a_run_that_drains_ends_and_the_rest_is_asked_to() {
    let mut world = World::with_serving([queueing()]);
    world.ask(1, reload("bot")).passes();
    world.watched(1).passes();
    world.at(1100).leader_exited(1, code(1)).gives(
        "retire #1 by SIGINT to tree, Adopt
         note bot/0#1 stopping: Restart",
    );
    world.due(2700).gives(
        "SIGKILL to tree #1
         note bot/0#1 killed after 1600ms",
    );
    world.exited(1, code(1)).gives(
        "save
         note bot/0#1 stopped: Restart, exit code 1
         launch bot/0#2",
    );
}

#[test]
fn a_queue_whose_next_run_dies_is_answered_with_its_death() {
    let mut world = World::with_serving([queueing().with_delay(100)]);
    world.ask(1, reload("bot")).passes();
    world.watched(1).passes();
    world.drained(1).passes();
    world.exited(1, code(0)).passes();
    world.at(1100).exited(2, code(1)).gives(
        "save
         note bot/0#2 died: exit code 1, lived 100ms, next in 100ms",
    );
    world
        .log_ended(2, &["broken"])
        .gives("answer 1: bot/0 waiting restart died (exit code 1 after 100ms [broken])");
    world.due(1200).passes();
    world.launched(3).passes();
    world.at(1300).listens(3, 3013).gives(
        "steer bot to #3, held
         note bot/0#3 listens at 0.0.0.0:3013
         note bot/0#3 ready by listening after 100ms
         release #1",
    );
}

#[test]
fn a_next_run_that_does_not_listen_in_time_is_no_death() {
    let mut world = World::with_serving([queueing()]);
    world.ask(1, reload("bot")).passes();
    world.watched(1).passes();
    world.drained(1).passes();
    world.exited(1, code(0)).passes();
    world.at(1100).launched(2).passes();
    world.due(1600).gives(
        "steer bot to #2, held
         note bot/0#2 ready by age after 600ms
         note bot/0#2 replaced, queue, took 0ms, pause 600ms
         answer 1: bot/0 online done (queue, took 0ms, pause 600ms)",
    );
    world.at(2000).listens(2, 3013).gives(
        "note bot/0#2 listens at 0.0.0.0:3013
         release #1",
    );
}

#[test]
fn while_another_instance_serves_the_port_nobody_waits() {
    let spec = queueing().with_instances(2);
    let mut world = World::with_serving([spec]);
    world.ask(1, reload("bot")).gives(
        "save
         note bot/0#1 replacing: Queue
         watch #1, silent after 5s",
    );
    world.watched(1).gives(
        "steer bot to #2, held
         drain #1 of requests",
    );
    world.at(1100).drained(1).passes();
    world.at(1200).exited(1, code(0)).passes();
    world.launched(3).passes();
    world.at(1300).listens(3, 3013).gives(
        "steer bot to #3 #2, held
         note bot/0#3 listens at 0.0.0.0:3013
         note bot/0#3 ready by listening after 100ms
         note bot/0#3 replaced, queue, took 200ms, pause 0ms
         note bot/1#2 replacing: Queue
         watch #2, silent after 5s
         release #1",
    );
}

#[test]
fn instances_with_ports_of_their_own_are_waited_for_each() {
    let mut world = World::with_online([queueing().with_instances(2)]);
    world.listens(1, 3013).passes();
    world.listens(2, 3014).passes();
    world.ask(1, reload("0")).passes();
    world.watched(1).passes();
    world.at(1100).drained(1).passes();
    world.at(1200).exited(1, code(0)).passes();
    world.launched(3).passes();
    world.at(1300).listens(3, 3013).gives(
        "steer bot to #3 #2, held
         note bot/0#3 listens at 0.0.0.0:3013
         note bot/0#3 ready by listening after 100ms
         note bot/0#3 replaced, queue, took 200ms, pause 300ms
         release #1
         answer 1: bot/0 online done (queue, took 200ms, pause 300ms)",
    );
}
