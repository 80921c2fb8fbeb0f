//! A daemon that does not come up.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::home::Home;

/// A copy of `wsctl` in a folder of its own.
fn alone(home: &Home) -> PathBuf {
    let folder = home.work().join("bin");
    fs::create_dir(&folder).unwrap();
    let program = folder.join("wsctl");
    run(Command::new("cp")
        .arg(env!("CARGO_BIN_EXE_wsctl"))
        .arg(&program));
    program
}

/// Puts a program `wsd` beside `wsctl`.
fn put_wsd(beside: &Path, script: &str) {
    let wsd = beside.with_file_name("wsd");
    let write = "printf '#!/bin/sh\n%s\n' \"$1\" > \"$2\"; chmod 755 \"$2\"";
    run(Command::new("sh")
        .args(["-c", write, "sh", script])
        .arg(wsd));
}

/// Programs are written by processes of their own: a descriptor that is open for writing here could
/// be inherited by what another test starts, and then nobody can execute the file.
fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

/// Puts a program `wsd` beside a copy of `wsctl` and tries to start it.
fn started_with(script: &str) -> crate::home::Outcome {
    let home = Home::new();
    let program = alone(&home);
    put_wsd(&program, script);
    home.outcome(&mut home.command_of(&program, &["resurrect"]))
}

#[test]
fn a_wsctl_without_a_wsd_says_where_it_was_looked_for() {
    let home = Home::new();
    let program = alone(&home);
    let mut command = home.command_of(&program, &["resurrect"]);
    command.env("PATH", "/nowhere");
    let shown = home.outcome(&mut command);
    assert_eq!(shown.code, 3, "{shown}");
    insta::assert_snapshot!(shown.stderr);
}

#[test]
fn a_daemon_that_says_why_it_cannot_is_quoted() {
    let shown = started_with("echo 'error: the home is on fire'; exit 1");
    assert_eq!(shown.code, 3, "{shown}");
    insta::assert_snapshot!(shown.stderr);
}

#[test]
fn what_the_daemon_warns_of_on_its_way_up_is_passed_on_however_long_it_is() {
    let long = "x".repeat(3000);
    let warn = format!("for n in 1 2 3; do echo 'warning: '$n {long}; done");
    let shown = started_with(&format!("{warn}; echo 'error: no'; exit 1"));
    for number in 1..=3 {
        let line = format!("warning: {number} {long}\n");
        assert!(shown.stderr.contains(&line), "{shown}");
    }
    assert!(
        shown.stderr.contains("the daemon was not started: no\n"),
        "{shown}"
    );
}

#[test]
fn nothing_is_put_into_a_folder_that_is_in_use_for_something_else() {
    let home = Home::new();
    let folder = home.paths().home().to_owned();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(folder.join("photos")).unwrap();
    let program = alone(&home);
    put_wsd(&program, "echo 'error: asked'; exit 1");
    let shown = home.outcome(&mut home.command_of(&program, &["resurrect"]));
    assert_eq!(shown.code, 3, "{shown}");
    assert!(shown.stderr.contains("is open to other users"), "{shown}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "{shown}");
    fs::remove_dir(folder.join("photos")).unwrap();
    let shown = home.outcome(&mut home.command_of(&program, &["resurrect"]));
    assert!(shown.stderr.contains("not started: asked"), "{shown}");
}

#[test]
fn of_a_daemon_that_dies_the_log_is_quoted() {
    let shown = started_with("echo 'thread main panicked at home.rs' >&2; exit 101");
    assert_eq!(shown.code, 3, "{shown}");
    assert!(
        shown
            .stderr
            .contains("  | thread main panicked at home.rs\n"),
        "{shown}"
    );
}

#[test]
fn the_daemon_gets_a_session_and_a_log_of_its_own_and_no_secrets() {
    let home = Home::new();
    let program = alone(&home);
    let tell = "\
sid=$(cut -d' ' -f6 /proc/$$/stat)
[ \"$sid\" = $$ ] && own=yes
echo \"error: own session $own, at $PWD, $1, $WSD_HOME, secret $SECRET.\"
";
    put_wsd(&program, tell);
    let mut command = home.command_of(&program, &["resurrect"]);
    command.env("SECRET", "hunter2");
    let shown = home.outcome(&mut command);
    let expected = "own session yes, at /, run, HOME/home, secret .";
    assert!(shown.stderr.contains(expected), "{shown}");
    let mode = fs::metadata(home.paths().daemon_log())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_link_by_another_name_finds_the_wsd_beside_the_program() {
    let home = Home::new();
    let program = alone(&home);
    put_wsd(&program, "echo found");
    let link = home.work().join("pm2");
    symlink(&program, &link).unwrap();
    let shown = home.outcome(&mut home.command_of(&link, &["resurrect"]));
    assert!(
        shown.stderr.contains("the daemon was not started: found"),
        "{shown}"
    );
}
