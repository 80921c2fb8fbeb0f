//! The dump: the fleet as it was, to be brought back.

use protocol::reply::DiskError;
use protocol::saved::Saved;
use protocol::view::StateView;
use protocol::{Reply, Request};

use fleet::{Event, Ticket};

use crate::spec::app;
use crate::with::With;
use crate::world::{World, code, delete, disk_full, stop};

fn read(ticket: u64, dump: Result<Saved, DiskError>) -> Event {
    let ticket = Ticket(ticket);
    Event::DumpRead { ticket, dump }
}

#[test]
fn a_dump_is_answered_when_the_shell_has_written_it() {
    let mut world = World::with_online([app("api"), app("web")]);
    world.ask(1, Request::Dump).gives("dump 2 for 1");
    let reply = Reply::Dumped {
        written: Err(disk_full()),
        file: "/home/dump.json".into(),
    };
    let ticket = Ticket(1);
    world.play(Event::Dumped { ticket, reply }).passes();
    assert!(matches!(
        world.reply(1),
        Reply::Dumped {
            written: Err(_),
            ..
        }
    ));
}

#[test]
fn what_was_dumped_comes_back_as_it_was_up_or_down() {
    let mut world = World::with_online([app("api"), app("web").with_instances(2)]);
    world.ask(1, stop("api 2")).passes();
    world.exited(1, code(0)).passes();
    world.exited(3, code(0)).passes();
    let dump = world.fleet.saved();
    world.ask(2, delete("all")).passes();
    world.exited(2, code(0)).passes();
    assert_eq!(world.names(), "");
    world.ask(3, Request::Resurrect).gives("read dump for 3");
    world.play(read(3, Ok(dump))).gives(
        "save
         note api applied: 1
         note web applied: 2
         launch web/0#4",
    );
    world.launched(4).passes();
    world.due(1500).gives(
        "note web/0#4 ready by age after 500ms
         answer 3: api/0 stopped already, web/0 online done, web/1 stopped already",
    );
    assert_eq!(world.state(0), StateView::Stopped);
}

#[test]
fn what_is_there_is_left_alone() {
    let mut world = World::with_online([app("web")]);
    let dump = world.fleet.saved();
    world.ask(1, Request::Resurrect).passes();
    world
        .play(read(1, Ok(dump)))
        .gives("answer 1: nothing to do");
}

#[test]
fn a_dump_that_cannot_be_read_is_a_refusal() {
    let mut world = World::with_online([app("web")]);
    world.ask(1, Request::Resurrect).passes();
    world.play(read(1, Err(disk_full()))).passes();
    assert!(matches!(world.reply(1), Reply::Refused { .. }));
}

#[test]
fn a_dump_that_comes_while_the_daemon_ends_brings_nothing_back() {
    let mut world = World::with_online([app("web")]);
    let mut dump = world.fleet.saved();
    dump.apps[0].spec = std::sync::Arc::new(app("other"));
    world.ask(1, Request::Resurrect).passes();
    world.shut_down().passes();
    world
        .play(read(1, Ok(dump)))
        .gives("answer 1: refused ShuttingDown");
    assert_eq!(world.names(), "web/0");
}
