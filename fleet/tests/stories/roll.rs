//! The instances of an app are replaced a few at a time.

use config::AppSpec;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, code, reload, restart, stop};

fn four() -> AppSpec {
    app("web").with_instances(4)
}

/// Brings the run up that replaces another one, and that one down.
fn replaces(world: &mut World, new: u64, old: u64) {
    world.launched(new).passes();
    world.listens(new, 3013).passes();
    world.drained(old).passes();
}

#[test]
fn instances_are_replaced_one_after_the_other() {
    let mut world = World::with_serving([four()]);
    world.ask(1, reload("web")).gives(
        "save
         note web/0#1 replacing: Overlap
         launch web/0#5",
    );
    replaces(&mut world, 5, 1);
    world.at(1100).exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0
         note web/0#5 replaced, overlap, took 100ms, pause 0ms
         note web/1#2 replacing: Overlap
         launch web/1#6
         release #1",
    );
    world.launched(6).passes();
    world.listens(6, 3013).gives(
        "steer web to #5 #6 #3 #4, held
         note web/1#6 listens at 0.0.0.0:3013
         note web/1#6 ready by listening after 0ms
         note web/1#6 took over
         drain #2",
    );
    world.drained(2).passes();
    world.at(1200).exited(2, code(0)).gives(
        "save
         note web/1#2 stopped: Replaced, exit code 0
         note web/1#6 replaced, overlap, took 100ms, pause 0ms
         note web/2#3 replacing: Overlap
         launch web/2#7
         release #2",
    );
    replaces(&mut world, 7, 3);
    world.at(1300).exited(3, code(0)).gives(
        "save
         note web/2#3 stopped: Replaced, exit code 0
         note web/2#7 replaced, overlap, took 100ms, pause 0ms
         note web/3#4 replacing: Overlap
         launch web/3#8
         release #3",
    );
    replaces(&mut world, 8, 4);
    world.at(1400).exited(4, code(0)).gives(
        "save
         note web/3#4 stopped: Replaced, exit code 0
         note web/3#8 replaced, overlap, took 100ms, pause 0ms
         release #4
         answer 1: web/0 online done (overlap, took 100ms, pause 0ms), \
           web/1 online done (overlap, took 100ms, pause 0ms), \
           web/2 online done (overlap, took 100ms, pause 0ms), \
           web/3 online done (overlap, took 100ms, pause 0ms)",
    );
    assert_eq!(world.fleet.deadline(), None);
}

#[test]
fn two_at_once_are_two_at_once() {
    let mut world = World::with_serving([four().with_batch(2)]);
    world.ask(1, reload("web")).gives(
        "save
         note web/0#1 replacing: Overlap
         launch web/0#5
         note web/1#2 replacing: Overlap
         launch web/1#6",
    );
    replaces(&mut world, 6, 2);
    world.exited(2, code(0)).gives(
        "save
         note web/1#2 stopped: Replaced, exit code 0
         note web/1#6 replaced, overlap, took 0ms, pause 0ms
         note web/2#3 replacing: Overlap
         launch web/2#7
         release #2",
    );
    replaces(&mut world, 5, 1);
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0
         note web/0#5 replaced, overlap, took 0ms, pause 0ms
         note web/3#4 replacing: Overlap
         launch web/3#8
         release #1",
    );
    replaces(&mut world, 8, 4);
    world.exited(4, code(0)).gives(
        "save
         note web/3#4 stopped: Replaced, exit code 0
         note web/3#8 replaced, overlap, took 0ms, pause 0ms
         release #4",
    );
    replaces(&mut world, 7, 3);
    world.exited(3, code(0)).gives(
        "save
         note web/2#3 stopped: Replaced, exit code 0
         note web/2#7 replaced, overlap, took 0ms, pause 0ms
         release #3
         answer 1: web/0 online done (overlap, took 0ms, pause 0ms), \
           web/1 online done (overlap, took 0ms, pause 0ms), \
           web/2 online done (overlap, took 0ms, pause 0ms), \
           web/3 online done (overlap, took 0ms, pause 0ms)",
    );
}

