//! Looking at what is under way on the connections of a run that still serves, before clients have to
//! wait for the next one.

use config::handover::Handover;
use config::{AppName, Span};
use protocol::Request;
use protocol::request::ScaleTo;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, code, reload, restart, stop};

fn queueing() -> config::AppSpec {
    app("bot").with_handover(Handover::Queue)
}

#[test]
fn a_run_is_watched_no_longer_than_it_takes_to_call_a_connection_silent() {
    let mut world = World::with_serving([queueing()]);
    world.ask(1, reload("bot")).passes();
    world.due(6000).gives(
        "steer bot to nobody, held
         drain #1 of requests",
    );
    world.watched(1).gives("");
    world.due(11_000).gives(
        "retire #1 by SIGINT to tree, Adopt
         note bot/0#1 stopping: Restart",
    );
}

#[test]
fn where_silence_takes_no_time_nothing_is_watched() {
    let spec = queueing().with(|spec| spec.handover.drain_idle = Span::ZERO);
    let mut world = World::with_serving([spec]);
    world.ask(1, reload("bot")).gives(
        "save
         steer bot to nobody, held
         note bot/0#1 replacing: Queue
         drain #1 of requests",
    );
}

#[test]
fn a_run_that_dies_while_it_is_watched_is_followed_at_once() {
    let mut world = World::with_serving([queueing().with_delay(5000)]);
    world.ask(1, reload("bot")).passes();
    world.at(1100).exited(1, code(1)).gives(
        "save
         steer bot to nobody, held
         note bot/0#1 stopped: Restart, exit code 1
         launch bot/0#2",
    );
}

#[test]
fn the_leader_of_a_run_that_is_watched_ends_and_the_rest_is_asked_to() {
    let mut world = World::with_serving([queueing()]);
    world.ask(1, reload("bot")).passes();
    world.at(1100).leader_exited(1, code(1)).gives(
        "steer bot to nobody, held
         retire #1 by SIGINT to tree, Adopt
         note bot/0#1 stopping: Restart",
    );
    world.watched(1).gives("");
}

#[test]
fn a_run_that_is_watched_is_stopped_at_once() {
    let mut world = World::with_serving([queueing()]);
    world.ask(1, reload("bot")).passes();
    world.ask(2, stop("bot")).gives(
        "save
         steer bot to nobody, not held
         retire #1 by SIGINT to tree, Close
         note bot/0#1 stopping: Operator
         answer 1: bot/0 stopping overtaken",
    );
    world.watched(1).gives("");
    world.exited(1, code(0)).gives(
        "note bot/0#1 stopped: Operator, exit code 0
         answer 2: bot/0 stopped done",
    );
}

#[test]
fn a_run_that_is_watched_ends_with_the_daemon() {
    let mut world = World::with_serving([queueing()]);
    world.ask(1, reload("bot")).passes();
    world.shut_down().gives(
        "save
         steer bot to nobody, not held
         note ending by Some((SIGTERM, Pid(77)))
         retire #1 by SIGINT to tree, Close
         note bot/0#1 stopping: ShutDown",
    );
}

#[test]
fn one_of_many_that_is_watched_can_be_taken_away() {
    let mut world = World::with_serving([queueing().with_instances(2)]);
    world.ask(1, restart("bot")).passes();
    let (app, to) = (
        AppName::new("bot").expect("the name is valid"),
        ScaleTo::Exactly(1),
    );
    world.ask(2, Request::Scale { app, to }).gives(
        "save
         steer bot to #1, held
         note bot applied: 1
         retire #2 by SIGINT to tree, Close
         note bot/1#2 stopping: Operator",
    );
}
