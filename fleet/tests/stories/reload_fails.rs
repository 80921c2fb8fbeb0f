//! A hand-over in which one of the two runs dies, or the new one is not what was hoped for.

use protocol::notice::ReadyBy;
use protocol::view::StateView;
use protocol::{CheckFailure, RunId};

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply_to, code, reload, start};

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
fn ending(spec: config::AppSpec) -> World {
    let mut world = World::with_serving([spec]);
    world.ask(1, reload("web")).passes();
    world.at(1010).launched(2).passes();
    world.at(1200).listens(2, 3013).passes();
    world.at(1300).drained(1).passes();
    world
}

#[test]
fn a_successor_that_cannot_be_launched_leaves_the_old_run_as_it_was() {
    let mut world = World::with_serving([app("web")]);
    world.ask(1, reload("web")).passes();
    world.at(1010).launch_failed(2).gives(
        "note web/0#2 not launched: Exec
         note web/0#1 kept: Exec",
    );
    world
        .log_ended(2, &[])
        .gives("answer 1: web/0 online kept (Exec after 10ms [])");
    let view = world.view(0);
    assert_eq!((view.restarts, view.unstable.0, view.failures), (0, 0, 0));
    assert_eq!(world.fleet.deadline(), None);
}

#[test]
fn a_successor_that_dies_at_start_leaves_the_old_run_and_its_last_words_are_told() {
    let mut world = starting();
    world
        .at(1100)
        .exited(2, code(1))
        .gives("note web/0#1 kept: exit code 1");
    world
        .log_ended(2, &["port is taken"])
        .gives("answer 1: web/0 online kept (exit code 1 after 100ms [port is taken])");
    let death = world.view(0).last_death.expect("it is remembered");
    assert_eq!(death.last_lines, ["port is taken"]);
}

#[test]
fn a_successor_that_does_not_listen_in_time_is_stopped_and_the_old_run_serves_on() {
    let mut world = starting();
    world.listens(2, 3014).passes();
    world.due(4010).gives(
        "SIGINT to tree #2
         note web/0#2 stopping: NotReady",
    );
    world
        .at(4020)
        .listens(2, 3013)
        .gives("note web/0#2 listens at 0.0.0.0:3013");
    assert_eq!(world.view(0).run, Some(RunId(1)));
    world.due(5610).gives(
        "SIGKILL to tree #2
         note web/0#2 killed after 1600ms",
    );
    world.exited(2, code(0)).gives(
        "note web/0#1 kept: not listening at [0.0.0.0:3013] within 3s
         release #2",
    );
    world.log_ended(2, &["on 3014"]).gives(
        "answer 1: web/0 online kept \
           (not listening at [0.0.0.0:3013] within 3s after 4610ms [on 3014])",
    );
}

#[test]
fn a_successor_of_another_specification_that_listens_nowhere_is_late() {
    let mut world = World::with_serving([app("web")]);
    let other = app("web").with_argument("v2");
    let request = apply_to(protocol::request::Existing::Reload, [other]);
    world.ask(1, request).passes();
    world.launched(2).passes();
    world.due(4000).passes();
    world
        .exited(2, code(0))
        .gives("note web/0#1 kept: not listening at [] within 3s");
}

#[test]
fn a_successor_that_listens_and_does_not_say_so_in_time_is_late() {
    let mut world = World::with_serving([app("web").with_wait_ready()]);
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    world.listens(2, 3013).passes();
    world.due(4000).gives(
        "SIGINT to tree #2
         note web/0#2 stopping: NotReady",
    );
    world.exited(2, code(0)).gives(
        "note web/0#1 kept: not ready within 3s
         release #2",
    );
}

#[test]
fn a_successor_that_is_not_launched_in_time_is_late() {
    let mut world = World::with_serving([app("web")]);
    world.ask(1, reload("web")).passes();
    world.due(11_000).gives(
        "SIGINT to tree #2
         note web/0#2 stopping: NotReady",
    );
    world.launch_failed(2).gives(
        "note web/0#2 not launched: Exec
         note web/0#1 kept: not ready within 10s",
    );
}