#[test]
fn a_successor_that_fails_ends_the_roll_and_the_rest_is_left_alone() {
    let mut world = World::with_serving([four()]);
    world.ask(1, reload("web")).passes();
    replaces(&mut world, 5, 1);
    world.exited(1, code(0)).passes();
    world.launched(6).passes();
    world
        .at(1100)
        .exited(6, code(1))
        .gives("note web/1#2 kept: exit code 1");
    world.log_ended(6, &["bad luck"]).gives(
        "answer 1: web/0 online done (overlap, took 0ms, pause 0ms), \
           web/1 online kept (exit code 1 after 100ms [bad luck]), web/2 online left alone, \
           web/3 online left alone",
    );
    assert_eq!(world.launches(), 6);
    assert_eq!(world.fleet.deadline(), None);
}

#[test]
fn of_two_at_once_the_other_one_goes_on_when_one_fails() {
    let mut world = World::with_serving([four().with_batch(2)]);
    world.ask(1, reload("web")).passes();
    world.at(1100).launch_failed(5).gives(
        "note web/0#5 not launched: Exec
         note web/0#1 kept: Exec",
    );
    world.log_ended(5, &[]).gives("");
    replaces(&mut world, 6, 2);
    world.exited(2, code(0)).gives(
        "save
         note web/1#2 stopped: Replaced, exit code 0
         note web/1#6 replaced, overlap, took 100ms, pause 0ms
         release #2
         answer 1: web/0 online kept (Exec after 100ms []), \
           web/1 online done (overlap, took 100ms, pause 0ms), web/2 online left alone, \
           web/3 online left alone",
    );
}

#[test]
fn a_reload_after_one_that_failed_in_the_midst_replaces_all() {
    let mut world = World::with_serving([app("web").with_instances(2).with_batch(2)]);
    world.ask(1, reload("web")).passes();
    world.ask(2, reload("web")).gives("save");
    world.launch_failed(3).passes();
    world.log_ended(3, &[]).passes();
    replaces(&mut world, 4, 2);
    world.exited(2, code(0)).gives(
        "save
         note web/1#2 stopped: Replaced, exit code 0
         note web/1#4 replaced, overlap, took 0ms, pause 0ms
         note web/0#1 replacing: Overlap
         launch web/0#5
         note web/1#4 replacing: Overlap
         launch web/1#6
         release #2
         answer 1: web/0 online kept (Exec after 0ms []), \
           web/1 online done (overlap, took 0ms, pause 0ms)",
    );
    replaces(&mut world, 5, 1);
    replaces(&mut world, 6, 4);
    world.exited(1, code(0)).passes();
    world.exited(4, code(0)).gives(
        "save
         note web/1#4 stopped: Replaced, exit code 0
         note web/1#6 replaced, overlap, took 0ms, pause 0ms
         release #4
         answer 2: web/0 online done (overlap, took 0ms, pause 0ms), \
           web/1 online done (overlap, took 0ms, pause 0ms)",
    );
}

#[test]
fn a_queued_reload_skips_what_was_launched_after_it_was_asked() {
    let mut world = World::with_serving([app("web").with_instances(2)]);
    world.ask(1, reload("web")).passes();
    world.ask(2, reload("web")).passes();
    replaces(&mut world, 3, 1);
    world.exited(1, code(0)).passes();
    replaces(&mut world, 4, 2);
    world.exited(2, code(0)).gives(
        "save
         note web/1#2 stopped: Replaced, exit code 0
         note web/1#4 replaced, overlap, took 0ms, pause 0ms
         note web/0#3 replacing: Overlap
         launch web/0#5
         release #2
         answer 1: web/0 online done (overlap, took 0ms, pause 0ms), \
           web/1 online done (overlap, took 0ms, pause 0ms)",
    );
    replaces(&mut world, 5, 3);
    world.exited(3, code(0)).gives(
        "save
         note web/0#3 stopped: Replaced, exit code 0
         note web/0#5 replaced, overlap, took 0ms, pause 0ms
         release #3
         answer 2: web/0 online done (overlap, took 0ms, pause 0ms), \
           web/1 online done (overlap, took 0ms, pause 0ms)",
    );
    assert_eq!(world.launches(), 5);
}

