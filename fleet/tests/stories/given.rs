//! Listening sockets that an app is given, which are open before its program runs.

use std::path::PathBuf;

use config::{Address, AppSpec};
use protocol::RunId;
use protocol::notice::ReadyBy;
use protocol::request::Existing;

use fleet::Event;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, address, apply_to, code, reload};

/// An app that is given port 3013.
fn given() -> AppSpec {
    app("web").with(|spec| spec.handover.listen = vec![address(3013)])
}

/// A reload of it whose successor, run 2, is given its socket, and is not launched yet.
fn begun(spec: AppSpec) -> World {
    let mut world = World::with_serving([spec]);
    world.ask(1, reload("web")).gives(
        "save
         note web/0#1 replacing: Overlap
         launch web/0#2",
    );
    world
        .listens(2, 3013)
        .gives("note web/0#2 listens at 0.0.0.0:3013");
    world
}

#[test]
fn a_successor_that_is_given_its_socket_takes_over_when_it_has_lived() {
    let mut world = begun(given());
    world
        .at(1010)
        .launched(2)
        .gives("note web/0#2 has pid 1002");
    world.due(1510).gives(
        "steer web to #2, held
         note web/0#2 ready by age after 510ms
         note web/0#2 took over
         drain #1",
    );
}

#[test]
fn a_successor_that_dies_before_it_has_lived_never_served() {
    let mut world = begun(given());
    world.at(1010).launched(2).passes();
    world
        .at(1400)
        .exited(2, code(1))
        .gives("note web/0#1 kept: exit code 1; release #2");
}

#[test]
fn a_successor_that_is_given_its_socket_takes_over_by_its_word() {
    let mut world = begun(given().with_wait_ready());
    world.at(1010).launched(2).passes();
    world.at(3000).ready(2, ReadyBy::Notify).gives(
        "steer web to #2, held
         note web/0#2 ready by notify after 2s
         note web/0#2 took over
         drain #1",
    );
    let mut world = begun(given().with_wait_ready());
    world.at(1010).launched(2).passes();
    world.due(4010).gives(
        "SIGINT to tree #2
         note web/0#2 stopping: NotReady",
    );
}

#[test]
fn the_word_of_a_successor_counts_though_nobody_asked_for_it() {
    let mut world = begun(given());
    world.launched(2).passes();
    world.at(1100).ready(2, ReadyBy::Notify).gives(
        "steer web to #2, held
         note web/0#2 ready by notify after 100ms
         note web/0#2 took over
         drain #1",
    );
}

#[test]
fn a_successor_that_is_given_its_socket_takes_over_by_its_check() {
    let mut world = begun(given().with_check("/health"));
    world.launched(2).gives(
        "note web/0#2 has pid 1002
         check #2 at /health within 3s",
    );
    world.at(3000).checked(2, Ok(())).gives(
        "steer web to #2, held
         note web/0#2 ready by its check after 2s
         note web/0#2 took over
         drain #1",
    );
}

#[test]
fn a_socket_that_is_given_is_no_sign_where_the_old_run_has_one_of_its_own() {
    let mut world = World::with_serving([given()]);
    world.listens(1, 3014).passes();
    world.ask(1, reload("web")).passes();
    world.listens(2, 3013).passes();
    world.launched(2).passes();
    world.at(3000).listens(2, 3014).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3014
         note web/0#2 ready by listening after 2s
         note web/0#2 took over
         drain #1",
    );
}

#[test]
fn a_socket_that_is_told_of_after_the_launch_is_given_all_the_same() {
    let mut world = World::with_serving([given()]);
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    world
        .at(1010)
        .listens(2, 3013)
        .gives("note web/0#2 listens at 0.0.0.0:3013");
    world.due(1510).gives(
        "steer web to #2, held
         note web/0#2 ready by age after 510ms
         note web/0#2 took over
         drain #1",
    );
}

#[test]
fn where_the_old_run_comes_to_listen_by_itself_its_successor_has_to() {
    let mut world = begun(given());
    world.launched(2).passes();
    world.at(1100).listens(1, 3014).passes();
    world.due(4100).gives(
        "SIGINT to tree #2
         note web/0#2 stopping: NotReady",
    );
    world
        .exited(2, code(0))
        .gives("note web/0#1 kept: not listening at [0.0.0.0:3014] within 3s; release #2");
}

#[test]
fn after_a_death_clients_wait_until_the_next_run_has_lived_with_what_it_is_given() {
    let mut world = World::with_serving([given()]);
    world.at(2000).exited(1, code(1)).passes();
    world
        .listens(2, 3013)
        .gives("note web/0#2 listens at 0.0.0.0:3013");
    world
        .at(2010)
        .launched(2)
        .gives("note web/0#2 has pid 1002");
    world.due(2510).gives(
        "steer web to #2, held
         note web/0#2 ready by age after 510ms
         release #1",
    );
}

#[test]
fn a_successor_that_is_given_what_the_old_run_had_by_itself_has_to_live() {
    for port in [3013, 3014] {
        let mut world = World::with_serving([app("web")]);
        let other = app("web").with(|spec| spec.handover.listen = vec![address(port)]);
        world.ask(1, apply_to(Existing::Reload, [other])).passes();
        world.listens(2, port).passes();
        world.launched(2).gives("note web/0#2 has pid 1002");
        world.due(1500).gives(
            "steer web to #2, held
             note web/0#2 ready by age after 500ms
             note web/0#2 took over
             drain #1",
        );
    }
}

#[test]
fn a_successor_that_is_not_given_its_socket_any_more_has_to_listen() {
    let mut world = World::with_serving([given()]);
    world
        .ask(1, apply_to(Existing::Reload, [app("web")]))
        .passes();
    world.launched(2).passes();
    world.at(3000).listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by listening after 2s
         note web/0#2 took over
         drain #1",
    );
}

#[test]
fn a_socket_file_is_given_under_whatever_name_its_folder_is_told() {
    let file = |path: &str| Address::Unix(PathBuf::from(path));
    let spec = app("web").with(|spec| spec.handover.listen = vec![file("/var/run/web.sock")]);
    let mut world = World::with_online([spec]);
    let listens = |run| Event::Listening {
        run: RunId(run),
        at: file("/run/web.sock"),
    };
    world.play(listens(1)).passes();
    world.ask(1, reload("web")).passes();
    world.play(listens(2)).passes();
    world.launched(2).gives("note web/0#2 has pid 1002");
    world.due(1500).gives(
        "steer web to #2, held
         note web/0#2 ready by age after 500ms
         note web/0#2 took over
         drain #1",
    );
}
