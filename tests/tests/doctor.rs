//! What a machine lacks, found out by the daemon on a process that it throws away.

use std::io;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use protocol::{Lack, LackOf};
use rustix::net::{RecvFlags, recv};
use serde_json::Value;
use tests::processes::{self, Process};
use tests::{Home, Outcome, binaries, runtimes};

/// The numbers of errors. Source: errno(3).
const EPERM: i32 = 1;
const ENOSYS: i32 = 38;
const ENOPROTOOPT: i32 = 92;
const EPROTONOSUPPORT: i32 = 93;

/// What is said of the machine by a daemon that is refused one thing.
fn without(what: &str) -> (Outcome, Vec<Lack>) {
    let mut home = Home::empty();
    let refuse = binaries::workspace().join("tests/servers/refuse");
    home.wrap_daemon([refuse.as_os_str(), what.as_ref()]);
    home.start_daemon();
    let shown = home.ctl(["doctor"]).exits(1);
    let told = home.ctl(["doctor", "--json"]).exits(1);
    let lacks = serde_json::from_value(told.json()["lacks"].clone());
    (shown, lacks.expect("what is missing can be read"))
}

#[track_caller]
fn assert_named(what: &str, of: LackOf, errno: i32, words: &[&str]) {
    let (shown, lacks) = without(what);
    assert_eq!(lacks, [Lack { of, errno }], "{shown}");
    shown.shows(words);
}

#[test]
fn where_nothing_is_missing_that_is_said() {
    let home = Home::new();
    let shown = home.ctl(["doctor"]).ok();
    shown.shows(&["kernel ", "an app lacks nothing here"]);
    let told = home.ctl(["doctor", "--json"]).ok().json();
    assert_eq!(told["lacks"], Value::Array(Vec::new()), "{told}");
}

#[test]
fn a_daemon_of_an_ordinary_user_lacks_nothing_either() {
    let Some(user) = runtimes::user() else {
        return;
    };
    let mut home = Home::empty();
    home.run_as(&user);
    home.start_daemon();
    let shown = home.ctl(["doctor"]).ok();
    shown.shows(&["an app lacks nothing here"]);
}

#[test]
fn a_filter_that_is_refused_is_named() {
    let words = ["no filter", "not implemented", "hint: a kernel from 5.9"];
    assert_named("filter", LackOf::Filter, ENOSYS, &words);
}

#[test]
fn duplicates_that_are_refused_are_named() {
    let words = ["duplicated", "not permitted", "SYS_PTRACE"];
    assert_named("duplicate", LackOf::Duplicate, EPERM, &words);
}

#[test]
fn tracing_that_is_refused_is_named() {
    let words = ["traced", "not permitted", "ptrace_scope"];
    assert_named("trace", LackOf::Trace, EPERM, &words);
}

#[test]
fn a_selector_that_is_refused_is_named() {
    let words = ["choose who gets a new connection"];
    assert_named("selector", LackOf::Selector, ENOPROTOOPT, &words);
}

#[test]
fn a_list_of_connections_that_is_refused_is_named() {
    let words = ["does not tell which connections", "modprobe"];
    assert_named("diagnosis", LackOf::Diagnosis, EPROTONOSUPPORT, &words);
}

#[test]
fn nothing_is_left_of_an_examination() {
    let home = Home::new();
    let daemon = home.daemon().pid.to_string();
    let before = (threads(&daemon), descriptors(&daemon));
    for _ in 0..3 {
        home.ctl(["doctor"]).ok();
    }
    let is_child = |pid: &u32| processes::status_of(*pid, "PPid").as_ref() == Some(&daemon);
    let child = processes::all().into_iter().find(is_child);
    assert_eq!(child, None, "it is left, or was not reaped");
    // The last client's descriptor and the last step of the thread go a moment later.
    let is_as_before = || threads(&daemon) <= before.0 && descriptors(&daemon) <= before.1;
    while !is_as_before() {
        let late = home.deadline().is_over();
        assert!(!late, "something is left: {before:?}");
        home.ctl(["ping"]).ok();
    }
}

fn threads(pid: &str) -> usize {
    count(&format!("/proc/{pid}/task"))
}

fn descriptors(pid: &str) -> usize {
    count(&format!("/proc/{pid}/fd"))
}

fn count(folder: &str) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn all_who_ask_at_once_are_told() {
    let home = Home::new();
    let ask = |_| home.ctl_follow(["doctor"]);
    let asked: Vec<_> = (0..20).map(ask).collect();
    for one in asked {
        one.await_line("reload       an app lacks nothing here");
    }
}

#[test]
fn what_stands_for_an_app_ends_with_its_daemon_though_its_call_waits() {
    let home = Home::empty();
    let (ours, theirs) = UnixStream::pair().expect("room for a socket");
    let mut child = Command::new(binaries::wsd())
        .arg("probe")
        .env_clear()
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
        .spawn()
        .expect("a probe can be started");
    let process = Process::open(child.id()).expect("a child is there until it is reaped");
    // Not taken, so the way to answer its call stays open for as long as this socket does.
    let said = recv(&ours, &mut [0; 16], RecvFlags::PEEK).map_err(io::Error::from);
    assert!(said.is_ok_and(|(_, bytes)| bytes > 0));
    assert!(process.is_alive());
    drop(ours);
    home.wait_end(&process);
    assert!(child.wait().expect("it is ours").success());
}
