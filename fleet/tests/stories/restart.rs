//! Stopping what runs and starting it again, because somebody asked.

use config::Signal;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, by, code, restart, start, stop};

#[test]
fn a_restart_stops_then_starts_and_is_answered_when_the_new_run_is_ready() {
    let mut world = World::with_online([app("web").with_delay(5000)]);
    world
        .ask(1, restart("web"))
        .gives("save; SIGINT to tree #1; note web/0#1 stopping: Restart");
    world.at(1200).exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Restart, exit code 0
         launch web/0#2",
    );
    world.at(1203).launched(2).passes();
    world
        .due(1703)
        .gives("note web/0#2 ready by age after 503ms; answer 1: web/0 online done");
}

#[test]
fn a_restart_counts_as_a_restart_and_not_as_a_death() {
    let mut world = World::with_online([app("web").with_max_restarts(1)]);
    for run in 1..=5 {
        world.ask(run, restart("web")).passes();
        world.exited(run, code(1)).passes();
        world.launched(run + 1).passes();
    }
    let view = world.view(0);
    assert_eq!(
        (view.restarts, view.unstable, view.failures),
        (5, (0, 1), 0)
    );
    assert_eq!(view.last_death, None);
}

#[test]
fn a_restart_of_what_is_down_starts_it() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, stop("web")).passes();
    world.exited(1, code(0)).passes();
    world.ask(2, restart("web")).gives("save; launch web/0#2");
}

#[test]
fn a_restart_of_what_waits_launches_it_at_once() {
    let mut world = World::with_online([app("web").with_delay(5000)]);
    world.exited(1, code(1)).passes();
    world
        .at(2000)
        .ask(1, restart("web"))
        .gives("save; launch web/0#2");
}

#[test]
fn a_start_of_what_waits_launches_it_at_once() {
    let mut world = World::with_online([app("web").with_delay(5000)]);
    world.exited(1, code(1)).passes();
    world
        .at(2000)
        .ask(1, start("web"))
        .gives("save; launch web/0#2");
}

#[test]
fn a_restart_forgets_the_backoff() {
    let mut world = World::with_online([app("web").with_backoff(100)]);
    world.exited(1, code(1)).passes();
    world.due(1100).passes();
    world.exited(2, code(1)).passes();
    world.due(1250).passes();
    world.launched(3).passes();
    assert_eq!(world.view(0).failures, 1);
    world.ask(1, restart("web")).passes();
    world.exited(3, code(1)).passes();
    assert_eq!(world.view(0).failures, 0);
    world.launched(4).passes();
    world.at(1300).exited(4, code(1)).gives(
        "save
         note web/0#4 died: exit code 1, lived 50ms, next in 100ms",
    );
}

#[test]
fn a_restart_of_what_does_not_heed_the_signal_kills_it() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, restart("web")).passes();
    world.due(2600).passes();
    world.exited(1, by(Signal::KILL)).gives(
        "save
         note web/0#1 stopped: Restart, SIGKILL
         launch web/0#2",
    );
}

#[test]
fn a_restart_of_what_is_being_launched_replaces_that_run() {
    let mut world = World::new();
    world.ask(1, apply([app("web")])).passes();
    world.ask(2, restart("web")).gives(
        "save
         SIGINT to tree #1
         note web/0#1 stopping: Restart
         answer 1: web/0 stopping overtaken",
    );
    world.launch_failed(1).gives(
        "save
         note web/0#1 not launched: Exec
         launch web/0#2",
    );
}

#[test]
fn two_who_restart_the_same_are_both_answered_by_the_same_run() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, restart("web")).passes();
    world.ask(2, restart("web")).gives("save");
    world.exited(1, code(0)).passes();
    world.launched(2).passes();
    world.due(1500).gives(
        "note web/0#2 ready by age after 500ms
         answer 1: web/0 online done
         answer 2: web/0 online done",
    );
    assert_eq!(world.launches(), 2);
}

#[test]
fn a_restarted_run_that_dies_before_it_is_ready_is_answered_with_its_death() {
    let mut world = World::with_online([app("web").with_delay(100)]);
    world.ask(1, restart("web")).passes();
    world.exited(1, code(0)).passes();
    world.launched(2).passes();
    world.at(1020).exited(2, code(9)).passes();
    world
        .log_ended(2, &["broken"])
        .gives("answer 1: web/0 waiting restart died (exit code 9 after 20ms [broken])");
}
