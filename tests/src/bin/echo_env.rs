//! A fake app that prints what it was given, as one line of JSON, and lives on.

use std::collections::BTreeMap;
use std::fs;

use nix::unistd::{getegid, geteuid, getgid, getgroups, getpgrp, getpid, getppid, getsid, getuid};
use serde_json::{Value, json};
use tests::fixture;

fn main() {
    let environment: BTreeMap<String, String> = std::env::vars().collect();
    let groups: Vec<u32> = getgroups()
        .expect("a process has groups")
        .iter()
        .map(|group| group.as_raw())
        .collect();
    let given = json!({
        "arguments": std::env::args().skip(1).collect::<Vec<_>>(),
        "cwd": std::env::current_dir().expect("a process is somewhere"),
        "environment": environment,
        "descriptors": descriptors(),
        "pid": getpid().as_raw(),
        "parent": getppid().as_raw(),
        "group_leader": getpgrp().as_raw(),
        "session": getsid(None).expect("a process has a session").as_raw(),
        "uid": [getuid().as_raw(), geteuid().as_raw()],
        "gid": [getgid().as_raw(), getegid().as_raw()],
        "groups": groups,
    });
    fixture::say(&given.to_string());
    fixture::forever();
}

/// Each open descriptor's number and what it is; but for the one that reads this.
fn descriptors() -> BTreeMap<String, Value> {
    let folder = fs::read_dir("/proc/self/fd").expect("there is a /proc");
    folder
        .flatten()
        .filter_map(|entry| {
            let target = fs::read_link(entry.path()).ok()?;
            let is_reader = target.to_string_lossy().ends_with("/fd");
            let number = entry.file_name().to_string_lossy().into_owned();
            (!is_reader).then(|| (number, json!(target)))
        })
        .collect()
}
