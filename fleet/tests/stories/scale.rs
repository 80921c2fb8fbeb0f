//! More and fewer instances.

use config::AppName;
use protocol::Request;
use protocol::request::ScaleTo;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, code, delete};

fn scale(name: &str, to: ScaleTo) -> Request {
    let app = AppName::new(name).expect("the name is valid");
    Request::Scale { app, to }
}

#[test]
fn more_instances_are_launched_under_the_next_numbers() {
    let mut world = World::with_online([app("web")]);
    world
        .ask(1, scale("web", ScaleTo::Up(2)))
        .gives("save; note web applied: 3; launch web/1#2; launch web/2#3");
    world.launched(2).passes();
    world.launched(3).passes();
    world.due(1500).gives(
        "note web/1#2 ready by age after 500ms
         note web/2#3 ready by age after 500ms
         answer 1: web/1 online done, web/2 online done",
    );
    assert_eq!(world.launched_with(3).instances, 3);
}

#[test]
fn of_fewer_instances_the_highest_numbers_go() {
    let mut world = World::with_online([app("web").with_instances(3)]);
    world.ask(1, scale("web", ScaleTo::Exactly(1))).gives(
        "save
         note web applied: 1
         SIGINT to tree #3
         note web/2#3 stopping: Operator
         SIGINT to tree #2
         note web/1#2 stopping: Operator",
    );
    world.exited(2, code(0)).passes();
    world.exited(3, code(0)).gives(
        "save
         note web/2#3 stopped: Operator, exit code 0
         answer 1: web/1 stopped done, web/2 stopped done",
    );
    assert_eq!(world.names(), "web/0");
}

#[test]
fn down_to_none_forgets_the_app() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, scale("web", ScaleTo::Down(5))).passes();
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Operator, exit code 0
         note web deleted
         answer 1: web/0 stopped done",
    );
}

#[test]
fn to_as_many_as_there_are_changes_nothing() {
    let mut world = World::with_online([app("web").with_instances(2)]);
    world
        .ask(1, scale("web", ScaleTo::Exactly(2)))
        .gives("answer 1: nothing to do");
}

#[test]
fn up_while_the_last_ones_still_stop_gives_new_ones() {
    let mut world = World::with_online([app("web").with_instances(2)]);
    world.ask(1, scale("web", ScaleTo::Exactly(1))).passes();
    world
        .ask(2, scale("web", ScaleTo::Up(1)))
        .gives("save; note web applied: 2; launch web/2#3");
    world.exited(2, code(0)).passes();
    assert_eq!(world.names(), "web/0 web/2");
}

#[test]
fn the_lowest_free_number_is_taken() {
    let mut world = World::with_online([app("web").with_instances(3)]);
    world.ask(1, delete("0")).passes();
    world.exited(1, code(0)).passes();
    world
        .ask(2, scale("web", ScaleTo::Up(1)))
        .gives("save; launch web/0#4");
}

#[test]
fn an_app_that_is_not_there_cannot_be_scaled() {
    let mut world = World::with_online([app("web")]);
    world
        .ask(1, scale("api", ScaleTo::Up(1)))
        .gives(r#"answer 1: refused NoSuchApp { word: "api" }"#);
}

#[test]
fn one_app_has_at_most_1024_instances() {
    let mut world = World::with_online([app("web")]);
    world
        .ask(1, scale("web", ScaleTo::Exactly(1025)))
        .gives("answer 1: refused TooManyInstances { max: 1024 }");
    world
        .ask(2, scale("web", ScaleTo::Up(u32::MAX)))
        .gives("answer 2: refused TooManyInstances { max: 1024 }");
    world
        .ask(3, apply([app("api").with_instances(1025)]))
        .gives("answer 3: refused TooManyInstances { max: 1024 }");
    world
        .ask(4, apply([app("api").with_instances(0)]))
        .gives("answer 4: refused TooManyInstances { max: 1024 }");
}

#[test]
fn what_was_scaled_is_not_restarted_when_its_configuration_comes_again() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, scale("web", ScaleTo::Exactly(2))).passes();
    world.launched(2).passes();
    world.due(1500).passes();
    world.ask(2, apply([app("web")])).gives(
        "save
         note web applied: 1
         SIGINT to tree #2
         note web/1#2 stopping: Operator",
    );
    world.exited(2, code(0)).gives(
        "save
         note web/1#2 stopped: Operator, exit code 0
         answer 2: web/0 online already, web/1 stopped done",
    );
}
