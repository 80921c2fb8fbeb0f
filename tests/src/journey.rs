//! The life of a real app, as one test after another goes through it.

use protocol::view::StateView;

use crate::processes::Signal;
use crate::{Home, http};

/// What is to be seen of an app that runs.
#[derive(Debug, Clone, Copy)]
pub struct Signs<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it answers.
    pub port: u16,
    /// What it prints when it does.
    pub says: &'a str,
    /// Whether it prints that as an error.
    pub on_stderr: bool,
}

/// Waits for the app, asks it, kills it, waits for it to be back, stops it and forgets it.
///
/// # Panics
/// Where one of these does not happen.
#[track_caller]
pub fn live_and_die(home: &Home, signs: Signs<'_>) {
    answers(home, signs, 1);
    let process = home.process(signs.name);
    process.signal(Signal::KILL);
    home.wait_died(signs.name);
    home.wait_ready(signs.name);
    answers(home, signs, 2);
    let process = home.process(signs.name);
    home.ctl(["stop", signs.name]).ok();
    assert!(!process.is_alive());
    assert!(http::get(signs.port, "/health").is_err());
    assert_eq!(home.state(signs.name), StateView::Stopped);
    home.ctl(["delete", signs.name]).ok();
    assert_eq!(home.view().apps, []);
}

/// Waits until the app has said so often that it runs, and asks it.
///
/// # Panics
/// Where it does not answer as it should.
#[track_caller]
pub fn answers(home: &Home, signs: Signs<'_>, times: usize) {
    let logs = home.instance(signs.name).logs;
    let file = if signs.on_stderr { logs.err } else { logs.out };
    let file = file.expect("the app has a log");
    home.wait_file(&file, |text| text.matches(signs.says).count() == times);
    let response = http::get(signs.port, "/health").expect("the app answers");
    assert_eq!(response.code, 200);
    assert!(response.body.contains("\"ok\""), "{}", response.body);
}
