//! One run replaced by the next while both live: nobody who connects has to wait.

use protocol::LackOf;
use protocol::RunId;
use protocol::notice::ReadyBy;
use protocol::request::Existing;
use protocol::view::StateView;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, address, apply_to, code, reload};

/// A world in which run 2 listens, and is to replace run 1.
fn taken_over() -> World {
    let mut world = World::with_serving([app("web")]);
    world.ask(1, reload("web")).passes();
    world.at(1010).launched(2).passes();
    world.at(1200).listens(2, 3013).passes();
    world
}

#[test]
fn a_successor_takes_over_when_it_listens_and_the_old_run_drains_before_it_ends() {
    let mut world = World::with_serving([app("web")]);
    world.ask(1, reload("web")).gives(
        "save
         note web/0#1 replacing: Overlap
         launch web/0#2",
    );
    world
        .at(1010)
        .launched(2)
        .gives("note web/0#2 has pid 1002");
    world.at(1200).listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by listening after 200ms
         note web/0#2 took over
         drain #1",
    );
    world.at(1350).drained(1).gives(
        "retire #1 by SIGINT to tree, Adopt
         note web/0#1 stopping: Replaced",
    );
    world.retired(1, 3, 0).gives("");
    world.at(1400).exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0
         note web/0#2 replaced, overlap, took 400ms, pause 0ms, adopted 3, cut 0+0
         release #1
         answer 1: web/0 online done (overlap, took 400ms, pause 0ms, adopted 3, cut 0+0)",
    );
    assert_eq!(world.view(0).restarts, 1);
    assert_eq!(world.fleet.deadline(), None, "at rest nothing is due");
}

#[test]
fn age_does_not_make_a_successor_ready() {
    let mut world = World::with_serving([app("web")]);
    world.ask(1, reload("web")).passes();
    world.at(1010).launched(2).passes();
    world.at(4009).tick().gives("");
    world.ready(2, ReadyBy::Notify).gives("");
    world.listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by listening after 3009ms
         note web/0#2 took over
         drain #1",
    );
}

#[test]
fn what_is_under_way_too_long_is_cut_and_counted() {
    let mut world = taken_over();
    world.due(31_200).gives(
        "retire #1 by SIGINT to tree, Adopt
         note web/0#1 stopping: Replaced",
    );
    world.retired(1, 0, 2).passes();
    world.at(31_300).exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0
         note web/0#2 replaced, overlap, took 30300ms, pause 0ms, adopted 0, cut 2+0
         release #1
         answer 1: web/0 online done (overlap, took 30300ms, pause 0ms, adopted 0, cut 2+0)",
    );
}

#[test]
fn an_old_run_that_does_not_heed_its_signal_is_killed() {
    let mut world = taken_over();
    world.at(1300).drained(1).passes();
    world.due(2900).gives(
        "SIGKILL to tree #1
         note web/0#1 killed after 1600ms",
    );
    world.due(3900).gives("SIGKILL to tree #1");
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0
         note web/0#2 replaced, overlap, took 2900ms, pause 0ms
         release #1
         answer 1: web/0 online done (overlap, took 2900ms, pause 0ms)",
    );
}

#[test]
fn who_must_say_so_has_to_listen_and_to_say_so() {
    let spec = app("web").with_wait_ready();
    let mut world = World::with_serving([spec.clone()]);
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    world
        .listens(2, 3013)
        .gives("note web/0#2 listens at 0.0.0.0:3013");
    world.at(1100).ready(2, ReadyBy::Channel).gives(
        "steer web to #2, held
         note web/0#2 ready by channel after 100ms
         note web/0#2 took over
         drain #1",
    );

    let mut world = World::with_serving([spec]);
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    world.ready(2, ReadyBy::Channel).gives("");
    world.at(1100).listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by channel after 100ms
         note web/0#2 took over
         drain #1",
    );
}

