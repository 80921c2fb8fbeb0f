//! When a run counts as ready, and what happens when it does not become so.

use config::Signal;
use protocol::notice::ReadyBy;
use protocol::view::StateView;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, by, code};

fn waiting() -> World {
    let mut world = World::new();
    world.ask(1, apply([app("web").with_wait_ready()])).passes();
    world.at(10).launched(1).passes();
    world
}

#[test]
fn who_waits_for_ready_is_ready_when_it_says_so_on_its_channel() {
    let mut world = waiting();
    world.at(2000).tick().gives("");
    assert_eq!(
        world.state(0),
        StateView::Launching,
        "age alone is not enough"
    );
    world
        .ready(1, ReadyBy::Channel)
        .gives("note web/0#1 ready by channel after 2s; answer 1: web/0 online done");
}

#[test]
fn who_waits_for_ready_is_ready_when_it_says_so_on_its_socket() {
    let mut world = waiting();
    world
        .at(20)
        .ready(1, ReadyBy::Notify)
        .gives("note web/0#1 ready by notify after 20ms; answer 1: web/0 online done");
}

#[test]
fn a_plain_app_may_say_it_too_and_is_ready_before_its_time() {
    let mut world = World::new();
    world.ask(1, apply([app("web")])).passes();
    world.at(10).launched(1).passes();
    world
        .at(20)
        .ready(1, ReadyBy::Notify)
        .gives("note web/0#1 ready by notify after 20ms; answer 1: web/0 online done");
    assert_eq!(world.fleet.deadline(), None);
}

#[test]
fn a_word_that_overtakes_the_news_of_the_launch_is_heard() {
    let mut world = World::new();
    world.ask(1, apply([app("web").with_wait_ready()])).passes();
    world.at(10).ready(1, ReadyBy::Notify).gives("");
    world.at(11).launched(1).gives(
        "note web/0#1 has pid 1001
         note web/0#1 ready by notify after 11ms
         answer 1: web/0 online done",
    );
}

#[test]
fn who_is_late_is_stopped_and_that_is_a_death_with_its_reason() {
    let mut world = waiting();
    world
        .due(3010)
        .gives("SIGINT to tree #1; note web/0#1 stopping: NotReady");
    world.at(3020).ready(1, ReadyBy::Channel).gives("");
    world.at(3100).exited(1, code(0)).gives(
        "save
         note web/0#1 died: not ready within 3s, lived 3100ms, next in 0ms
         launch web/0#2",
    );
    world.log_ended(1, &["waiting for redis"]).gives(
        "answer 1: web/0 launching died (not ready within 3s after 3100ms [waiting for redis])",
    );
}

#[test]
fn who_is_late_and_does_not_heed_the_signal_is_killed() {
    let mut world = waiting();
    world.due(3010).passes();
    world
        .due(4610)
        .gives("SIGKILL to tree #1; note web/0#1 killed after 1600ms");
    world.exited(1, by(Signal::KILL)).gives(
        "save
         note web/0#1 died: not ready within 3s, lived 4610ms, next in 0ms
         launch web/0#2",
    );
}

#[test]
fn who_is_late_with_a_code_that_would_end_it_has_died_all_the_same() {
    let mut world = World::new();
    let spec = app("web").with_wait_ready().with_stop_codes(&[0]);
    world.ask(1, apply([spec])).passes();
    world.launched(1).passes();
    world.due(3000).passes();
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 died: not ready within 3s, lived 3s, next in 0ms
         launch web/0#2",
    );
}

#[test]
fn to_say_it_twice_changes_nothing() {
    let mut world = waiting();
    world.ready(1, ReadyBy::Channel).passes();
    world.ready(1, ReadyBy::Notify).gives("");
}
