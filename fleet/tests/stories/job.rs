//! Programs that may end: jobs, and exit codes after which nothing is started again.

use config::Signal;
use protocol::view::StateView;

use crate::spec::app;
use crate::with::With;
use crate::world::{World, apply, by, code, start};

#[test]
fn a_job_that_ends_has_ended_and_is_not_started_again() {
    let mut world = World::new();
    world
        .ask(1, apply([app("job").without_autorestart()]))
        .passes();
    world
        .at(100)
        .exited(1, code(0))
        .gives("save; note job/0#1 finished: exit code 0");
    world
        .log_ended(1, &["all sent"])
        .gives("answer 1: job/0 stopped finished (exit code 0, Expected, [all sent])");
    assert_eq!(world.fleet.deadline(), None);
    world
        .at(200)
        .ask(2, start("job"))
        .gives("save; launch job/0#2");
}

#[test]
fn a_job_that_fails_is_answered_with_its_code() {
    let mut world = World::new();
    world
        .ask(1, apply([app("job").without_autorestart()]))
        .passes();
    world
        .at(100)
        .exited(1, code(3))
        .gives("save; note job/0#1 finished: exit code 3");
    world
        .log_ended(1, &["no such table"])
        .gives("answer 1: job/0 stopped finished (exit code 3, Unexpected, [no such table])");
}

#[test]
fn a_job_that_ends_by_a_code_that_is_listed_was_expected_to() {
    let mut world = World::new();
    world
        .ask(1, apply([app("job").with_stop_codes(&[3])]))
        .passes();
    world.at(100).exited(1, code(3)).passes();
    world
        .log_ended(1, &[])
        .gives("answer 1: job/0 stopped finished (exit code 3, Expected, [])");
}

#[test]
fn a_job_that_was_online_may_end_later() {
    let mut world = World::with_online([app("job").without_autorestart()]);
    world
        .at(9000)
        .exited(1, by(Signal::TERM))
        .gives("save; note job/0#1 finished: SIGTERM");
    assert_eq!(world.state(0), StateView::Stopped);
}

#[test]
fn an_exit_code_that_is_listed_ends_the_app() {
    let mut world = World::with_online([app("web").with_stop_codes(&[0, 143])]);
    world
        .exited(1, code(143))
        .gives("save; note web/0#1 finished: exit code 143");
    assert_eq!(world.state(0), StateView::Stopped);
}

#[test]
fn an_exit_code_that_is_not_listed_is_a_crash() {
    let mut world = World::with_online([app("web").with_stop_codes(&[0, 143])]);
    world.exited(1, code(1)).gives(
        "save
         note web/0#1 died: exit code 1, lived 1s, next in 0ms
         launch web/0#2",
    );
}

#[test]
fn a_death_by_a_signal_is_no_exit_code() {
    let codes = [0, 15, 143, 128 + 15];
    let mut world = World::with_online([app("web").with_stop_codes(&codes)]);
    world.exited(1, by(Signal::TERM)).gives(
        "save
         note web/0#1 died: SIGTERM, lived 1s, next in 0ms
         launch web/0#2",
    );
}

#[test]
fn what_has_finished_stays_down_after_a_boot() {
    let mut world = World::with_online([app("job").without_autorestart()]);
    world.exited(1, code(0)).passes();
    let mut fleet = fleet::Fleet::new(1000);
    fleet.restore(world.saved().expect("it was saved").clone());
    let mut next = World::with_fleet(fleet);
    next.tick().gives("");
    assert_eq!(next.state(0), StateView::Stopped);
}
