//! Goals are on disk before they are answered.

use protocol::saved::SavedGoal;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, code, start, stop};

#[test]
fn a_request_that_changes_a_goal_waits_for_the_disk() {
    let mut world = World::with_online([app("web").without_autostart()]).with_slow_disk();
    world.ask(1, start("web")).gives("save 2; launch web/0#1");
    world.launched(1).passes();
    world
        .due(1500)
        .gives("note web/0#1 ready by age after 500ms");
    world
        .at(1600)
        .written(2, false)
        .gives("answer 1: web/0 online done");
}

#[test]
fn an_earlier_write_is_not_enough_and_a_later_one_is() {
    let mut world = World::new().with_slow_disk();
    world
        .ask(1, apply([app("api").without_autostart()]))
        .gives("save 1; note api applied: 1");
    world
        .ask(2, apply([app("web").without_autostart()]))
        .gives("save 2; note web applied: 1");
    world
        .written(1, false)
        .gives("answer 1: api/0 stopped already");
    world.ask(3, stop("web")).gives("save 3");
    world.written(3, false).gives(
        "answer 2: web/0 stopped already
         answer 3: web/0 stopped already",
    );
}

#[test]
fn a_disk_that_refuses_is_told_of_and_the_answer_says_unsaved() {
    let mut world = World::with_online([app("web")]).with_slow_disk();
    world.ask(1, stop("web")).passes();
    world.written(2, true).gives("note not saved: Some(28)");
    world.exited(1, code(0)).gives(
        "note web/0#1 stopped: Operator, exit code 0
         answer 1: web/0 stopped done, unsaved Some(28)",
    );
}

#[test]
fn what_the_disk_holds_is_what_should_be() {
    let mut world = World::with_online([app("api"), app("web")]);
    world.ask(1, stop("web")).passes();
    let saved = world.saved().expect("it was saved");
    let goals: Vec<_> = saved
        .apps
        .iter()
        .map(|app| (app.spec.name.as_str(), app.instances[0].goal))
        .collect();
    assert_eq!(goals, [("api", SavedGoal::Up), ("web", SavedGoal::Down)]);
    assert_eq!(saved.next_run, protocol::RunId(3));
}

#[test]
fn an_errored_app_is_saved_as_such_and_comes_up_with_a_boot() {
    let mut world = World::with_online([app("web").with_max_restarts(0)]);
    world.exited(1, code(1)).passes();
    let saved = world.saved().expect("it was saved").clone();
    assert_eq!(saved.apps[0].instances[0].goal, SavedGoal::Errored);
    let mut fleet = fleet::Fleet::new(1000);
    fleet.restore(saved);
    World::with_fleet(fleet)
        .tick()
        .gives("save; launch web/0#2");
}

#[test]
fn what_could_not_be_saved_is_said_to_all_who_ask_until_it_is() {
    let mut world = World::with_online([app("web")]).with_slow_disk();
    world
        .ask(1, stop("web"))
        .gives("save 2; SIGINT to tree #1; note web/0#1 stopping: Operator");
    world.exited(1, code(0)).passes();
    world.written(2, true).passes();
    world.ask(2, start("web")).gives("save 3; launch web/0#2");
    world.launched(2).passes();
    world.written(3, true).passes();
    world.due(1500).gives(
        "note web/0#2 ready by age after 500ms
         answer 2: web/0 online done, unsaved Some(28)",
    );
    world
        .ask(3, start("web"))
        .gives("answer 3: web/0 online already, unsaved Some(28)");
    world.ask(4, stop("web")).passes();
    world.written(4, false).passes();
    world.exited(2, code(0)).gives(
        "note web/0#2 stopped: Operator, exit code 0
         answer 4: web/0 stopped done",
    );
}

#[test]
fn who_changes_nothing_waits_for_what_is_being_written() {
    let mut world = World::with_online([app("web")]).with_slow_disk();
    world.exited(1, code(1)).passes();
    world.launched(2).passes();
    world.due(1500).passes();
    world.ask(1, start("web")).gives("");
    world
        .written(2, false)
        .gives("answer 1: web/0 online already");
}