#[test]
fn a_successor_that_does_not_pass_its_check_never_reaches_a_client() {
    let mut world = World::with_serving([app("web").with_check("/health")]);
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    world.at(1200).listens(2, 3013).passes();
    world.checked(2, Err(CheckFailure::Status(500))).gives(
        "SIGINT to tree #2
         note web/0#2 stopping: NotReady",
    );
    world.exited(2, code(0)).gives(
        "note web/0#1 kept: check of /health: Status(500)
         release #2",
    );
    world
        .log_ended(2, &["oops"])
        .gives("answer 1: web/0 online kept (check of /health: Status(500) after 200ms [oops])");
}

#[test]
fn a_check_that_is_not_answered_in_time_has_failed() {
    let mut world = World::with_serving([app("web").with_check("/health")]);
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    world.at(1200).listens(2, 3013).passes();
    world.due(4000).gives(
        "SIGINT to tree #2
         note web/0#2 stopping: NotReady",
    );
    world.checked(2, Ok(())).gives("");
    world.exited(2, code(0)).gives(
        "note web/0#1 kept: check of /health: Late(Span(3000))
         release #2",
    );
}

#[test]
fn a_successor_that_dies_under_its_check_leaves_the_old_run() {
    let mut world = World::with_serving([app("web").with_check("/health")]);
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    world.at(1200).listens(2, 3013).passes();
    world.exited(2, code(7)).gives(
        "note web/0#1 kept: exit code 7
         release #2",
    );
    world
        .checked(2, Err(CheckFailure::Ended(code(7))))
        .gives("");
}

#[test]
fn what_a_dead_successor_left_behind_is_ended_while_the_old_run_serves() {
    let mut world = starting();
    world.at(1100).leader_exited(2, code(1)).gives(
        "SIGINT to tree #2
         note web/0#2 stopping: LeaderGone",
    );
    world.due(2700).gives(
        "SIGKILL to tree #2
         note web/0#2 killed after 1600ms",
    );
    world
        .exited(2, code(1))
        .gives("note web/0#1 kept: exit code 1");
}

#[test]
fn the_old_run_comes_back_when_its_successor_dies_while_it_drains() {
    let mut world = draining();
    world.at(1250).exited(2, code(1)).gives(
        "steer web to #1, held
         serve #1
         note web/0#1 kept: exit code 1
         release #2",
    );
    world
        .log_ended(2, &["no memory"])
        .gives("answer 1: web/0 online kept (exit code 1 after 250ms [no memory])");
    world.drained(1).gives("");
    assert_eq!(world.view(0).restarts, 0);
    assert_eq!(world.fleet.deadline(), None);
}

#[test]
fn the_old_run_comes_back_when_the_leader_of_its_successor_ends() {
    let mut world = draining();
    world.at(1250).leader_exited(2, code(1)).gives(
        "steer web to #1, held
         SIGINT to tree #2
         note web/0#2 stopping: LeaderGone
         serve #1",
    );
    world.at(1300).exited(2, code(1)).gives(
        "note web/0#1 kept: exit code 1
         release #2",
    );
}

#[test]
fn a_successor_that_dies_when_there_is_no_way_back_is_started_again_when_the_old_run_is_gone() {
    let mut world = ending(app("web").with_delay(1000));
    world.at(1400).exited(2, code(1)).gives(
        "save
         steer web to nobody, held
         note web/0#2 died: exit code 1, lived 400ms, next in 1s",
    );
    assert_eq!(world.state(0), StateView::Stopping);
    world
        .log_ended(2, &["too bad"])
        .gives("answer 1: web/0 stopping died (exit code 1 after 400ms [too bad])");
    world.at(1500).exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0",
    );
    assert_eq!(world.state(0), StateView::WaitingRestart);
    world.due(2400).gives(
        "save
         launch web/0#3",
    );
    world.launched(3).passes();
    world.at(2500).listens(3, 3013).gives(
        "steer web to #3, held
         note web/0#3 listens at 0.0.0.0:3013
         note web/0#3 ready by listening after 100ms
         release #2
         release #1",
    );
}

