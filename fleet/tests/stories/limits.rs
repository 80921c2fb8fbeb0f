//! Everything has a limit.

use protocol::Request;

use crate::spec::app;
use crate::world::{World, apply, code, restart, stop};

#[test]
fn at_most_256_requests_are_open() {
    let mut world = World::with_online([app("web")]);
    for ticket in 1..=256 {
        world.ask(ticket, stop("web")).passes();
    }
    world
        .ask(257, stop("web"))
        .gives("answer 257: refused Busy { max: 256 }");
    world.ask_as(258, "request 1", stop("web")).gives("");
    world.ask(259, Request::Ping).gives("answer 259: pong");
    world.ask(260, Request::List).gives("answer 260: view of 1");
    world.exited(1, code(0)).passes();
    for ticket in (1..=256).chain([258]) {
        assert!(matches!(
            world.reply(ticket),
            protocol::Reply::Settled { .. }
        ));
    }
    world.ask(261, stop("web")).passes();
    assert!(matches!(world.reply(261), protocol::Reply::Settled { .. }));
}

#[test]
fn a_kill_is_taken_in_however_many_requests_are_open() {
    let mut world = World::with_online([app("web")]);
    for ticket in 1..=256 {
        world.ask(ticket, restart("web")).passes();
    }
    world.ask(257, Request::Kill).passes();
    world.exited(1, code(0)).passes();
    assert_eq!(world.reply(257), &protocol::Reply::Ended);
}

#[test]
fn an_app_may_have_1024_instances() {
    let mut spec = app("web");
    spec.instances = 1024;
    let mut world = World::new().with_slow_disk();
    world.ask(1, apply([spec])).passes();
    for turn in 1..256 {
        assert_eq!(world.launches(), 4 * turn);
        world.due(0).passes();
    }
    assert_eq!(world.launches(), 1024);
    world.tick().gives("");
}
