//! The small requests: signal, flush, reset, and those that only read.

use config::Signal;
use protocol::{Reply, Request};

use fleet::{Event, Ticket};

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, code, stop, words};

fn signal(typed: &str) -> Request {
    Request::Signal {
        select: words(typed),
        signal: Signal::TERM,
    }
}

fn reset(typed: &str) -> Request {
    let select = words(typed);
    Request::Reset { select }
}

#[test]
fn a_signal_goes_to_the_leaders_of_what_runs() {
    let mut world = World::with_online([app("api"), app("web").with_instances(2)]);
    world.ask(1, stop("web")).passes();
    world.exited(2, code(0)).passes();
    world.ask(2, signal("all")).gives(
        "SIGTERM to leader #1
         SIGTERM to leader #3
         answer 2: signalled [InstanceId(0), InstanceId(2)]",
    );
}

#[test]
fn a_leader_that_is_gone_gets_no_signal() {
    let mut world = World::with_online([app("web")]);
    world.leader_exited(1, code(1)).passes();
    world.ask(1, signal("web")).gives("answer 1: signalled []");
}

#[test]
fn what_is_still_being_launched_gets_no_signal() {
    let mut world = World::new();
    world.ask(1, apply([app("web")])).passes();
    world.ask(2, signal("web")).gives("answer 2: signalled []");
}

#[test]
fn a_flush_names_the_files_of_each_instance_and_is_answered_by_the_shell() {
    let mut world = World::with_online([app("api"), app("web").with_instances(2)]);
    let select = words("web");
    world
        .ask(1, Request::Flush { select })
        .gives("flush /l/web-1.log /l/web-2.log for 1");
    let reply = Reply::Flushed {
        files: vec!["/l/web-1.log".into()],
        failed: vec![],
    };
    let ticket = Ticket(1);
    world
        .play(Event::Flushed { ticket, reply })
        .gives("answer 1: flushed 1/0");
}

#[test]
fn a_reset_zeroes_the_counters_and_leaves_the_run_alone() {
    let mut world = World::with_online([app("web").with_max_restarts(5)]);
    world.at(1500).exited(1, code(1)).passes();
    world.launched(2).passes();
    world.at(1600).exited(2, code(1)).passes();
    world.launched(3).passes();
    let view = world.view(0);
    assert_eq!(
        (view.restarts, view.unstable, view.failures),
        (2, (1, 5), 1)
    );
    world
        .ask(1, reset("web"))
        .gives("save; answer 1: web/0 launching done");
    let view = world.view(0);
    assert_eq!(
        (view.restarts, view.unstable, view.failures),
        (0, (0, 5), 0)
    );
}

#[test]
fn the_view_holds_every_instance_and_how_it_is() {
    let mut world = World::with_online([app("api"), app("web").with_instances(2)]);
    world.ask(1, Request::Ping).gives("answer 1: pong");
    world.ask(2, Request::List).gives("answer 2: view of 2");
    assert_eq!(world.names(), "api/0 web/0 web/1");
    let view = world.at(1700).view(1);
    assert_eq!(view.uptime, Some(config::Span::millis(1700)));
    assert_eq!(view.pid, Some(protocol::Pid(1002)));
}

#[test]
fn specifications_are_given_whole() {
    let mut world = World::with_online([app("api"), app("web").with_argument("--x")]);
    let select = words("web");
    world
        .ask(1, Request::Specs { select })
        .gives("answer 1: specs of web");
    let Reply::Specs { apps } = world.reply(1) else {
        panic!("specifications were asked for");
    };
    assert_eq!(apps[0], app("web").with_argument("--x"));
}

#[test]
fn what_the_shell_tells_is_told_on() {
    let mut world = World::with_online([app("web")]);
    let file = "/l/web.log".into();
    let notice = protocol::Notice::LogResumed { file };
    world
        .play(Event::Told { notice })
        .gives(r#"note LogResumed { file: "/l/web.log" }"#);
}
