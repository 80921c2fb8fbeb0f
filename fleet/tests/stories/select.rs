//! What a person typed, and which instances that means.

use protocol::{InstanceId, Request, Selector};

use crate::spec::app;
use crate::with::With;
use crate::world::{World, words};

/// The apps `1` (a name like an id), `api` and `web`, two of them in the namespace `back`, and the
/// namespace `web`, which no one can reach by that word.
fn world() -> World {
    World::with_online([
        app("1").in_namespace("web"),
        app("api").in_namespace("back").with_instances(2),
        app("web").in_namespace("back"),
    ])
}

/// Whom a signal reaches that was sent to this.
fn meant(select: Vec<Selector>) -> String {
    let signal = config::Signal::TERM;
    let mut world = world();
    world.ask(1, Request::Signal { select, signal }).passes();
    let protocol::Reply::Signalled { instances } = world.reply(1) else {
        panic!("a signal that means somebody is sent");
    };
    let ids: Vec<_> = instances.iter().map(InstanceId::to_string).collect();
    ids.join(" ")
}

#[test]
fn a_word_is_a_name_else_a_namespace_else_an_id() {
    assert_eq!(meant(words("web")), "3", "the app, not the namespace");
    assert_eq!(meant(words("back")), "1 2 3");
    assert_eq!(meant(words("1")), "0", "the app `1`, not the instance 1");
    assert_eq!(meant(words("2")), "2");
    assert_eq!(meant(vec![Selector::Id(InstanceId(1))]), "1");
}

#[test]
fn all_is_all_and_several_words_are_one_set_in_the_order_of_the_view() {
    assert_eq!(meant(words("all")), "0 1 2 3");
    assert_eq!(meant(words("web 2 back web")), "1 2 3");
}

#[test]
fn one_word_that_means_nothing_refuses_the_whole_request() {
    let mut world = world();
    world
        .ask(1, crate::world::stop("web nobody"))
        .gives(r#"answer 1: refused NoSuchApp { word: "nobody" }"#);
    world
        .ask(2, crate::world::delete("17"))
        .gives(r#"answer 2: refused NoSuchApp { word: "17" }"#);
    world
        .ask(3, crate::world::stop(""))
        .gives("answer 3: refused Empty");
}

#[test]
fn all_of_nothing_is_right_too() {
    let mut world = World::new();
    world
        .ask(1, crate::world::stop("all"))
        .gives("answer 1: nothing to do");
}