#[test]
fn what_crashes_before_its_turn_has_a_new_run_and_is_passed_over() {
    let mut world = World::with_serving([app("web").with_instances(2)]);
    world.ask(1, reload("web")).passes();
    world.exited(2, code(1)).gives(
        "save
         steer web to #1, held
         note web/1#2 died: exit code 1, lived 1s, next in 0ms
         launch web/1#4",
    );
    world.launched(4).passes();
    world.listens(4, 3013).gives(
        "steer web to #1 #4, held
         note web/1#4 listens at 0.0.0.0:3013
         note web/1#4 ready by listening after 0ms
         release #2",
    );
    replaces(&mut world, 3, 1);
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0
         note web/0#3 replaced, overlap, took 0ms, pause 0ms
         release #1
         answer 1: web/0 online done (overlap, took 0ms, pause 0ms), web/1 online done",
    );
    assert_eq!(world.launches(), 4);
}

#[test]
fn what_gave_up_before_its_turn_is_started_in_its_turn() {
    let mut world = World::with_serving([app("web").with_instances(2).with_max_restarts(0)]);
    world.ask(1, reload("web")).passes();
    world.exited(2, code(1)).gives(
        "save
         steer web to #1, held
         note web/1#2 died: exit code 1, lived 1s, no next
         note web/1#2 errored: 1
         release #2",
    );
    replaces(&mut world, 3, 1);
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0
         note web/0#3 replaced, overlap, took 0ms, pause 0ms
         release #1
         save
         launch web/1#4",
    );
    world.tick().gives("");
    world.launched(4).passes();
    world.listens(4, 3013).gives(
        "steer web to #3 #4, held
         note web/1#4 listens at 0.0.0.0:3013
         note web/1#4 ready by listening after 0ms
         answer 1: web/0 online done (overlap, took 0ms, pause 0ms), web/1 online done",
    );
}

#[test]
fn what_is_stopped_before_its_turn_is_overtaken_and_the_roll_goes_on() {
    let mut world = World::with_serving([app("web").with_instances(3)]);
    world.ask(1, reload("web")).passes();
    world.ask(2, stop("1")).gives(
        "save
         steer web to #1 #3, held
         SIGINT to tree #2
         note web/1#2 stopping: Operator",
    );
    world.exited(2, code(0)).passes();
    replaces(&mut world, 4, 1);
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0
         note web/0#4 replaced, overlap, took 0ms, pause 0ms
         note web/2#3 replacing: Overlap
         launch web/2#5
         release #1",
    );
    replaces(&mut world, 5, 3);
    world.exited(3, code(0)).gives(
        "save
         note web/2#3 stopped: Replaced, exit code 0
         note web/2#5 replaced, overlap, took 0ms, pause 0ms
         release #3
         answer 1: web/0 online done (overlap, took 0ms, pause 0ms), \
           web/1 stopping overtaken, web/2 online done (overlap, took 0ms, pause 0ms)",
    );
}

#[test]
fn what_is_stopped_in_its_turn_is_overtaken_and_the_roll_goes_on() {
    let mut world = World::with_serving([app("web").with_instances(2)]);
    world.ask(1, reload("web")).passes();
    world.ask(2, stop("0")).gives(
        "save
         steer web to #2, held
         SIGINT to tree #1
         note web/0#1 stopping: Operator
         SIGINT to tree #3
         note web/0#3 stopping: Operator
         note web/1#2 replacing: Overlap
         launch web/1#4",
    );
}

