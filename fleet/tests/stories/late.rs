//! Events that come twice, late, or for a life that is over.

use protocol::RunId;
use protocol::notice::ReadyBy;
use protocol::view::StateView;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, code, delete, restart, start};

#[test]
fn an_event_of_a_life_that_is_over_does_not_touch_the_next_one() {
    let mut world = World::with_online([app("web")]);
    world.exited(1, code(1)).passes();
    world.launched(2).passes();
    world.exited(1, code(1)).gives("");
    world.leader_exited(1, code(1)).gives("");
    world.ready(1, ReadyBy::Notify).gives("");
    world.launched(1).gives("");
    world.launch_failed(1).gives("");
    assert_eq!(world.view(0).run, Some(RunId(2)));
    assert_eq!(world.state(0), StateView::Launching);
}

#[test]
fn an_event_of_a_run_that_never_was_is_ignored() {
    let mut world = World::with_online([app("web")]);
    for run in [0, 7, u64::MAX] {
        let run = RunId(run);
        let status = code(0);
        world.play(fleet::Event::Exited { run, status }).gives("");
    }
}

#[test]
fn a_launch_that_is_told_twice_is_one() {
    let mut world = World::with_online([app("web")]);
    world.launched(1).gives("");
    assert_eq!(world.state(0), StateView::Online);
}

#[test]
fn last_lines_that_come_twice_are_taken_once() {
    let mut world = World::with_online([app("web").with_delay(100)]);
    world.ask(1, restart("web")).passes();
    world.exited(1, code(0)).passes();
    world.exited(2, code(1)).passes();
    world.log_ended(2, &["first"]).passes();
    world.log_ended(2, &["second"]).gives("");
    let death = world.view(0).last_death.expect("it died");
    assert_eq!(death.last_lines, ["first"]);
}

#[test]
fn last_lines_of_what_was_deleted_are_dropped() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, delete("web")).passes();
    world.exited(1, code(0)).passes();
    world.log_ended(1, &["bye"]).gives("");
}

#[test]
fn last_lines_of_an_earlier_life_do_not_pass_for_those_of_a_later_death() {
    let mut world = World::with_online([app("web").with_delay(100)]);
    world.exited(1, code(1)).passes();
    world.due(1100).passes();
    world.exited(2, code(2)).passes();
    world.log_ended(1, &["of the first"]).gives("");
    let death = world.view(0).last_death.expect("it died");
    assert_eq!(death.last_lines, Vec::<String>::new());
}

#[test]
fn last_lines_of_one_instance_do_not_answer_for_another() {
    let mut world = World::new();
    let spec = app("web").with_instances(2).with_delay(100);
    world.ask(1, apply([spec])).passes();
    world.exited(1, code(1)).passes();
    world.exited(2, code(2)).passes();
    world.log_ended(2, &["of the second"]).gives("");
    world.log_ended(1, &["of the first"]).gives(
        "answer 1: web/0 waiting restart died (exit code 1 after 0ms [of the first]), \
         web/1 waiting restart died (exit code 2 after 0ms [of the second])",
    );
}

#[test]
fn an_older_write_that_is_told_late_does_not_undo_a_newer_one() {
    let mut world = World::with_online([app("web")]).with_slow_disk();
    world.ask(1, restart("web")).gives(
        "save 2
         SIGINT to tree #1
         note web/0#1 stopping: Restart",
    );
    world.exited(1, code(0)).gives(
        "save 3
         note web/0#1 stopped: Restart, exit code 0
         launch web/0#2",
    );
    world.launched(2).passes();
    world.written(3, false).gives("");
    world.written(2, true).passes();
    world.due(1500).gives(
        "note web/0#2 ready by age after 500ms
         answer 1: web/0 online done",
    );
    world
        .ask(2, start("web"))
        .gives("answer 2: web/0 online already");
}

#[test]
fn a_tick_before_its_time_does_nothing_and_one_long_after_does_all() {
    let mut world = World::with_online([app("web").with_delay(5000)]);
    world.exited(1, code(1)).passes();
    world.at(5999).tick().gives("");
    world.at(999_999).tick().gives("save; launch web/0#2");
}

#[test]
fn a_hung_up_ticket_that_is_unknown_is_ignored() {
    let mut world = World::with_online([app("web")]);
    world.hung(99).gives("");
}
