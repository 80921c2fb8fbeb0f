//! A leader that is gone while what it had started lives on.

use config::Signal;
use protocol::view::StateView;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, by, code, restart, stop};

#[test]
fn what_a_crashed_leader_left_behind_is_asked_to_end_before_the_next_run() {
    let mut world = World::with_online([app("web").with_delay(100)]);
    world
        .leader_exited(1, code(1))
        .gives("SIGINT to tree #1; note web/0#1 stopping: LeaderGone");
    assert_eq!(world.state(0), StateView::Stopping);
    world.at(1200).exited(1, code(1)).gives(
        "save
         note web/0#1 died: exit code 1, lived 1s, next in 100ms",
    );
    world.due(1300).gives("save; launch web/0#2");
}

#[test]
fn what_a_leader_left_behind_and_does_not_heed_the_signal_is_killed() {
    let mut world = World::with_online([app("web")]);
    world.leader_exited(1, code(1)).passes();
    world
        .due(2600)
        .gives("SIGKILL to tree #1; note web/0#1 killed after 1600ms");
    world.due(3600).gives("SIGKILL to tree #1");
    world.exited(1, code(1)).gives(
        "save
         note web/0#1 died: exit code 1, lived 1s, next in 0ms
         launch web/0#2",
    );
}

#[test]
fn a_crash_is_early_however_long_what_it_left_behind_takes_to_end() {
    let mut world = World::new();
    world
        .ask(1, apply([app("web").with_max_restarts(1)]))
        .passes();
    world.launched(1).passes();
    world.at(100).leader_exited(1, code(7)).passes();
    world.at(1650).exited(1, code(7)).gives(
        "save
         note web/0#1 died: exit code 7, lived 100ms, no next
         note web/0#1 errored: 1",
    );
}

#[test]
fn a_leader_that_ends_while_stopping_leaves_the_rest_its_time() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, stop("web")).passes();
    world.at(1100).leader_exited(1, code(0)).gives("");
    world
        .due(2600)
        .gives("SIGKILL to tree #1; note web/0#1 killed after 1600ms");
    world.exited(1, code(0)).gives(
        "note web/0#1 stopped: Operator, exit code 0
         answer 1: web/0 stopped done",
    );
}

#[test]
fn a_leader_that_ends_after_the_kill_has_the_rest_killed_at_once() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, stop("web")).passes();
    world.due(2600).passes();
    world
        .at(2601)
        .leader_exited(1, by(Signal::KILL))
        .gives("SIGKILL to tree #1");
}

#[test]
fn a_stop_of_what_a_crashed_leader_left_behind_is_no_death() {
    let mut world = World::with_online([app("web")]);
    world.leader_exited(1, code(1)).passes();
    world.ask(1, stop("web")).gives("save");
    world.exited(1, code(1)).gives(
        "note web/0#1 stopped: Operator, exit code 1
         answer 1: web/0 stopped done",
    );
}

#[test]
fn a_restart_of_what_a_crashed_leader_left_behind_is_no_death() {
    let mut world = World::with_online([app("web").with_delay(5000)]);
    world.leader_exited(1, code(1)).passes();
    world.ask(1, restart("web")).gives("save");
    world.exited(1, code(1)).gives(
        "save
         note web/0#1 stopped: Restart, exit code 1
         launch web/0#2",
    );
}

#[test]
fn a_job_whose_leader_is_gone_has_finished_when_its_children_have() {
    let mut world = World::with_online([app("job").without_autorestart()]);
    world.leader_exited(1, code(0)).passes();
    world
        .exited(1, code(0))
        .gives("save; note job/0#1 finished: exit code 0");
    assert_eq!(world.state(0), StateView::Stopped);
}
