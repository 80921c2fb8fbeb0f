//! A specification comes in, and an app of its name may be there.

use config::{Signal, Span};
use protocol::Reply;
use protocol::request::Existing;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, apply_to, by, code, delete, stop};

#[test]
fn converge_restarts_only_what_differs() {
    let mut world = World::with_online([app("api"), app("web")]);
    let changed = app("web").with_argument("--new");
    world.ask(1, apply([app("api"), changed])).gives(
        "save
         note web applied: 1
         SIGINT to tree #2
         note web/0#2 stopping: Restart",
    );
    world.exited(2, code(0)).passes();
    assert_eq!(world.launched_with(3).exec.args, ["--new"]);
    world.launched(3).passes();
    world.due(1500).gives(
        "note web/0#3 ready by age after 500ms
         answer 1: api/0 online already, web/0 online done",
    );
}

#[test]
fn converge_starts_what_is_down() {
    let mut world = World::with_online([app("web").with_instances(2)]);
    world.ask(1, stop("1")).passes();
    world.exited(2, code(0)).passes();
    world
        .ask(2, apply([app("web").with_instances(2)]))
        .gives("save; launch web/1#3");
    world.launched(3).passes();
    world.due(1500).gives(
        "note web/1#3 ready by age after 500ms
         answer 2: web/0 online already, web/1 online done",
    );
}

#[test]
fn converge_takes_the_new_environment_of_what_is_down() {
    let asked = |by: &str| app("web").with(|spec| spec.inherited.set("ASKED_BY", by));
    let mut world = World::with_online([asked("jane")]);
    world.ask(1, apply([asked("joe")])).passes();
    world.ask(2, stop("web")).passes();
    world.exited(1, code(0)).passes();
    world.ask(3, apply([asked("joe")])).passes();
    assert_eq!(
        world.launched_with(1).inherited.get("ASKED_BY"),
        Some("jane")
    );
    assert_eq!(
        world.launched_with(2).inherited.get("ASKED_BY"),
        Some("joe")
    );
}

#[test]
fn converge_restarts_every_instance_whatever_its_number() {
    let mut world = World::with_online([app("web").with_instances(3)]);
    world.ask(1, delete("0")).passes();
    world.exited(1, code(0)).passes();
    let changed = app("web").with_instances(2).with_argument("--new");
    world.ask(2, apply([changed])).gives(
        "save
         note web applied: 2
         SIGINT to tree #2
         note web/1#2 stopping: Restart
         SIGINT to tree #3
         note web/2#3 stopping: Restart",
    );
}

#[test]
fn converge_brings_back_what_is_being_deleted() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, delete("web")).passes();
    world.ask(2, apply([app("web")])).gives(
        "save
         note web applied: 1
         answer 1: web/0 stopping overtaken",
    );
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Restart, exit code 0
         launch web/0#2",
    );
}

#[test]
fn a_run_is_ended_by_the_rules_that_it_was_launched_with() {
    let mut world = World::with_online([app("web").with_instances(2)]);
    let changed = app("web").with_leader_only().with(|spec| {
        spec.stop.signal = Signal::TERM;
        spec.stop.timeout = Span::secs(60);
    });
    world.ask(1, apply([changed])).gives(
        "save
         note web applied: 1
         SIGINT to tree #1
         note web/0#1 stopping: Restart
         SIGINT to tree #2
         note web/1#2 stopping: Operator",
    );
    world.due(2600).gives(
        "SIGKILL to tree #1
         note web/0#1 killed after 1600ms
         SIGKILL to tree #2
         note web/1#2 killed after 1600ms",
    );
    world
        .due(3600)
        .gives("SIGKILL to tree #1; SIGKILL to tree #2");
    world.exited(1, by(Signal::KILL)).passes();
    world.launched(3).passes();
    world.ask(2, stop("web")).passes();
    assert_eq!(world.launched_with(3).stop.signal, Signal::TERM);
}

#[test]
fn restart_restarts_what_is_the_same_too() {
    let mut world = World::with_online([app("web")]);
    world
        .ask(1, apply_to(Existing::Restart, [app("web")]))
        .gives(
            "save
             note web applied: 1
             SIGINT to tree #1
             note web/0#1 stopping: Restart",
        );
}

#[test]
fn refuse_refuses_the_whole_request_where_one_is_up() {
    let mut world = World::with_online([app("web")]);
    world
        .ask(1, apply_to(Existing::Refuse, [app("api"), app("web")]))
        .gives(r#"answer 1: refused AlreadyUp { app: AppName("web") }"#);
    assert_eq!(world.names(), "web/0");
}

#[test]
fn refuse_starts_what_is_down() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, stop("web")).passes();
    world.exited(1, code(0)).passes();
    world
        .ask(2, apply_to(Existing::Refuse, [app("web")]))
        .gives("save; note web applied: 1; launch web/0#2");
}

#[test]
fn skip_leaves_what_is_there_and_starts_the_rest() {
    let mut world = World::with_online([app("web")]);
    let changed = app("web").with_argument("--new");
    world
        .ask(1, apply_to(Existing::Skip, [app("api"), changed]))
        .gives("save; note api applied: 1; launch api/0#2");
    world.launched(2).passes();
    world
        .due(1500)
        .gives("note api/0#2 ready by age after 500ms; answer 1: api/0 online done");
    world
        .ask(2, apply_to(Existing::Skip, [app("web")]))
        .gives("answer 2: nothing to do");
}

#[test]
fn a_name_twice_in_one_request_is_refused() {
    let mut world = World::new();
    world
        .ask(1, apply([app("web"), app("api"), app("web")]))
        .gives(r#"answer 1: refused NameTwice { app: AppName("web") }"#);
    assert_eq!(world.names(), "");
}

#[test]
fn no_app_at_all_is_refused() {
    let mut world = World::new();
    world.ask(1, apply([])).gives("answer 1: refused Empty");
}

#[test]
fn another_user_needs_a_daemon_that_is_root() {
    let mut world = World::new();
    world
        .ask(1, apply([app("web").with_user(33)]))
        .gives(r#"answer 1: refused NotRoot { app: AppName("web") }"#);
    world.ask(2, apply([app("web").with_user(1000)])).passes();
    assert_eq!(world.launches(), 1, "its own user is nobody else");
    let mut root = World::with_fleet(fleet::Fleet::new(0));
    root.ask(1, apply([app("web").with_user(33)])).passes();
    assert_eq!(root.launches(), 1);
}

#[test]
fn a_refused_request_may_be_asked_again() {
    let mut world = World::with_online([app("web")]);
    let request = apply_to(Existing::Refuse, [app("web")]);
    world.ask_as(1, "one", request.clone()).passes();
    world.ask(2, stop("web")).passes();
    world.exited(1, code(0)).passes();
    world.ask_as(3, "one", request).passes();
    assert!(matches!(world.reply(1), Reply::Refused { .. }));
    assert_eq!(world.launches(), 2);
}
