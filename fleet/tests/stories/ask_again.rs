//! A client whose connection broke asks again by the same id: nothing is done twice.

use config::Signal;
use protocol::{Request, Selector};

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, code, restart, stop};

#[test]
fn who_asks_again_while_it_is_open_joins_and_both_are_answered_once() {
    let mut world = World::with_online([app("web")]);
    world.ask_as(1, "one", restart("web")).passes();
    world.ask_as(2, "one", restart("web")).gives("");
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
fn who_asks_again_within_a_minute_is_given_the_same_answer() {
    let mut world = World::with_online([app("web")]);
    world.ask_as(1, "one", stop("web")).passes();
    world.exited(1, code(0)).passes();
    world.ask(2, crate::world::start("web")).passes();
    world.launched(2).passes();
    world.at(61_000).ask_as(3, "one", stop("web")).gives(
        "answer 3: web/0 stopped done
             note web/0#2 ready by age after 1m
             answer 2: web/0 online done",
    );
    assert_eq!(world.reply(3), world.reply(1));
}

#[test]
fn after_a_minute_it_is_a_new_request() {
    let mut world = World::with_online([app("web")]);
    world.ask_as(1, "one", stop("web")).passes();
    world.exited(1, code(0)).passes();
    world
        .at(61_001)
        .ask_as(2, "one", restart("web"))
        .gives("save; launch web/0#2");
}

#[test]
fn a_client_that_hung_up_is_not_answered_and_what_it_asked_goes_on() {
    let mut world = World::with_online([app("web")]);
    world.ask_as(1, "one", stop("web")).passes();
    world.hung(1).gives("");
    world
        .exited(1, code(0))
        .gives("note web/0#1 stopped: Operator, exit code 0");
    world
        .ask_as(2, "one", stop("web"))
        .gives("answer 2: web/0 stopped done");
}

#[test]
fn of_two_who_joined_the_one_that_hung_up_is_left_out() {
    let mut world = World::with_online([app("web")]);
    world.ask_as(1, "one", stop("web")).passes();
    world.ask_as(2, "one", stop("web")).passes();
    world.hung(1).gives("");
    world.exited(1, code(0)).gives(
        "note web/0#1 stopped: Operator, exit code 0
         answer 2: web/0 stopped done",
    );
}

#[test]
fn a_signal_is_not_sent_twice() {
    let request = Request::Signal {
        select: vec![Selector::All],
        signal: "SIGHUP".parse::<Signal>().expect("it is a signal"),
    };
    let mut world = World::with_online([app("web")]);
    world
        .ask_as(1, "one", request.clone())
        .gives("SIGHUP to leader #1; answer 1: signalled [InstanceId(0)]");
    world
        .ask_as(2, "one", request)
        .gives("answer 2: signalled [InstanceId(0)]");
}

#[test]
fn what_was_only_read_is_read_anew() {
    let mut world = World::new();
    world
        .ask_as(1, "one", Request::List)
        .gives("answer 1: view of 0");
    world.ask(2, apply([app("web")])).passes();
    world
        .ask_as(3, "one", Request::List)
        .gives("answer 3: view of 1");
}

#[test]
fn hanging_up_on_the_shell_leaves_its_answer_to_who_asks_again() {
    let mut world = World::with_online([app("web")]);
    world.ask_as(1, "one", Request::Dump).gives("dump 1 for 1");
    world.hung(1).gives("");
    world.ask_as(2, "one", Request::Dump).gives("");
    let reply = protocol::Reply::Dumped {
        written: Ok(1),
        file: "/home/dump.json".into(),
    };
    let ticket = fleet::Ticket(1);
    world
        .play(fleet::Event::Dumped { ticket, reply })
        .gives("answer 2: dumped Ok(1)");
}

#[test]
fn answers_about_many_instances_make_room_for_the_latest() {
    let mut world = World::new();
    let spec = app("web").with_instances(700).without_autostart();
    world.ask_as(1, "many", apply([spec])).passes();
    let reset = || Request::Reset {
        select: vec![Selector::All],
    };
    let saves = |given: &[String]| given.iter().any(|line| line == "save");
    world.ask_as(2, "first", reset()).passes();
    world.ask_as(3, "second", reset()).passes();
    assert!(!saves(&world.ask_as(4, "second", reset()).given));
    assert!(saves(&world.ask_as(5, "first", reset()).given));
}
