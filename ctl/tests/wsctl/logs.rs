//! Following logs: the end of a file, what comes after it, and what happens to the file.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use config::spec::LogPaths;
use protocol::View;

use crate::fixtures::app;
use crate::home::Home;
use crate::reading::{save, spec};

/// How long a line may take to come. Far more than it does; a bound, not a wait.
const LIMIT: Duration = Duration::from_secs(20);

/// A home whose one app writes to files of the test.
fn logging() -> (Home, PathBuf, PathBuf) {
    let home = Home::new();
    let (out, err) = (home.work().join("out.log"), home.work().join("err.log"));
    let mut web = app("web", &[0]);
    web.instances[0].logs = LogPaths {
        out: Some(out.clone()),
        err: Some(err.clone()),
        combined: None,
    };
    home.showing(View {
        apps: vec![web],
        ..View::default()
    });
    (home, out, err)
}

fn append(file: &Path, text: &str) {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// A `wsctl logs` that goes on, and the lines that it prints.
struct Follower {
    child: Child,
    lines: Receiver<String>,
}

impl Follower {
    fn new(home: &Home, arguments: &[&str]) -> Self {
        let mut command = home.command(arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        thread::spawn(move || out.lines().for_each(|line| drop(send.send(line.unwrap()))));
        Self { child, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(LIMIT).expect("a line comes")
    }

    fn interrupt(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-INT", &pid])
            .status();
        assert!(sent.unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn the_last_lines_of_each_file_come_behind_whose_they_are() {
    let (home, out, err) = logging();
    append(&err, "oh\n");
    append(&out, "one\ntwo\nthree\n");
    let earlier = File::options().append(true).open(&err).unwrap();
    earlier.set_modified(std::time::UNIX_EPOCH).unwrap();
    let shown = home.ctl(&["logs", "web", "--nostream", "--lines", "2"]);
    assert_eq!(shown.code, 0, "{shown}");
    assert_eq!(shown.stdout, "0|web | oh\n0|web | two\n0|web | three\n");
    assert!(
        shown.stderr.contains("HOME/work/out.log, last 2 lines:"),
        "{shown}"
    );
}

#[test]
fn one_stream_can_be_had_alone_and_raw() {
    let (home, out, err) = logging();
    append(&out, "fine\nopen end");
    append(&err, "oh\n");
    let shown = home.ctl(&["logs", "web", "--nostream", "--raw", "--out"]);
    assert_eq!(shown.stdout, "fine\nopen end\n");
    assert_eq!(shown.stderr, "");
    let shown = home.ctl(&["logs", "web", "--nostream", "--raw", "--err"]);
    assert_eq!(shown.stdout, "oh\n");
}

#[test]
fn what_is_added_comes_and_ctrl_c_is_a_good_end() {
    let (home, out, _) = logging();
    append(&out, "old\n");
    let follower = Follower::new(&home, &["logs", "web"]);
    assert_eq!(follower.line(), "0|web | old");
    append(&out, "new, in two ");
    append(&out, "pieces\n");
    assert_eq!(follower.line(), "0|web | new, in two pieces");
    assert_eq!(follower.interrupt(), Some(0));
}

#[test]
fn a_rotation_by_rename_loses_and_doubles_nothing() {
    let (home, out, _) = logging();
    append(&out, "1\n");
    let follower = Follower::new(&home, &["logs", "web", "--raw"]);
    assert_eq!(follower.line(), "1");
    let mut expected = Vec::new();
    for round in 0..20 {
        let mut old = OpenOptions::new().append(true).open(&out).unwrap();
        fs::rename(&out, out.with_extension(round.to_string())).unwrap();
        writeln!(old, "{round} after the rename").unwrap();
        writeln!(File::create(&out).unwrap(), "{round} in the next").unwrap();
        expected.push(format!("{round} after the rename"));
        expected.push(format!("{round} in the next"));
        let got: Vec<String> = (0..2).map(|_| follower.line()).collect();
        assert_eq!(got, expected[expected.len() - 2..]);
    }
    append(&out, "end\n");
    assert_eq!(follower.line(), "end");
}

#[test]
fn a_truncated_file_is_read_from_its_start() {
    let (home, out, _) = logging();
    append(&out, "a long line that goes\n");
    let follower = Follower::new(&home, &["logs", "web", "--raw"]);
    assert_eq!(follower.line(), "a long line that goes");
    File::options()
        .write(true)
        .truncate(true)
        .open(&out)
        .unwrap();
    append(&out, "new\n");
    assert_eq!(follower.line(), "new");
}

#[test]
fn a_file_that_comes_later_is_followed() {
    let (home, out, err) = logging();
    append(&out, "first\n");
    let follower = Follower::new(&home, &["logs", "web", "--raw"]);
    assert_eq!(follower.line(), "first");
    append(&err, "late\n");
    assert_eq!(follower.line(), "late");
}

#[test]
fn a_reader_that_goes_ends_it_though_nothing_is_printed() {
    let (home, out, _) = logging();
    append(&out, "only\n");
    let mut command = home.command(&["logs", "web", "--raw"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    drop(reader);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn logs_are_read_when_no_daemon_runs() {
    let home = Home::new();
    save(&home, "web");
    let path = home.work().join("web-out.log");
    let text = fs::read_to_string(home.paths().state()).unwrap();
    let known = spec("web").logs.out.unwrap();
    let moved = text.replace(known.to_str().unwrap(), path.to_str().unwrap());
    fs::write(home.paths().state(), moved).unwrap();
    append(&path, "said before the end\n");
    let shown = home.ctl(&["logs", "web", "--nostream", "--out"]);
    assert_eq!(shown.code, 0, "{shown}");
    assert_eq!(shown.stdout, "0|web | said before the end\n");
}

#[test]
fn the_apps_of_a_configuration_are_read_and_one_line_is_called_so() {
    let (home, out, _) = logging();
    append(&out, "first\nlast\n");
    let text = r#"{ "apps": [{ "name": "web", "script": "/bin/sleep" }] }"#;
    fs::write(home.work().join("ecosystem.json"), text).unwrap();
    let shown = home.ctl(&["logs", "ecosystem.json", "--nostream", "--lines", "1"]);
    assert_eq!(shown.code, 0, "{shown}");
    assert_eq!(shown.stdout, "0|web | last\n");
    assert!(shown.stderr.contains(", last line:\n"), "{shown}");
}

#[test]
fn lines_are_objects_where_json_is_asked_for() {
    let (home, _, err) = logging();
    append(&err, "oh \"no\"\n");
    let shown = home.ctl(&["logs", "web", "--nostream", "--json"]);
    let line: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(line["message"], "oh \"no\"");
    assert_eq!(line["type"], "err");
    assert_eq!(line["process_id"], 0);
}
