//! What apps print reaches their files, whatever it is.

use std::fs;
use std::time::Duration;

use protocol::Notice;
use protocol::view::StateView;
use serde_json::json;
use tests::{Home, app, processes, watch, with};

#[test]
fn bytes_that_are_no_text_are_kept() {
    let home = Home::new();
    home.start(&app("chatter", "chatter", &["bytes", "end"]));
    home.wait_said("chatter", "end\n");
    let file = home.out_file("chatter");
    assert_eq!(fs::read(file).unwrap(), b"before \xff after\nend\n");
}

#[test]
fn a_last_line_without_newline_is_kept() {
    let home = Home::new();
    let job = json!({ "autorestart": false });
    home.start(&with(app("chatter", "chatter", &["part", "exit"]), job));
    home.wait_said("chatter", "no newline at the end");
}

#[test]
fn a_hundred_thousand_lines_are_whole_and_in_order() {
    let home = Home::with_limit(Duration::from_secs(25));
    home.start_daemon();
    home.start(&app("chatter", "chatter", &["lines=100000"]));
    let said = home.wait_said("chatter", "line 99999\n");
    let is_right = said
        .lines()
        .enumerate()
        .all(|(number, line)| line == format!("line {number}"));
    assert!(is_right);
    assert_eq!(said.lines().count(), 100_000);
}

#[test]
fn a_line_of_a_hundred_megabytes_is_split_and_nothing_of_it_is_lost() {
    const SIZE: u64 = 100_000_000;
    let home = Home::with_limit(Duration::from_secs(50));
    home.start_daemon();
    let job = json!({ "autorestart": false });
    let words = [&format!("long={SIZE}"), "end", "exit"];
    drop(home.try_start(&[with(app("chatter", "chatter", &words), job)]));
    home.wait("it finished", |notice| {
        matches!(notice, Notice::Finished { .. }).then_some(())
    });
    let file = home.out_file("chatter");
    let is_whole = || (fs::metadata(&file).ok()?.len() > SIZE).then_some(());
    watch::until(&home.paths().logs(), home.deadline(), is_whole).unwrap();
    let said = home.wait_said("chatter", "\nend\n");
    let count = said.bytes().filter(|byte| *byte == b'x').count();
    assert_eq!(u64::try_from(count).unwrap(), SIZE);
    let longest = said.lines().map(str::len).max().unwrap();
    assert!(longest < 1024 * 1024 + 100, "{longest}");
    let peak = processes::status_of(home.daemon().pid, "VmHWM").unwrap();
    let peak: u64 = peak.split(' ').next().unwrap().parse().unwrap();
    assert!(peak < 64 * 1024, "the daemon grew to {peak} kB");
}

#[test]
fn an_app_that_closes_its_output_lives_on() {
    let home = Home::new();
    home.start(&app("chatter", "chatter", &["hello", "close"]));
    home.wait_said("chatter", "hello\n");
    assert_eq!(home.state("chatter"), StateView::Online);
    let process = home.process("chatter");
    process.signal(processes::Signal::KILL);
    home.wait_died("chatter");
    home.wait_ready("chatter");
}

#[test]
fn errors_and_output_go_to_their_own_files_and_to_the_combined_one() {
    let home = Home::new();
    let files = json!({
        "out_file": "own/out.log", "error_file": "own/err.log", "log_file": "own/all.log",
    });
    home.start(&with(
        app("chatter", "chatter", &["errors", "plain"]),
        files,
    ));
    let logs = home.instance("chatter").logs;
    assert_eq!(
        home.wait_text(logs.out.as_deref().unwrap(), "plain\n"),
        "plain\n"
    );
    let errors = logs.err.unwrap();
    assert_eq!(home.wait_text(&errors, "\n"), "an error line\n");
    let both = |all: &str| all.lines().count() == 2;
    let combined = home.wait_file(&logs.combined.unwrap(), both);
    assert!(combined.contains("plain\n") && combined.contains("an error line\n"));
}

#[test]
fn a_stamp_of_the_guides_pattern_is_before_each_line() {
    let home = Home::new();
    let stamp = json!({ "log_date_format": "YYYY-MM-DD HH:mm:ss Z" });
    home.start(&with(
        app("chatter", "chatter", &["lines=3", "✓ Server running"]),
        stamp,
    ));
    let said = home.wait_said("chatter", "running\n");
    let texts: Vec<&str> = said.lines().map(|line| unstamped(line).unwrap()).collect();
    assert_eq!(texts, ["line 0", "line 1", "line 2", "✓ Server running"]);
}

#[test]
fn time_is_a_stamp_too() {
    let home = Home::new();
    let chatter = app("chatter", "chatter", &["hello"]);
    home.start(&with(chatter, json!({ "time": true })));
    let said = home.wait_said("chatter", "hello\n");
    let shape: String = said
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    assert_eq!(shape, "0000-00-00T00:00:00: hello\n");
}

/// The text after a stamp of the guide's pattern; none where there is no such stamp.
fn unstamped(line: &str) -> Option<&str> {
    let (stamp, text) = line.split_at_checked("2026-01-02 03:04:05 +00:00: ".len())?;
    let shape: String = stamp
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    (shape == "0000-00-00 00:00:00 +00:00: ").then_some(text)
}

#[test]
fn merged_instances_print_to_one_file() {
    let home = Home::new();
    let three = json!({ "instances": 3, "merge_logs": true });
    home.start(&with(app("chatter", "chatter", &["hello"]), three));
    let file = home.out_file("chatter");
    home.wait_file(&file, |said| said == "hello\nhello\nhello\n");
    let app = home.app("chatter");
    assert!(
        app.instances
            .iter()
            .all(|one| one.logs.out.as_ref() == Some(&file))
    );
}

#[test]
fn instances_print_to_files_with_their_id() {
    let home = Home::new();
    home.start(&with(
        app("chatter", "chatter", &["hello"]),
        json!({ "instances": 2 }),
    ));
    for instance in home.app("chatter").instances {
        let file = instance.logs.out.unwrap();
        let expected = format!("chatter-out-{}.log", instance.id);
        assert_eq!(file.file_name().unwrap().to_str().unwrap(), expected);
        assert_eq!(home.wait_text(&file, "hello\n"), "hello\n");
    }
}

#[test]
fn a_full_disk_holds_up_only_the_app_that_prints() {
    let home = Home::new();
    let full = json!({ "out_file": "/dev/full", "kill_timeout": 200 });
    home.start_all(&[
        with(app("full", "chatter", &["lines=100000"]), full),
        app("other", "chatter", &["wait", "hello"]),
    ]);
    let why = home.wait("the log is blocked", |notice| {
        let Notice::LogBlocked { why } = notice else {
            return None;
        };
        Some(why.clone())
    });
    assert_eq!(why.file.to_str(), Some("/dev/full"));
    assert_eq!(home.state("full"), StateView::Online);
    home.ctl(["signal", "USR1", "other"]).ok();
    home.wait_said("other", "hello\n");
    home.ctl(["delete", "full"]).ok();
}