#[test]
fn a_restart_in_the_midst_of_a_roll_overtakes_all_of_it() {
    let mut world = World::with_serving([app("web").with_instances(2)]);
    world.ask(1, reload("web")).passes();
    world.launched(3).passes();
    world.ask(2, restart("web")).gives(
        "save
         note web/0#1 replacing: Queue
         watch #1, silent after 5s
         SIGINT to tree #3
         note web/0#3 stopping: Restart
         note web/1#2 replacing: Queue
         watch #2, silent after 5s
         answer 1: web/0 online overtaken, web/1 online overtaken",
    );
}

#[test]
fn a_job_that_ends_before_its_turn_is_answered_with_its_end() {
    let spec = app("web").with_instances(2).without_autorestart();
    let mut world = World::with_serving([spec]);
    world.ask(1, reload("web")).passes();
    world.exited(2, code(0)).passes();
    world.log_ended(2, &["done"]).passes();
    replaces(&mut world, 3, 1);
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0
         note web/0#3 replaced, overlap, took 0ms, pause 0ms
         release #1
         answer 1: web/0 online done (overlap, took 0ms, pause 0ms), \
           web/1 stopped finished (exit code 0, Expected, [done])",
    );
}

#[test]
fn so_many_at_once_are_launched_over_turns() {
    let spec = app("web").with_instances(6).with_batch(6);
    let mut world = World::with_serving([spec]).with_slow_disk();
    world.ask(1, reload("web")).passes();
    assert_eq!(world.launches(), 10);
    world.due(1000).passes();
    assert_eq!(world.launches(), 12);
}

#[test]
fn a_roll_of_what_never_listened_restarts_one_after_the_other() {
    let mut world = World::with_online([app("bot").with_instances(2)]);
    world.ask(1, reload("bot")).gives(
        "save
         note bot/0#1 replacing: Restart
         SIGINT to tree #1
         note bot/0#1 stopping: Restart",
    );
    world.exited(1, code(0)).passes();
    world.launched(3).passes();
    world.due(1500).gives(
        "note bot/0#3 ready by age after 500ms
         note bot/0#3 replaced, restart, took 0ms, pause 0ms
         note bot/1#2 replacing: Restart
         SIGINT to tree #2
         note bot/1#2 stopping: Restart",
    );
    world.exited(2, code(0)).passes();
    world.at(1600).exited(4, code(1)).passes();
    world.log_ended(4, &["broken"]).gives(
        "answer 1: bot/0 online done (restart, took 0ms, pause 0ms), \
           bot/1 launching died (exit code 1 after 100ms [broken])",
    );
}

#[test]
fn the_daemon_ends_in_the_midst_of_a_roll_and_nothing_more_is_replaced() {
    let mut world = World::with_serving([app("web").with_instances(2)]);
    world.ask(1, reload("web")).passes();
    world.shut_down().passes();
    for run in [1, 2, 3] {
        world.exited(run, code(0)).passes();
    }
    assert_eq!(world.launches(), 3);
}

#[test]
fn a_roll_that_ends_leaves_those_who_asked_later_their_own() {
    let mut world = World::with_serving([app("web").with_instances(2)]);
    world.ask(1, reload("web")).passes();
    world.ask(2, reload("web")).passes();
    world.exited(3, code(1)).gives(
        "save
         note web/0#1 kept: exit code 1
         note web/0#1 replacing: Overlap
         launch web/0#4",
    );
    world
        .log_ended(3, &[])
        .gives("answer 1: web/0 online kept (exit code 1 after 0ms []), web/1 online left alone");
    replaces(&mut world, 4, 1);
    world.exited(1, code(0)).passes();
    replaces(&mut world, 5, 2);
    world.exited(2, code(0)).gives(
        "save
         note web/1#2 stopped: Replaced, exit code 0
         note web/1#5 replaced, overlap, took 0ms, pause 0ms
         release #2
         answer 2: web/0 online done (overlap, took 0ms, pause 0ms), \
           web/1 online done (overlap, took 0ms, pause 0ms)",
    );
}