#[test]
fn a_successor_that_died_too_often_is_errored_before_the_old_run_is_gone() {
    let mut world = ending(app("web").with_max_restarts(0));
    world.at(1400).exited(2, code(1)).gives(
        "save
         steer web to nobody, not held
         note web/0#2 died: exit code 1, lived 400ms, no next
         note web/0#2 errored: 1",
    );
    world.at(1500).exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0",
    );
    assert_eq!(world.state(0), StateView::Errored);
}

#[test]
fn a_start_while_a_dead_successors_old_run_ends_launches_when_that_is_gone() {
    let mut world = ending(app("web").with_delay(9000));
    world.at(1400).exited(2, code(1)).passes();
    world.ask(2, start("web")).gives("save");
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Restart, exit code 0
         launch web/0#3",
    );
}

#[test]
fn the_leaders_of_both_end_one_after_the_other() {
    let mut world = ending(app("web"));
    world.at(1400).leader_exited(2, code(1)).gives(
        "steer web to nobody, held
         SIGINT to tree #2
         note web/0#2 stopping: LeaderGone",
    );
    world
        .at(1500)
        .exited(1, code(0))
        .gives("note web/0#1 stopped: Replaced, exit code 0");
    world.at(1600).exited(2, code(1)).gives(
        "save
         note web/0#2 died: exit code 1, lived 400ms, next in 0ms
         launch web/0#3",
    );
}

#[test]
fn an_old_run_that_dies_while_its_successor_starts_is_followed_by_it() {
    let mut world = starting();
    world.at(1100).exited(1, code(1)).gives(
        "save
         steer web to nobody, held
         note web/0#1 died: exit code 1, lived 1100ms, next in 0ms",
    );
    assert_eq!(world.state(0), StateView::Launching);
    world.at(1200).listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by listening after 200ms
         release #1
         answer 1: web/0 online done",
    );
    let view = world.view(0);
    assert_eq!((view.restarts, view.failures), (1, 0));
}

#[test]
fn with_the_old_run_goes_all_that_was_asked_of_its_successor_only() {
    let mut world = starting();
    world.at(1100).exited(1, code(1)).passes();
    world.due(1600).gives(
        "steer web to #2, held
         note web/0#2 ready by age after 600ms
         answer 1: web/0 online done",
    );

    let mut world = World::with_serving([app("web").with_check("/")]);
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    world.listens(2, 3013).passes();
    world.exited(1, code(1)).gives(
        "save
         steer web to #2, held
         note web/0#1 died: exit code 1, lived 1s, next in 0ms
         note web/0#2 ready by listening after 0ms
         release #1
         answer 1: web/0 online done",
    );
    world.checked(2, Err(CheckFailure::NotHttp)).gives("");
}

#[test]
fn an_old_run_that_dies_while_its_successor_is_launched_is_followed_by_it() {
    let mut world = World::with_serving([app("web")]);
    world.ask(1, reload("web")).passes();
    world.at(1005).exited(1, code(1)).gives(
        "save
         steer web to nobody, held
         note web/0#1 died: exit code 1, lived 1005ms, next in 0ms",
    );
    world
        .at(1010)
        .launched(2)
        .gives("note web/0#2 has pid 1002");
    world.due(1510).gives(
        "steer web to #2, held
         note web/0#2 ready by age after 510ms
         answer 1: web/0 online done",
    );
}

#[test]
fn a_successor_that_had_spoken_is_ready_when_the_old_run_dies() {
    let mut world = starting();
    world.ready(2, ReadyBy::Channel).gives("");
    world.at(1100).exited(1, code(1)).gives(
        "save
         steer web to #2, held
         note web/0#1 died: exit code 1, lived 1100ms, next in 0ms
         note web/0#2 ready by channel after 100ms
         answer 1: web/0 online done",
    );
}

#[test]
fn when_both_die_the_next_one_is_launched() {
    let mut world = starting();
    world.at(1100).exited(1, code(1)).passes();
    world.at(1110).exited(2, code(2)).gives(
        "save
         note web/0#2 died: exit code 2, lived 110ms, next in 0ms
         launch web/0#3",
    );
    world
        .log_ended(2, &["me too"])
        .gives("answer 1: web/0 launching died (exit code 2 after 110ms [me too])");
}

