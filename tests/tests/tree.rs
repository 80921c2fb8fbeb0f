//! Children of an app, and what its children left behind, end with it.

use protocol::Notice;
use serde_json::json;
use tests::processes::Signal;
use tests::{Home, Process, app, with};

/// The numbers of a forker's child and of its double-forked grandchild.
fn family_pids(home: &Home, name: &str) -> Vec<u32> {
    let is_whole = |said: &str| {
        let kin = said.lines().filter(|line| line.contains("child ")).count();
        kin == 2 && said.ends_with('\n')
    };
    let said = home.wait_file(&home.out_file(name), is_whole);
    let pids = said.lines().filter_map(|line| {
        let (kind, pid) = line.split_once(' ')?;
        kind.ends_with("child").then(|| pid.parse().ok())?
    });
    pids.collect()
}

/// The family itself, alive.
fn family(home: &Home, name: &str) -> Vec<Process> {
    let pids = family_pids(home, name);
    let family: Vec<Process> = pids.into_iter().filter_map(Process::open).collect();
    assert_eq!(alive(&family), 2);
    family
}

fn alive(family: &[Process]) -> usize {
    family.iter().filter(|process| process.is_alive()).count()
}

#[test]
fn a_stop_ends_children_and_double_forked_grandchildren() {
    let home = Home::new();
    home.start(&app("forker", "forker", &[]));
    let family = family(&home, "forker");
    home.ctl(["stop", "forker"]).ok();
    assert_eq!(alive(&family), 0);
}

#[test]
fn a_stop_kills_a_family_that_ignores_it() {
    let home = Home::new();
    let rule = json!({ "kill_timeout": 150 });
    home.start(&with(app("forker", "forker", &["--stubborn"]), rule));
    let family = family(&home, "forker");
    home.ctl(["stop", "forker"]).ok();
    assert_eq!(alive(&family), 0);
}

#[test]
fn a_crash_ends_children_and_double_forked_grandchildren() {
    let home = Home::new();
    home.start(&with(
        app("forker", "forker", &[]),
        json!({ "restart_delay": 60_000 }),
    ));
    let family = family(&home, "forker");
    home.process("forker").signal(Signal::KILL);
    home.wait_died("forker");
    assert_eq!(alive(&family), 0);
}

#[test]
fn a_crash_kills_a_family_that_ignores_being_asked() {
    let home = Home::new();
    let rule = json!({ "restart_delay": 60_000, "kill_timeout": 150 });
    home.start(&with(app("forker", "forker", &["--stubborn"]), rule));
    let family = family(&home, "forker");
    home.process("forker").signal(Signal::KILL);
    home.wait_died("forker");
    assert_eq!(alive(&family), 0);
}

#[test]
fn a_program_that_puts_itself_into_the_background_leaves_nothing_there() {
    let home = Home::new();
    let job = json!({ "autorestart": false });
    drop(home.try_start(&[with(app("forker", "forker", &["--leave"]), job)]));
    home.wait("`forker` finished", |notice| {
        matches!(notice, Notice::Finished { .. }).then_some(())
    });
    let family = family_pids(&home, "forker");
    assert_eq!(family.len(), 2);
    let left: Vec<Process> = family.into_iter().filter_map(Process::open).collect();
    assert_eq!(alive(&left), 0);
}

#[test]
fn without_treekill_only_the_leader_is_stopped() {
    let home = Home::new();
    home.start(&with(
        app("forker", "forker", &[]),
        json!({ "treekill": false }),
    ));
    let family = family(&home, "forker");
    let leader = home.process("forker");
    home.ctl(["stop", "forker"]).ok();
    home.wait_end(&leader);
    assert_eq!(alive(&family), 2);
    for process in &family {
        process.signal(Signal::KILL);
        home.wait_end(process);
    }
}

#[test]
fn a_stop_ends_what_has_left_the_session_with_an_empty_environment() {
    let home = Home::new();
    let script = "env -i setsid sleep 1000 &\necho \"child $!\"\nwait\n";
    let script = home.write("su.sh", script);
    let rule = json!({
        "name": "su", "script": script, "interpreter": "/bin/sh", "kill_timeout": 150,
    });
    home.start(&rule);
    let said = home.wait_file(&home.out_file("su"), |said| said.ends_with('\n'));
    let pid = said.trim().trim_start_matches("child ").parse();
    let child = Process::open(pid.expect("it is a number")).expect("it lives");
    home.ctl(["stop", "su"]).ok();
    assert!(!child.is_alive());
}
