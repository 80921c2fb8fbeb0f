//! Bringing down and forgetting.

use config::Signal;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, by, code, delete, start, stop};

#[test]
fn what_runs_is_stopped_and_then_forgotten() {
    let mut world = World::with_online([app("web")]);
    world
        .ask(1, delete("web"))
        .gives("save; SIGINT to tree #1; note web/0#1 stopping: Operator");
    assert_eq!(world.names(), "web/0");
    world.at(1100).exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Operator, exit code 0
         note web deleted
         answer 1: web/0 stopped done",
    );
    assert_eq!(world.names(), "");
    assert!(world.fleet.saved().apps.is_empty());
}

#[test]
fn what_is_down_is_forgotten_at_once() {
    let mut world = World::with_online([app("web").with_max_restarts(0)]);
    world.exited(1, code(1)).passes();
    world
        .ask(1, delete("web"))
        .gives("save; note web deleted; answer 1: web/0 stopped done");
}

#[test]
fn one_instance_goes_by_its_id_and_the_others_stay() {
    let mut world = World::with_online([app("web").with_instances(3)]);
    world.ask(1, delete("1")).passes();
    world.exited(2, code(0)).gives(
        "save
         note web/1#2 stopped: Operator, exit code 0
         answer 1: web/1 stopped done",
    );
    assert_eq!(world.names(), "web/0 web/2");
}

#[test]
fn an_id_is_not_used_again_while_there_is_any_app() {
    let mut world = World::with_online([app("api"), app("web")]);
    world.ask(1, delete("web")).passes();
    world.exited(2, code(0)).passes();
    world.ask(2, apply([app("web")])).passes();
    assert_eq!(world.view(2).app.as_str(), "web");
}

#[test]
fn ids_begin_again_when_nothing_is_left() {
    let mut world = World::with_online([app("api"), app("web")]);
    world.ask(1, delete("all")).passes();
    world.exited(1, code(0)).passes();
    world.exited(2, code(0)).passes();
    world.ask(2, apply([app("new")])).passes();
    assert_eq!(world.view(0).app.as_str(), "new");
    assert_eq!(world.view(0).run, Some(protocol::RunId(3)), "runs do not");
}

#[test]
fn a_start_before_it_is_gone_keeps_it() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, delete("web")).passes();
    world
        .ask(2, start("web"))
        .gives("save; answer 1: web/0 stopping overtaken");
    world.exited(1, by(Signal::INT)).gives(
        "save
         note web/0#1 stopped: Restart, SIGINT
         launch web/0#2",
    );
}

#[test]
fn a_delete_overtakes_a_stop() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, stop("web")).passes();
    world
        .ask(2, delete("web"))
        .gives("save; answer 1: web/0 stopping overtaken");
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Operator, exit code 0
         note web deleted
         answer 2: web/0 stopped done",
    );
}

#[test]
fn two_who_delete_the_same_are_both_answered_that_it_is_done() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, delete("web")).passes();
    world.ask(2, delete("web")).gives("save");
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Operator, exit code 0
         note web deleted
         answer 1: web/0 stopped done
         answer 2: web/0 stopped done",
    );
}

#[test]
fn who_waits_for_the_last_words_of_what_was_deleted_is_told_of_its_death() {
    let mut world = World::new();
    world.ask(1, apply([app("web").with_delay(5000)])).passes();
    world.at(20).exited(1, code(1)).passes();
    world.ask(2, delete("web")).gives(
        "save
         note web deleted
         answer 1: web/0 stopped died (exit code 1 after 20ms [])
         answer 2: web/0 stopped done",
    );
    world.log_ended(1, &["too late"]).gives("");
}
