//! What dies by itself is started again: when, and when no more.

use config::{Signal, Span};
use protocol::view::StateView;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, by, code, start};

#[test]
fn a_crash_is_followed_by_a_new_run_in_the_same_turn() {
    let mut world = World::with_online([app("web")]);
    world.at(5000).exited(1, by(Signal::KILL)).gives(
        "save
         note web/0#1 died: SIGKILL, lived 5s, next in 0ms
         launch web/0#2",
    );
    assert_eq!(world.view(0).restarts, 1);
    world.launched(2).passes();
    world
        .due(5500)
        .gives("note web/0#2 ready by age after 500ms");
    assert_eq!(world.view(0).last_exit, Some(by(Signal::KILL)));
}

#[test]
fn an_exit_code_of_zero_is_a_crash_too() {
    let mut world = World::with_online([app("web")]);
    world.exited(1, code(0)).gives(
        "save
         note web/0#1 died: exit code 0, lived 1s, next in 0ms
         launch web/0#2",
    );
}

#[test]
fn too_many_instant_crashes_end_in_errored() {
    let mut world = World::new();
    world
        .ask(1, apply([app("web").with_max_restarts(3)]))
        .passes();
    world.at(20).exited(1, code(1)).gives(
        "save
         note web/0#1 died: exit code 1, lived 20ms, next in 0ms
         launch web/0#2",
    );
    world
        .log_ended(1, &["no database"])
        .gives("answer 1: web/0 launching died (exit code 1 after 20ms [no database])");
    world.at(40).exited(2, code(1)).passes();
    world.at(60).exited(3, code(1)).gives(
        "save
         note web/0#3 died: exit code 1, lived 20ms, no next
         note web/0#3 errored: 3",
    );
    assert_eq!(world.state(0), StateView::Errored);
    assert_eq!(world.fleet.deadline(), None, "nothing more is tried");
    assert_eq!(world.view(0).restarts, 2);
}

#[test]
fn a_start_brings_back_what_is_errored_with_counters_at_zero() {
    let mut world = World::with_online([app("web").with_max_restarts(1)]);
    world.exited(1, code(1)).passes();
    world.launched(2).passes();
    world.at(1100).exited(2, code(1)).passes();
    assert_eq!(world.state(0), StateView::Errored);
    assert_eq!(world.view(0).unstable, (1, 1));
    world.ask(1, start("web")).gives("save; launch web/0#3");
    assert_eq!(world.view(0).unstable, (0, 1));
    assert_eq!(world.view(0).last_death, None);
}

#[test]
fn no_restarts_allowed_is_errored_at_the_first_death() {
    let mut world = World::with_online([app("web").with_max_restarts(0)]);
    world.at(3_600_000).exited(1, code(1)).gives(
        "save
         note web/0#1 died: exit code 1, lived 1h, no next
         note web/0#1 errored: 1",
    );
}

#[test]
fn a_growing_delay_grows_by_half_and_starts_anew_after_half_a_minute_of_life() {
    let mut world = World::with_online([app("web").with_backoff(100)]);
    world.exited(1, code(1)).gives(
        "save
         note web/0#1 died: exit code 1, lived 1s, next in 100ms",
    );
    assert_eq!(world.state(0), StateView::WaitingRestart);
    assert_eq!(world.view(0).next_in, Some(Span(100)));
    world.due(1100).gives("save; launch web/0#2");
    world.at(1200).exited(2, code(1)).gives(
        "save
         note web/0#2 died: exit code 1, lived 100ms, next in 150ms",
    );
    world.due(1350).gives("save; launch web/0#3");
    world.at(1450).exited(3, code(1)).gives(
        "save
         note web/0#3 died: exit code 1, lived 100ms, next in 225ms",
    );
    world.due(1675).gives("save; launch web/0#4");
    world.launched(4).passes();
    world.due(2175).passes();
    world.at(31_674).exited(4, code(1)).gives(
        "save
         note web/0#4 died: exit code 1, lived 29999ms, next in 337ms",
    );
    world.due(32_011).gives("save; launch web/0#5");
    world.launched(5).passes();
    world.due(32_511).passes();
    world.at(62_011).exited(5, code(1)).gives(
        "save
         note web/0#5 died: exit code 1, lived 30s, next in 100ms",
    );
    assert_eq!(world.view(0).failures, 0, "it was no failure to start");
}

#[test]
fn a_fixed_delay_stays_as_it_is() {
    let mut world = World::with_online([app("web").with_delay(5000)]);
    for n in 1..=5 {
        let at = 1000 * n + 5000 * (n - 1);
        world.at(at).exited(n, code(1)).passes();
        assert_eq!(world.view(0).next_in, Some(Span::secs(5)));
        world.at(at + 4999).tick().gives("");
        let launch = format!("save; launch web/0#{}", n + 1);
        world.due(at + 5000).gives(&launch);
    }
}

#[test]
fn the_guides_app_tries_on_for_as_long_as_its_database_is_down_and_is_back_by_itself() {
    let guide = app("workscript-api").with_max_restarts(10).with_delay(5000);
    let mut world = World::new();
    world.ask(1, apply([guide])).passes();
    for n in 1..=1000 {
        let born = 5200 * (n - 1);
        world.at(born + 3).launched(n).passes();
        world.at(born + 200).exited(n, code(1)).passes();
        assert_eq!(world.state(0), StateView::WaitingRestart, "after {n} tries");
        assert_eq!(u64::from(world.view(0).failures), n);
        let launch = format!("save; launch workscript-api/0#{}", n + 1);
        world.due(born + 5200).gives(&launch);
    }
    let born = 5200 * 1000;
    world.at(born + 3).launched(1001).passes();
    world
        .due(born + 503)
        .gives("note workscript-api/0#1001 ready by age after 503ms");
    assert_eq!(world.state(0), StateView::Online);
    assert_eq!(world.view(0).restarts, 1000);
}

#[test]
fn deaths_count_within_a_window_that_slides() {
    let mut world = World::with_online([app("web").with_max_restarts(3)]);
    // Each life is short, and never more than two deaths fall into three seconds.
    for n in 1..=20 {
        let at = 1000 + 1600 * n;
        world.at(at).exited(n, code(1)).passes();
        world.at(at + 900).launched(n + 1).passes();
        assert_ne!(world.state(0), StateView::Errored, "after {n} deaths");
    }
}

#[test]
fn a_day_of_good_life_does_not_disarm_the_giving_up() {
    let mut world = World::with_online([app("web").with_max_restarts(2)]);
    let day = 86_400_000;
    world.at(day).exited(1, code(1)).passes();
    world.at(day + 100).exited(2, code(1)).passes();
    world.at(day + 200).exited(3, code(1)).gives(
        "save
         note web/0#3 died: exit code 1, lived 100ms, no next
         note web/0#3 errored: 2",
    );
}

#[test]
fn each_instance_has_a_backoff_of_its_own() {
    let spec = app("web").with_instances(2).with_max_restarts(1);
    let mut world = World::with_online([spec]);
    world.exited(1, code(1)).passes();
    world.exited(3, code(1)).passes();
    assert_eq!(world.state(0), StateView::Errored);
    assert_eq!(world.state(1), StateView::Online);
}

#[test]
fn nobody_saw_how_it_ended_and_it_counts_as_a_crash() {
    let mut world = World::with_online([app("web").with_stop_codes(&[0])]);
    world.exited(1, protocol::ExitStatus::Unknown).gives(
        "save
         note web/0#1 died: unknown, lived 1s, next in 0ms
         launch web/0#2",
    );
}