#[test]
fn a_check_is_asked_of_a_successor_that_would_be_ready_before_clients_reach_it() {
    let mut world = World::with_serving([app("web").with_check("/health")]);
    world.ask(1, reload("web")).passes();
    world.at(1100).launched(2).passes();
    world.at(1300).listens(2, 3013).gives(
        "note web/0#2 listens at 0.0.0.0:3013
         check #2 at /health within 2800ms",
    );
    assert_eq!(world.view(0).run, Some(RunId(1)), "the old one serves");
    world.at(1310).ready(2, ReadyBy::Notify).gives("");
    world.at(1320).checked(2, Ok(())).gives(
        "steer web to #2, held
         note web/0#2 ready by its check after 320ms
         note web/0#2 took over
         drain #1",
    );
    world.checked(2, Ok(())).gives("");
}

#[test]
fn a_run_that_is_started_for_itself_is_not_checked() {
    let mut world = World::with_serving([app("web").with_check("/health")]);
    world.exited(1, code(1)).passes();
    world.launched(2).passes();
    world.listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by listening after 0ms
         release #1",
    );
}

#[test]
fn a_successor_has_to_listen_wherever_the_old_run_does() {
    let mut world = World::with_serving([app("web")]);
    world.listens(1, 9090).passes();
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    world
        .listens(2, 9090)
        .gives("note web/0#2 listens at 0.0.0.0:9090");
    world
        .listens(2, 8080)
        .gives("note web/0#2 listens at 0.0.0.0:8080");
    world.listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by listening after 0ms
         note web/0#2 took over
         drain #1",
    );
}

#[test]
fn another_specification_may_listen_elsewhere() {
    let mut world = World::with_serving([app("web")]);
    let other = app("web").with_argument("--port=3014");
    world.ask(1, apply_to(Existing::Reload, [other])).gives(
        "save
         note web applied: 1
         note web/0#1 replacing: Overlap
         launch web/0#2",
    );
    world.launched(2).passes();
    world.listens(2, 3014).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3014
         note web/0#2 ready by listening after 0ms
         note web/0#2 took over
         drain #1",
    );
    world.drained(1).passes();
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0
         note web/0#2 replaced, overlap, took 0ms, pause 0ms
         release #1
         answer 1: web/0 online done (overlap, took 0ms, pause 0ms)",
    );
}

#[test]
fn another_count_of_instances_is_no_other_program() {
    let mut world = World::with_serving([app("web")]);
    world.listens(1, 9090).passes();
    let more = app("web").with_instances(2);
    world.ask(1, apply_to(Existing::Reload, [more])).gives(
        "save
         note web applied: 2
         launch web/1#2
         note web/0#1 replacing: Overlap
         launch web/0#3",
    );
    world.launched(2).passes();
    world.launched(3).passes();
    world
        .listens(3, 9090)
        .gives("note web/0#3 listens at 0.0.0.0:9090");
    world.listens(3, 3013).gives(
        "steer web to #3, held
         note web/0#3 listens at 0.0.0.0:3013
         note web/0#3 ready by listening after 0ms
         note web/0#3 took over
         drain #1",
    );
}

#[test]
fn what_comes_before_the_news_of_the_launch_is_remembered() {
    let spec = app("web").with_wait_ready().with_check("/");
    let mut world = World::with_serving([spec]);
    world.ask(1, reload("web")).passes();
    world
        .at(1010)
        .listens(2, 3013)
        .gives("note web/0#2 listens at 0.0.0.0:3013");
    world.ready(2, ReadyBy::Channel).gives("");
    world
        .hindered(2, LackOf::Trace)
        .gives("note web/0#2 lacks Trace");
    world.at(1100).launched(2).gives(
        "note web/0#2 has pid 1002
         check #2 at / within 3s",
    );
    world.checked(2, Ok(())).passes();
    assert_eq!(world.view(0).listens, [address(3013)]);
    assert_eq!(world.view(0).lacks.len(), 1);
}

