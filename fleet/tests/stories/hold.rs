//! Who gets new connections, and how long those wait for whom nobody is there.

use config::Span;
use config::handover::Handover;
use protocol::notice::ReadyBy;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, code, delete, start, stop};

#[test]
fn of_an_app_that_does_not_listen_nothing_is_said() {
    let mut world = World::with_online([app("bot")]);
    world.exited(1, code(1)).gives(
        "save
         note bot/0#1 died: exit code 1, lived 1s, next in 0ms
         launch bot/0#2",
    );
}

#[test]
fn a_run_that_listens_before_it_is_ready_is_spoken_of_when_it_is() {
    let mut world = World::new();
    world.ask(1, apply([app("web")])).passes();
    world.launched(1).passes();
    world
        .at(100)
        .listens(1, 3013)
        .gives("note web/0#1 listens at 0.0.0.0:3013");
    world.due(500).gives(
        "steer web to #1, held
         note web/0#1 ready by age after 500ms
         answer 1: web/0 online done",
    );
}

#[test]
fn an_instance_gets_its_share_when_it_is_ready() {
    let mut world = World::new();
    world.ask(1, apply([app("web").with_instances(2)])).passes();
    for run in [1, 2] {
        world.launched(run).passes();
        world.at(100 * run).listens(run, 3013).passes();
    }
    world.ready(2, ReadyBy::Channel).gives(
        "steer web to #2, held
         note web/1#2 ready by channel after 200ms",
    );
    world.due(500).gives(
        "steer web to #1 #2, held
         note web/0#1 ready by age after 500ms
         answer 1: web/0 online done, web/1 online done",
    );
}

#[test]
fn after_a_crash_those_who_connect_wait_for_the_next_run() {
    let mut world = World::with_serving([app("web")]);
    world.at(2000).exited(1, code(1)).gives(
        "save
         steer web to nobody, held
         note web/0#1 died: exit code 1, lived 2s, next in 0ms
         launch web/0#2",
    );
    world.launched(2).passes();
    world.at(2100).listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by listening after 100ms
         release #1",
    );
    assert_eq!(world.fleet.deadline(), None);
}

#[test]
fn what_a_dead_leader_left_behind_gets_no_new_connections() {
    let mut world = World::with_serving([app("web")]);
    world.at(2000).leader_exited(1, code(1)).gives(
        "steer web to nobody, held
         SIGINT to tree #1
         note web/0#1 stopping: LeaderGone",
    );
    world.at(2100).exited(1, code(1)).gives(
        "save
         note web/0#1 died: exit code 1, lived 2s, next in 0ms
         launch web/0#2",
    );
}

#[test]
fn they_wait_no_longer_than_they_may_and_again_after_the_next_good_run() {
    let mut world = World::with_serving([app("web").with_delay(40_000)]);
    world.at(2000).exited(1, code(1)).gives(
        "save
         steer web to nobody, held
         note web/0#1 died: exit code 1, lived 2s, next in 40s",
    );
    world.due(32_000).gives("steer web to nobody, not held");
    world.due(42_000).gives(
        "save
         launch web/0#2",
    );
    world.launched(2).passes();
    world.at(42_100).listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by listening after 100ms",
    );
    world.at(50_000).exited(2, code(1)).gives(
        "save
         steer web to nobody, held
         note web/0#2 died: exit code 1, lived 8s, next in 40s",
    );
}

#[test]
fn the_time_to_wait_counts_from_the_first_death() {
    let mut world = World::with_serving([app("web").with_delay(20_000)]);
    world.at(2000).exited(1, code(1)).passes();
    world.due(22_000).passes();
    world.launched(2).passes();
    world.at(22_100).exited(2, code(1)).gives(
        "save
         note web/0#2 died: exit code 1, lived 100ms, next in 20s",
    );
    world.due(32_000).gives("steer web to nobody, not held");
}

#[test]
fn of_a_time_of_nothing_nobody_waits() {
    let spec = app("web").with(|spec| spec.handover.hold_timeout = Span::ZERO);
    let mut world = World::with_serving([spec.with_delay(1000)]);
    world.at(2000).exited(1, code(1)).gives(
        "save
         steer web to nobody, held
         note web/0#1 died: exit code 1, lived 2s, next in 1s
         steer web to nobody, not held",
    );
}

#[test]
fn a_run_that_comes_up_and_does_not_listen_is_waited_for_so_long_and_no_longer() {
    let mut world = World::with_serving([app("web")]);
    world.at(2000).exited(1, code(1)).passes();
    world.launched(2).passes();
    world.due(2500).gives(
        "steer web to #2, held
         note web/0#2 ready by age after 500ms",
    );
    world.due(32_000).gives("steer web to #2, not held");
    assert_eq!(world.fleet.deadline(), None);
    world.at(40_000).listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013",
    );
}