#[test]
fn an_old_run_whose_leader_ends_serves_no_more() {
    let mut world = starting();
    world.at(1100).leader_exited(1, code(1)).gives(
        "steer web to nobody, held
         SIGINT to tree #1
         note web/0#1 stopping: LeaderGone",
    );
    world.at(1150).listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by listening after 150ms",
    );
    world.at(1200).exited(1, code(1)).gives(
        "save
         note web/0#1 died: exit code 1, lived 1100ms, next in 0ms
         release #1
         answer 1: web/0 online done",
    );
}

#[test]
fn when_the_leader_of_the_old_run_ends_and_the_successor_dies_both_deaths_count() {
    let mut world = starting();
    world.at(1100).leader_exited(1, code(1)).passes();
    world.at(1150).exited(2, code(2)).gives(
        "save
         note web/0#2 died: exit code 2, lived 150ms, next in 0ms",
    );
    world.at(1200).exited(1, code(1)).gives(
        "save
         note web/0#1 died: exit code 1, lived 1100ms, next in 0ms
         launch web/0#3",
    );
}

#[test]
fn a_successor_that_is_being_ended_for_being_late_is_a_death_when_the_old_run_dies_too() {
    let mut world = starting();
    world.due(4010).passes();
    world.at(4100).exited(1, code(1)).gives(
        "save
         steer web to nobody, held
         note web/0#1 died: exit code 1, lived 4100ms, next in 0ms",
    );
    world.at(4200).exited(2, code(0)).gives(
        "save
         note web/0#2 died: not listening at [0.0.0.0:3013] within 3s, lived 3200ms, next in 0ms
         launch web/0#3",
    );
}

#[test]
fn an_old_run_that_dies_while_it_drains_has_been_replaced() {
    let mut world = draining();
    world.at(1250).exited(1, code(3)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 3
         note web/0#2 replaced, overlap, took 250ms, pause 0ms
         release #1
         answer 1: web/0 online done (overlap, took 250ms, pause 0ms)",
    );
}

#[test]
fn an_old_run_whose_leader_ends_while_it_drains_is_retired() {
    let mut world = draining();
    world.at(1250).leader_exited(1, code(0)).gives(
        "retire #1 by SIGINT to tree, Adopt
         note web/0#1 stopping: Replaced",
    );
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0
         note web/0#2 replaced, overlap, took 250ms, pause 0ms
         release #1
         answer 1: web/0 online done (overlap, took 250ms, pause 0ms)",
    );
}

#[test]
fn a_job_that_ends_while_its_successor_starts_has_finished_and_is_followed() {
    let mut world = World::with_serving([app("web").without_autorestart()]);
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    world.at(1100).exited(1, code(0)).gives(
        "save
         steer web to nobody, held
         note web/0#1 finished: exit code 0",
    );
    world.listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by listening after 100ms
         release #1
         answer 1: web/0 online done",
    );
}

#[test]
fn a_reload_after_one_that_failed_tries_again() {
    let mut world = starting();
    world.at(1100).exited(2, code(1)).passes();
    world.log_ended(2, &[]).passes();
    world.ask(2, reload("web")).gives(
        "save
         note web/0#1 replacing: Overlap
         launch web/0#3",
    );
    world.launched(3).passes();
    world.at(1300).listens(3, 3013).passes();
    world.drained(1).passes();
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0
         note web/0#3 replaced, overlap, took 200ms, pause 0ms
         release #1
         answer 2: web/0 online done (overlap, took 200ms, pause 0ms)",
    );
    assert_eq!(world.view(0).last_death, None);
}

#[test]
fn a_job_whose_successor_has_finished_is_not_started_again_by_its_own_death() {
    let spec = app("web").with_stop_codes(&[0]);
    let mut world = World::with_serving([spec]);
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    world.at(1100).leader_exited(1, code(1)).passes();
    world.at(1200).exited(2, code(0)).gives(
        "save
         steer web to nobody, not held
         note web/0#2 finished: exit code 0",
    );
    world.at(1300).exited(1, code(1)).gives(
        "save
         note web/0#1 died: exit code 1, lived 1100ms, no next",
    );
    assert_eq!(world.state(0), StateView::Stopped);
}
