//! From `start` to ready, and what is already so.

use protocol::view::StateView;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, code, start, stop};

#[test]
fn an_app_is_launched_at_once_and_ready_when_it_has_lived_half_a_second() {
    let mut world = World::new();
    world
        .ask(1, apply([app("web")]))
        .gives("save; note web applied: 1; launch web/0#1");
    assert_eq!(world.state(0), StateView::Launching);
    world.at(3).launched(1).gives("note web/0#1 has pid 1001");
    assert_eq!(world.state(0), StateView::Launching);
    world
        .due(503)
        .gives("note web/0#1 ready by age after 503ms; answer 1: web/0 online done");
    assert_eq!(world.state(0), StateView::Online);
    assert_eq!(world.fleet.deadline(), None, "at rest nothing is due");
}

#[test]
fn what_is_online_is_left_alone_and_that_is_said() {
    let mut world = World::with_online([app("web")]);
    world
        .ask(1, start("web"))
        .gives("answer 1: web/0 online already");
    world
        .ask(2, apply([app("web")]))
        .gives("answer 2: web/0 online already");
    assert_eq!(world.launches(), 1);
}

#[test]
fn who_asks_while_it_is_on_its_way_waits_for_the_same_run() {
    let mut world = World::new();
    world.ask(1, apply([app("web")])).passes();
    world.launched(1).passes();
    world.at(200).ask(2, start("web")).gives("");
    world.due(500).gives(
        "note web/0#1 ready by age after 500ms
         answer 1: web/0 online done
         answer 2: web/0 online already",
    );
}

#[test]
fn two_apps_are_answered_together_in_the_order_of_the_view() {
    let mut world = World::new();
    world.ask(1, apply([app("web"), app("api")])).gives(
        "save
         note web applied: 1
         note api applied: 1
         launch api/0#1
         launch web/0#2",
    );
    world.launched(2).passes();
    world
        .due(500)
        .gives("note web/0#2 ready by age after 500ms");
    world.launched(1).passes();
    world.due(1000).gives(
        "note api/0#1 ready by age after 1s
         answer 1: api/0 online done, web/0 online done",
    );
}

#[test]
fn an_app_without_autostart_is_registered_and_waits_for_a_start() {
    let mut world = World::new();
    world
        .ask(1, apply([app("web").without_autostart()]))
        .gives("save; note web applied: 1; answer 1: web/0 stopped already");
    assert_eq!(world.launches(), 0);
    world.ask(2, start("web")).gives("save; launch web/0#1");
}

#[test]
fn many_launches_are_spread_over_turns_and_each_turn_is_due_at_once() {
    let mut world = World::new().with_slow_disk();
    world
        .ask(1, apply([app("web").with_instances(10)]))
        .passes();
    assert_eq!(world.launches(), 4);
    world
        .due(0)
        .gives("save 2; launch web/4#5; launch web/5#6; launch web/6#7; launch web/7#8");
    world
        .due(0)
        .gives("save 3; launch web/8#9; launch web/9#10");
    assert!(world.fleet.deadline().is_some_and(|(due, _)| due.0 > 0));
}

#[test]
fn a_stopped_app_starts_again_as_a_new_run() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, stop("web")).passes();
    world.exited(1, code(0)).passes();
    world
        .at(2000)
        .ask(2, start("web"))
        .gives("save; launch web/0#2");
    world.launched(2).passes();
    world
        .due(2500)
        .gives("note web/0#2 ready by age after 500ms; answer 2: web/0 online done");
    assert_eq!(world.view(0).restarts, 0, "a start is not a restart");
}

#[test]
fn who_waited_for_a_run_that_was_replaced_gets_the_next_one() {
    let mut world = World::new();
    world.ask(1, apply([app("web")])).passes();
    world.launched(1).passes();
    world.ask(2, start("web")).gives("");
    world.leader_exited(1, code(1)).passes();
    world.ask(3, start("web")).gives("save");
    world.exited(1, code(1)).passes();
    world.launched(2).passes();
    world.due(500).gives(
        "note web/0#2 ready by age after 500ms
         answer 1: web/0 online done
         answer 2: web/0 online done
         answer 3: web/0 online done",
    );
}
