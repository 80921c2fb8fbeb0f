//! Events that come twice, late, or for a life that is over.

use protocol::RunId;
use protocol::notice::ReadyBy;
use protocol::view::StateView;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, code, delete, restart};

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