#[test]
fn what_is_stopped_refuses_at_once_and_takes_part_again_when_it_is_started() {
    let mut world = World::with_serving([app("web")]);
    world.ask(1, stop("web")).gives(
        "save
         steer web to nobody, not held
         SIGINT to tree #1
         note web/0#1 stopping: Operator",
    );
    world.exited(1, code(0)).gives(
        "note web/0#1 stopped: Operator, exit code 0
         answer 1: web/0 stopped done",
    );
    world.at(9000).ask(2, start("web")).gives(
        "save
         steer web to nobody, held
         launch web/0#2",
    );
    world.launched(2).passes();
    world.at(9100).listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by listening after 100ms
         answer 2: web/0 online done",
    );
}

#[test]
fn what_is_errored_refuses_at_once() {
    let mut world = World::with_serving([app("web").with_max_restarts(0)]);
    world.exited(1, code(1)).gives(
        "save
         steer web to nobody, not held
         note web/0#1 died: exit code 1, lived 1s, no next
         note web/0#1 errored: 1",
    );
}

#[test]
fn a_job_that_has_ended_refuses_at_once() {
    let mut world = World::with_serving([app("web").without_autorestart()]);
    world.exited(1, code(0)).gives(
        "save
         steer web to nobody, not held
         note web/0#1 finished: exit code 0",
    );
}

#[test]
fn what_is_deleted_refuses_at_once() {
    let mut world = World::with_serving([app("web")]);
    world.ask(1, delete("web")).gives(
        "save
         steer web to nobody, not held
         SIGINT to tree #1
         note web/0#1 stopping: Operator",
    );
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Operator, exit code 0
         note web deleted
         answer 1: web/0 stopped done",
    );
}

#[test]
fn all_refuse_when_the_daemon_ends() {
    let mut world = World::with_serving([app("web"), app("api")]);
    world.shut_down().gives(
        "save
         steer api to nobody, not held
         steer web to nobody, not held
         note ending by Some((SIGTERM, Pid(77)))
         SIGINT to tree #1
         note api/0#1 stopping: ShutDown
         SIGINT to tree #2
         note web/0#2 stopping: ShutDown",
    );
}

#[test]
fn the_listeners_of_an_instance_that_is_stopped_are_given_up_while_others_serve() {
    let mut world = World::with_serving([app("web").with_instances(2)]);
    world.ask(1, stop("1")).gives(
        "save
         steer web to #1, held
         SIGINT to tree #2
         note web/1#2 stopping: Operator",
    );
    world.exited(2, code(0)).gives(
        "note web/1#2 stopped: Operator, exit code 0
         release #2
         answer 1: web/1 stopped done",
    );
}

#[test]
fn of_several_instances_one_that_is_dead_is_waited_for_while_the_others_serve() {
    let spec = app("web").with_instances(2).with_delay(40_000);
    let mut world = World::with_serving([spec]);
    world.at(2000).exited(2, code(1)).gives(
        "save
         steer web to #1, held
         note web/1#2 died: exit code 1, lived 2s, next in 40s",
    );
    world.due(32_000).gives("release #2");
}

#[test]
fn of_an_app_that_hands_nothing_over_nothing_is_said() {
    let mut world = World::with_online([app("web").with_handover(Handover::Off)]);
    world
        .listens(1, 3013)
        .gives("note web/0#1 listens at 0.0.0.0:3013");
    world.exited(1, code(1)).gives(
        "save
         note web/0#1 died: exit code 1, lived 1s, next in 0ms
         launch web/0#2",
    );
}

#[test]
fn a_next_run_is_ready_when_it_listens_where_the_last_one_did() {
    let mut world = World::with_serving([app("web")]);
    world.listens(1, 9090).passes();
    world.at(2000).exited(1, code(1)).passes();
    world.launched(2).passes();
    world
        .at(2100)
        .listens(2, 3013)
        .gives("note web/0#2 listens at 0.0.0.0:3013");
    world.at(2200).listens(2, 9090).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:9090
         note web/0#2 ready by listening after 200ms
         release #1",
    );
}

#[test]
fn a_next_run_that_has_to_say_so_is_not_ready_by_listening() {
    let mut world = World::with_serving([app("web").with_wait_ready()]);
    world.at(2000).exited(1, code(1)).passes();
    world.launched(2).passes();
    world
        .at(2100)
        .listens(2, 3013)
        .gives("note web/0#2 listens at 0.0.0.0:3013");
    world.at(2200).ready(2, ReadyBy::Channel).gives(
        "steer web to #2, held
         note web/0#2 ready by channel after 200ms
         release #1",
    );
}

#[test]
fn each_gap_after_a_run_that_served_some_clients_is_waited_for_anew() {
    let mut world = World::with_serving([app("web").with_delay(40_000)]);
    world.listens(1, 9090).passes();
    world.at(2000).exited(1, code(1)).passes();
    world.due(32_000).gives("steer web to nobody, not held");
    world.due(42_000).passes();
    world.launched(2).passes();
    world.listens(2, 3013).passes();
    world.due(42_500).gives(
        "steer web to #2, held
         note web/0#2 ready by age after 500ms",
    );
    world.at(50_000).exited(2, code(1)).gives(
        "save
         steer web to nobody, held
         note web/0#2 died: exit code 1, lived 8s, next in 40s",
    );
    world.due(80_000).gives("steer web to nobody, not held");
}