#[test]
fn what_only_costs_some_requests_does_not_forbid_an_overlap_and_is_told() {
    let mut world = World::with_serving([app("web")]);
    world
        .hindered(1, LackOf::Diagnosis)
        .gives("note web/0#1 lacks Diagnosis");
    world.hindered(1, LackOf::Diagnosis).gives("");
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    world.listens(2, 3013).passes();
    world
        .hindered(1, LackOf::Trace)
        .gives("note web/0#1 lacks Trace");
    world.drained(1).passes();
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Replaced, exit code 0
         note web/0#2 replaced, overlap, took 0ms, pause 0ms, lacks Trace, lacks Diagnosis
         release #1
         answer 1: web/0 online done (overlap, took 0ms, pause 0ms, lacks Trace, lacks Diagnosis)",
    );
}

#[test]
fn the_view_shows_the_run_that_serves_and_the_other_beside_it() {
    let mut world = World::with_serving([app("web")]);
    let shown = |world: &World| {
        let view = world.view(0);
        (view.state, view.run, view.beside)
    };
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    let (one, two) = (Some(RunId(1)), Some(RunId(2)));
    assert_eq!(shown(&world), (StateView::Online, one, two));
    world.listens(2, 3013).passes();
    assert_eq!(shown(&world), (StateView::Online, two, one));
    world.drained(1).passes();
    assert_eq!(shown(&world), (StateView::Online, two, one));
    world.exited(1, code(0)).passes();
    assert_eq!(shown(&world), (StateView::Online, two, None));
}

#[test]
fn a_reload_of_what_never_listened_stops_then_starts_it() {
    let mut world = World::with_online([app("bot")]);
    world.ask(1, reload("bot")).gives(
        "save
         note bot/0#1 replacing: Restart
         SIGINT to tree #1
         note bot/0#1 stopping: Restart",
    );
    world.at(1200).exited(1, code(0)).gives(
        "save
         note bot/0#1 stopped: Restart, exit code 0
         launch bot/0#2",
    );
    world.launched(2).passes();
    world.due(1700).gives(
        "note bot/0#2 ready by age after 500ms
         note bot/0#2 replaced, restart, took 200ms, pause 0ms
         answer 1: bot/0 online done (restart, took 200ms, pause 0ms)",
    );
}

#[test]
fn a_reload_starts_what_is_down() {
    let mut world = World::with_serving([app("web")]);
    world.ask(1, crate::world::stop("web")).passes();
    world.exited(1, code(0)).passes();
    world.ask(2, reload("web")).gives(
        "save
         steer web to nobody, held
         launch web/0#2",
    );
    world.launched(2).passes();
    world.listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by listening after 0ms
         answer 2: web/0 online done",
    );
}

#[test]
fn a_reload_launches_at_once_what_waits_after_a_death() {
    let mut world = World::with_serving([app("web").with_delay(5000)]);
    world.exited(1, code(1)).gives(
        "save
         steer web to nobody, held
         note web/0#1 died: exit code 1, lived 1s, next in 5s",
    );
    world.at(2000).ask(1, reload("web")).gives(
        "save
         launch web/0#2",
    );
}

#[test]
fn a_reload_brings_back_what_is_errored() {
    let mut world = World::with_serving([app("web").with_max_restarts(0)]);
    world.exited(1, code(1)).gives(
        "save
         steer web to nobody, not held
         note web/0#1 died: exit code 1, lived 1s, no next
         note web/0#1 errored: 1",
    );
    world.ask(1, reload("web")).gives(
        "save
         steer web to nobody, held
         launch web/0#2",
    );
    world.launched(2).passes();
    world.listens(2, 3013).gives(
        "steer web to #2, held
         note web/0#2 listens at 0.0.0.0:3013
         note web/0#2 ready by listening after 0ms
         answer 1: web/0 online done",
    );
}

