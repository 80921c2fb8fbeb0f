//! Who asked first and is overtaken by who asks for something else.

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, code, restart, start, stop};

#[test]
fn a_stop_overtakes_a_start() {
    let mut world = World::new();
    world.ask(1, apply([app("web")])).passes();
    world.launched(1).passes();
    world.at(100).ask(2, stop("web")).gives(
        "save
         SIGINT to tree #1
         note web/0#1 stopping: Operator
         answer 1: web/0 stopping overtaken",
    );
    world.exited(1, code(0)).gives(
        "note web/0#1 stopped: Operator, exit code 0
         answer 2: web/0 stopped done",
    );
}

#[test]
fn a_restart_overtakes_a_stop_and_a_stop_a_restart() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, stop("web")).passes();
    world
        .ask(2, restart("web"))
        .gives("save; answer 1: web/0 stopping overtaken");
    world
        .ask(3, stop("web"))
        .gives("save; answer 2: web/0 stopping overtaken");
    world.exited(1, code(0)).gives(
        "note web/0#1 stopped: Operator, exit code 0
         answer 3: web/0 stopped done",
    );
    assert_eq!(world.launches(), 1);
}

#[test]
fn of_several_instances_only_the_one_that_was_asked_is_overtaken() {
    let mut world = World::new();
    world.ask(1, apply([app("web").with_instances(2)])).passes();
    world.launched(1).passes();
    world.launched(2).passes();
    world.at(100).ask(2, stop("0")).passes();
    world.due(500).gives(
        "note web/1#2 ready by age after 500ms
         answer 1: web/0 stopping overtaken, web/1 online done",
    );
}

#[test]
fn a_start_does_not_overtake_a_start() {
    let mut world = World::new().with_slow_disk();
    world.ask(1, apply([app("web").with_instances(5)])).passes();
    assert_eq!(world.launches(), 4, "web/4 has still to be launched");
    world.ask(2, start("web")).gives("save 2; launch web/4#5");
    world.written(2, false).passes();
    for run in 1..=5 {
        world.launched(run).passes();
    }
    world.due(500).passes();
    for ticket in [1, 2] {
        let protocol::Reply::Settled { outcomes, .. } = world.reply(ticket) else {
            panic!("a start settles");
        };
        assert!(outcomes.iter().all(|one| one.reached.is_success()));
    }
}
