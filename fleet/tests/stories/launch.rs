//! Launches that fail or take too long.

use config::Signal;
use protocol::view::StateView;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, by, start, stop};

#[test]
fn a_launch_that_fails_is_a_death_and_is_answered_with_the_last_lines() {
    let mut world = World::new();
    world.ask(1, apply([app("web").with_delay(100)])).passes();
    world.at(5).launch_failed(1).gives(
        "save
         note web/0#1 not launched: Exec
         note web/0#1 died: Exec, lived 5ms, next in 100ms",
    );
    assert_eq!(world.state(0), StateView::WaitingRestart);
    world
        .at(6)
        .log_ended(1, &["no such file"])
        .gives("answer 1: web/0 waiting restart died (Exec after 5ms [no such file])");
    world.due(105).gives("save; launch web/0#2");
}

#[test]
fn launches_that_fail_again_and_again_end_in_errored() {
    let mut world = World::new();
    world
        .ask(1, apply([app("web").with_max_restarts(2)]))
        .passes();
    world.launch_failed(1).passes();
    world.launch_failed(2).gives(
        "save
         note web/0#2 not launched: Exec
         note web/0#2 died: Exec, lived 0ms, no next
         note web/0#2 errored: 2",
    );
}

#[test]
fn a_launch_that_fails_slowly_is_an_early_death_too() {
    let mut world = World::new();
    world
        .ask(1, apply([app("web").with_max_restarts(1)]))
        .passes();
    world.at(3000).launch_failed(1).gives(
        "save
         note web/0#1 not launched: Exec
         note web/0#1 died: Exec, lived 3s, no next
         note web/0#1 errored: 1",
    );
}

#[test]
fn a_job_that_cannot_be_launched_is_errored() {
    let mut world = World::new();
    world
        .ask(1, apply([app("job").without_autorestart()]))
        .passes();
    world.launch_failed(1).gives(
        "save
         note job/0#1 not launched: Exec
         note job/0#1 died: Exec, lived 0ms, no next
         note job/0#1 errored: 1",
    );
    world
        .log_ended(1, &[])
        .gives("answer 1: job/0 errored died (Exec after 0ms [])");
}

#[test]
fn a_launch_that_takes_more_than_ten_seconds_is_ended() {
    let mut world = World::new();
    world.ask(1, apply([app("web")])).passes();
    world
        .due(10_000)
        .gives("SIGINT to tree #1; note web/0#1 stopping: NotReady");
    world
        .due(11_600)
        .gives("SIGKILL to tree #1; note web/0#1 killed after 1600ms");
    world.at(11_601).launch_failed(1).gives(
        "save
         note web/0#1 not launched: Exec
         note web/0#1 died: not ready within 10s, lived 11601ms, next in 0ms
         launch web/0#2",
    );
}

#[test]
fn a_launch_that_was_late_and_came_is_ended_all_the_same() {
    let mut world = World::new();
    world.ask(1, apply([app("web")])).passes();
    world.due(10_000).passes();
    world
        .at(10_001)
        .launched(1)
        .gives("note web/0#1 has pid 1001");
    world.due(11_600).passes();
    world.exited(1, by(Signal::KILL)).gives(
        "save
         note web/0#1 died: not ready within 10s, lived 11600ms, next in 0ms
         launch web/0#2",
    );
}

#[test]
fn a_launch_that_fails_after_a_stop_is_no_death() {
    let mut world = World::new();
    world.ask(1, apply([app("web")])).passes();
    world.ask(2, stop("web")).passes();
    world.launch_failed(1).gives(
        "note web/0#1 not launched: Exec
         answer 2: web/0 stopped done",
    );
}

#[test]
fn a_launch_that_fails_after_a_stop_and_a_start_is_tried_again() {
    let mut world = World::new();
    world.ask(1, apply([app("web")])).passes();
    world.ask(2, stop("web")).passes();
    world.ask(3, start("web")).passes();
    world.launch_failed(1).gives(
        "save
         note web/0#1 not launched: Exec
         launch web/0#2",
    );
}

#[test]
fn a_run_may_end_before_its_launch_is_known() {
    let mut world = World::new();
    world.ask(1, apply([app("web").with_delay(100)])).passes();
    world.at(4).exited(1, crate::world::code(1)).gives(
        "save
         note web/0#1 died: exit code 1, lived 4ms, next in 100ms",
    );
    world.launched(1).gives("");
    assert_eq!(world.view(0).pid, None);
}