#[test]
fn a_reload_of_what_is_not_ready_yet_restarts_it() {
    let mut world = World::with_serving([app("web")]);
    world.exited(1, code(1)).passes();
    world.launched(2).passes();
    world.at(1100).ask(1, reload("web")).gives(
        "save
         note web/0#2 replacing: Restart
         SIGINT to tree #2
         note web/0#2 stopping: Restart",
    );
    world.exited(2, code(0)).gives(
        "save
         note web/0#2 stopped: Restart, exit code 0
         launch web/0#3",
    );
    world.launched(3).passes();
    world.at(1300).listens(3, 3013).gives(
        "steer web to #3, held
         note web/0#3 listens at 0.0.0.0:3013
         note web/0#3 ready by listening after 200ms
         note web/0#3 replaced, restart, took 0ms, pause 0ms
         release #1
         answer 1: web/0 online done (restart, took 0ms, pause 0ms)",
    );
}

#[test]
fn a_reload_of_what_is_being_stopped_starts_it_when_it_is_gone() {
    let mut world = World::with_serving([app("web")]);
    world.ask(1, crate::world::stop("web")).gives(
        "save
         steer web to nobody, not held
         SIGINT to tree #1
         note web/0#1 stopping: Operator",
    );
    world.ask(2, reload("web")).gives(
        "save
         steer web to nobody, held
         answer 1: web/0 stopping overtaken",
    );
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 stopped: Restart, exit code 0
         launch web/0#2",
    );
}

#[test]
fn a_reload_that_succeeded_forgets_the_deaths() {
    let mut world = World::with_serving([app("web").with_max_restarts(5)]);
    world.exited(1, code(1)).passes();
    world.at(1010).exited(2, code(1)).passes();
    world.launched(3).passes();
    world.listens(3, 3013).passes();
    assert_eq!(world.view(0).unstable, (1, 5));
    world.ask(1, reload("web")).passes();
    world.launched(4).passes();
    world.listens(4, 3013).passes();
    assert_eq!(world.view(0).unstable, (1, 5), "it may come to nothing yet");
    world.drained(3).passes();
    world.exited(3, code(0)).passes();
    let view = world.view(0);
    assert_eq!((view.unstable, view.restarts), ((0, 5), 3));
    assert_eq!(view.last_death, None);
}

#[test]
fn news_of_a_hand_over_that_comes_twice_or_late_changes_nothing() {
    let mut world = taken_over();
    world.listens(2, 3013).gives("");
    world.launched(2).gives("");
    world.drained(2).gives("");
    world.drained(1).passes();
    world.drained(1).gives("");
    world.exited(1, code(0)).passes();
    world.retired(1, 9, 9).gives("");
    world.exited(1, code(0)).gives("");
    world.drained(1).gives("");
    world.listens(1, 3014).gives("");
}

#[test]
fn a_successor_that_passed_its_check_is_asked_again_where_the_old_run_listens_elsewhere_by_then() {
    let mut world = World::with_serving([app("web").with_check("/health")]);
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    world.listens(2, 3013).passes();
    world.listens(1, 9090).passes();
    world.at(1100).checked(2, Ok(())).gives("");
    world.at(1200).listens(2, 9090).gives(
        "note web/0#2 listens at 0.0.0.0:9090
         check #2 at /health within 2800ms",
    );
    world.checked(2, Ok(())).gives(
        "steer web to #2, held
         note web/0#2 ready by its check after 200ms
         note web/0#2 took over
         drain #1",
    );
}

#[test]
fn a_check_is_not_begun_when_there_is_no_time_left_for_it() {
    let mut world = World::with_serving([app("web").with_check("/health")]);
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    world.at(4000).listens(2, 3013).gives(
        "note web/0#2 listens at 0.0.0.0:3013
         SIGINT to tree #2
         note web/0#2 stopping: NotReady",
    );
}

#[test]
fn a_word_that_comes_during_the_check_is_remembered() {
    let mut world = World::with_serving([app("web").with_check("/health")]);
    world.ask(1, reload("web")).passes();
    world.launched(2).passes();
    world.listens(2, 3013).passes();
    world.listens(1, 9090).passes();
    world.ready(2, ReadyBy::Channel).gives("");
    world.exited(1, code(1)).gives(
        "save
         steer web to #2, held
         note web/0#1 died: exit code 1, lived 1s, next in 0ms
         note web/0#2 ready by channel after 0ms
         answer 1: web/0 online done",
    );
}
