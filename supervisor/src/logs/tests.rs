//! The thread as a whole, through real pipes and files.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use fleet::Event;
use protocol::{Notice, Reply};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::*;
use crate::inbox::{Inbox, inbox};

const NOON: u64 = 1_788_091_200_000;
const RUN: RunId = RunId(7);

#[test]
fn what_is_printed_is_in_the_files_when_the_end_is_reported() {
    let mut home = Home::new(|| NOON);
    let paths = home.paths("new/folder/out.log", "err.log", Some("all.log"));
    let mut app = home.attach(RUN, &paths);
    app.out(b"one\ntwo\n\xff\xfe");
    app.err(b"oops\nlast words");
    drop(app);
    assert_eq!(home.finish(RUN), ["oops", "last words"]);
    assert_eq!(home.read("new/folder/out.log"), b"one\ntwo\n\xff\xfe\n");
    assert_eq!(home.read("err.log"), b"oops\nlast words\n");
    let mut both = home.read("all.log");
    both.sort_unstable();
    let mut expected = [home.read("new/folder/out.log"), home.read("err.log")].concat();
    expected.sort_unstable();
    assert_eq!(both, expected);
}

#[test]
fn what_an_app_leaves_in_its_pipes_is_written_though_somebody_still_holds_them() {
    let mut home = Home::new(|| NOON);
    let paths = home.paths("out.log", "err.log", None);
    let mut app = home.attach(RUN, &paths);
    app.out(b"done\nunfinished");
    assert_eq!(home.finish(RUN), ["done", "unfinished"]);
    assert_eq!(home.read("out.log"), b"done\nunfinished\n");
    app.out(b"from a process that stayed\n");
    drop(app);
    home.stop();
    assert_eq!(
        home.read("out.log"),
        b"done\nunfinished\nfrom a process that stayed\n"
    );
}

#[test]
fn standard_error_is_preferred_and_standard_output_shown_without_it() {
    let mut home = Home::new(|| NOON);
    let mut app = home.attach(RUN, &LogPaths::default());
    app.out(b"only this\n");
    drop(app);
    assert_eq!(home.finish(RUN), ["only this"]);
}

#[test]
fn a_run_that_never_had_pipes_ends_with_nothing() {
    let mut home = Home::new(|| NOON);
    assert!(home.finish(RUN).is_empty());
}

#[test]
fn a_closed_standard_output_does_not_end_standard_error() {
    let mut home = Home::new(|| NOON);
    let paths = home.paths("out.log", "err.log", None);
    let Output { out, err } = home.logs().attach(RUN, &paths, None).unwrap();
    drop(out);
    File::from(err).write_all(b"still here\n").unwrap();
    assert_eq!(home.finish(RUN), ["still here"]);
    assert_eq!(home.read("err.log"), b"still here\n");
}

#[test]
fn every_line_is_stamped_and_the_last_lines_are_not() {
    let mut home = Home::new(|| NOON);
    let paths = home.paths("out.log", "out.log", Some("out.log"));
    let output = home.logs().attach(RUN, &paths, Some("X")).unwrap();
    App::new(output).out(b"a\n\nb");
    assert_eq!(home.finish(RUN), ["a", "", "b"]);
    assert_eq!(
        home.read("out.log"),
        b"1788091200: a\n1788091200: \n1788091200: b\n"
    );
}

#[test]
fn streams_that_share_a_file_never_mix_within_a_line() {
    const LINES: usize = 3000;
    let mut home = Home::new(|| NOON);
    let paths = home.paths("all.log", "all.log", None);
    let apps: Vec<App> = (1..4).map(|n| home.attach(RunId(n), &paths)).collect();
    let print = |mut file: File, name: String| {
        for n in 0..LINES {
            let line = format!("{name} {n} {}\n", "x".repeat(n % 90));
            // A chunk now and then ends within a line.
            let (head, tail) = line.as_bytes().split_at(n % line.len());
            file.write_all(head).unwrap();
            file.write_all(tail).unwrap();
        }
    };
    std::thread::scope(|threads| {
        for (app, n) in apps.into_iter().zip(1..) {
            threads.spawn(move || print(app.out, format!("out{n}")));
            threads.spawn(move || print(app.err, format!("err{n}")));
        }
    });
    for n in 1..4 {
        home.finish(RunId(n));
    }
    let text = String::from_utf8(home.read("all.log")).unwrap();
    for name in ["out1", "err1", "out2", "err2", "out3", "err3"] {
        let mut mine = text.lines().filter(|line| line.starts_with(name));
        for n in 0..LINES {
            let expected = format!("{name} {n} {}", "x".repeat(n % 90));
            assert_eq!(mine.next(), Some(expected.as_str()));
        }
    }
    assert_eq!(text.lines().count(), 6 * LINES);
}

#[test]
fn files_are_private_and_so_are_the_folders_that_were_missing() {
    let home = Home::new(|| NOON);
    let paths = home.paths("a/b/out.log", "err.log", None);
    drop(home.logs().attach(RUN, &paths, None).unwrap());
    let mode = |name| fs::metadata(home.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode("a"), mode("a/b")], [0o700, 0o700]);
    assert_eq!([mode("a/b/out.log"), mode("err.log")], [0o600, 0o600]);
}

#[test]
fn an_app_is_told_which_log_cannot_be_opened() {
    let mut home = Home::new(|| NOON);
    fs::write(home.path("plain"), "").unwrap();
    let on = |paths| home.logs().attach(RUN, &paths, None).unwrap_err();
    let in_a_file = on(home.paths("plain/out.log", "err.log", None));
    assert_eq!(in_a_file.stage, LaunchStage::Logs);
    assert_eq!(in_a_file.on, home.path("plain").to_string_lossy());
    let folder = on(home.paths("out.log", ".", None));
    assert_eq!(folder.on, home.path(".").to_string_lossy());
    assert_eq!(folder.errno, Errno::EISDIR as i32);
    assert!(home.finish(RUN).is_empty());
}

#[test]
fn dev_null_is_nowhere_but_the_last_lines_are_known() {
    let mut home = Home::new(|| NOON);
    let paths = home.paths("/dev/null", "/dev/null", None);
    let mut app = home.attach(RUN, &paths);
    app.err(b"why\n");
    assert_eq!(home.finish(RUN), ["why"]);
}

#[test]
fn a_file_that_was_moved_away_is_made_anew() {
    static NOW: AtomicU64 = AtomicU64::new(NOON);
    let mut home = Home::new(|| NOW.load(Ordering::Relaxed));
    let paths = home.paths("out.log", "err.log", None);
    let mut app = home.attach(RUN, &paths);
    app.out(b"before\n");
    home.settle();
    fs::rename(home.path("out.log"), home.path("old.log")).unwrap();
    app.out(b"within a second\n");
    home.settle();
    NOW.fetch_add(1000, Ordering::Relaxed);
    app.out(b"after\n");
    home.settle();
    assert_eq!(home.read("old.log"), b"before\nwithin a second\n");
    assert_eq!(home.read("out.log"), b"after\n");
}

#[test]
fn reopening_goes_back_to_the_path_at_once() {
    let mut home = Home::new(|| NOON);
    let paths = home.paths("out.log", "err.log", None);
    let mut app = home.attach(RUN, &paths);
    app.out(b"before\n");
    home.settle();
    fs::rename(home.path("out.log"), home.path("old.log")).unwrap();
    home.logs().reopener()();
    home.settle();
    app.out(b"after\n");
    home.settle();
    assert_eq!(home.read("old.log"), b"before\n");
    assert_eq!(home.read("out.log"), b"after\n");
}

#[test]
fn flushing_empties_the_named_files_once_and_leaves_what_is_not_there() {
    let mut home = Home::new(|| NOON);
    let paths = home.paths("out.log", "err.log", Some("gone.log"));
    let mut app = home.attach(RUN, &paths);
    app.out(b"old\n");
    home.settle();
    fs::remove_file(home.path("gone.log")).unwrap();
    fs::write(home.path("other.log"), "stays").unwrap();
    let folder = LogPaths {
        out: Some(home.path(".")),
        ..LogPaths::default()
    };
    home.logs()
        .flush(Ticket(3), vec![paths.clone(), paths, folder]);
    let Event::Flushed {
        ticket: Ticket(3),
        reply: Reply::Flushed { files, failed },
    } = home.next()
    else {
        panic!("not the answer")
    };
    assert_eq!(files, [home.path("err.log"), home.path("out.log")]);
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].errno, Some(Errno::EISDIR as i32));
    app.out(b"new\n");
    home.settle();
    assert_eq!(home.read("out.log"), b"new\n");
    assert_eq!(home.read("other.log"), b"stays");
}

#[test]
fn a_full_disk_makes_the_app_wait_and_costs_no_line() {
    static NOW: AtomicU64 = AtomicU64::new(NOON);
    let mut home = Home::new(|| NOW.load(Ordering::Relaxed));
    std::os::unix::fs::symlink("/dev/full", home.path("out.log")).unwrap();
    let paths = home.paths("out.log", "err.log", None);
    let mut app = home.attach(RUN, &paths);
    app.out(b"first\n");
    let Event::Told {
        notice: Notice::LogBlocked { why },
    } = home.next()
    else {
        panic!("not told")
    };
    assert_eq!(why.file, home.path("out.log"));
    assert_eq!(why.errno, Some(Errno::ENOSPC as i32));
    rustix::io::ioctl_fionbio(&app.out, true).unwrap();
    let mut printed = b"first\n".to_vec();
    while app.out.write_all(b"a line of the next 64 KiB\n").is_ok() {
        printed.extend_from_slice(b"a line of the next 64 KiB\n");
    }
    app.err(b"standard error is not held up\n");
    home.settle();
    assert_eq!(home.read("err.log"), b"standard error is not held up\n");
    fs::remove_file(home.path("out.log")).unwrap();
    NOW.fetch_add(2000, Ordering::Relaxed);
    let Event::Told {
        notice: Notice::LogResumed { file },
    } = home.next()
    else {
        panic!("not told")
    };
    assert_eq!(file, home.path("out.log"));
    drop(app);
    home.finish(RUN);
    let written = home.read("out.log");
    assert!(written.starts_with(&printed[..printed.len() - 26]));
}

#[test]
fn who_shares_a_file_that_cannot_be_written_waits_too() {
    let mut home = Home::new(|| NOON);
    std::os::unix::fs::symlink("/dev/full", home.path("all.log")).unwrap();
    let paths = home.paths("all.log", "all.log", None);
    let mut app = home.attach(RUN, &paths);
    app.out(b"first\n");
    assert!(matches!(home.next(), Event::Told { .. }));
    app.err(b"stays in the pipe\n");
    home.settle();
    assert_eq!(rustix::io::ioctl_fionread(&app.err), Ok(18));
}

#[test]
fn a_slow_reader_of_a_named_pipe_gets_every_line_in_its_time() {
    static NOW: AtomicU64 = AtomicU64::new(NOON);
    const LINES: usize = 20_000;
    let mut home = Home::new(|| NOW.fetch_add(10, Ordering::Relaxed));
    nix::unistd::mkfifo(&home.path("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut reader = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(home.path("fifo"))
        .unwrap();
    let paths = home.paths("fifo", "err.log", None);
    let mut app = home.attach(RUN, &paths);
    let printing = std::thread::spawn(move || {
        for n in 0..LINES {
            app.out(format!("line {n:>10}\n").as_bytes());
        }
    });
    let mut text = vec![0; LINES * 16];
    reader.read_exact(&mut text).unwrap();
    printing.join().unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.lines().eq((0..LINES).map(|n| format!("line {n:>10}"))));
    // No notice has come: a slow reader is no trouble.
    assert_eq!(home.finish(RUN).len(), 32);
}

#[test]
fn the_end_of_a_run_is_reported_though_its_log_cannot_be_written() {
    static NOW: AtomicU64 = AtomicU64::new(NOON);
    let mut home = Home::new(|| NOW.load(Ordering::Relaxed));
    std::os::unix::fs::symlink("/dev/full", home.path("out.log")).unwrap();
    let paths = home.paths("out.log", "out.log", None);
    let mut app = home.attach(RUN, &paths);
    app.err(b"first\n");
    assert!(matches!(home.next(), Event::Told { .. }));
    app.err(b"last\n");
    drop(app);
    assert_eq!(home.finish(RUN), ["first", "last"]);
    fs::remove_file(home.path("out.log")).unwrap();
    NOW.fetch_add(2000, Ordering::Relaxed);
    assert!(matches!(home.next(), Event::Told { .. }));
    assert_eq!(home.read("out.log"), b"first\nlast\n");
}

#[test]
fn a_hundred_megabytes_without_a_newline_arrive_in_pieces() {
    const CHUNK: usize = 1 << 20;
    let mut home = Home::new(|| NOON);
    let paths = home.paths("out.log", "err.log", None);
    let mut app = home.attach(RUN, &paths);
    for _ in 0..100 {
        app.out(&[b'x'; CHUNK]);
    }
    drop(app);
    home.finish(RUN);
    let written = home.read("out.log");
    let lines: Vec<&[u8]> = written.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len(), 100);
    assert!(lines[..99].iter().all(|line| line.len() == CHUNK + 41));
    assert_eq!(lines[99].len(), CHUNK + 1);
}

/// The write ends, as an app has them.
struct App {
    out: File,
    err: File,
}

impl App {
    fn new(output: Output) -> Self {
        Self {
            out: output.out.into(),
            err: output.err.into(),
        }
    }

    fn out(&mut self, bytes: &[u8]) {
        self.out.write_all(bytes).unwrap();
    }

    fn err(&mut self, bytes: &[u8]) {
        self.err.write_all(bytes).unwrap();
    }
}

/// A folder for logs, the thread, and the loop's side of both.
struct Home {
    folder: TempDir,
    logs: Option<Logs>,
    inbox: Inbox,
    runtime: Runtime,
}

impl Home {
    fn new(wall: WallClock) -> Self {
        let (sender, inbox) = inbox();
        Self {
            folder: TempDir::new().unwrap(),
            logs: Some(Logs::start(sender, wall).unwrap()),
            inbox,
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn paths(&self, out: &str, err: &str, combined: Option<&str>) -> LogPaths {
        LogPaths {
            out: Some(self.path(out)),
            err: Some(self.path(err)),
            combined: combined.map(|name| self.path(name)),
        }
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    fn logs(&self) -> &Logs {
        self.logs.as_ref().unwrap()
    }

    fn attach(&self, run: RunId, paths: &LogPaths) -> App {
        App::new(self.logs().attach(run, paths, None).unwrap())
    }

    fn next(&mut self) -> Event {
        self.runtime.block_on(self.inbox.next()).unwrap()
    }

    /// Ends the run and returns its last lines.
    fn finish(&mut self, run: RunId) -> Vec<String> {
        self.logs().finish(run);
        let Event::LogEnded { run: ended, last } = self.next() else {
            panic!("not the end of the log")
        };
        assert_eq!(ended, run);
        last
    }

    /// Returns when all that was printed before this call is written.
    ///
    /// Orders are taken one a turn: the first ends a turn, the second is taken in one that finds
    /// all pipes ready, the third after that.
    fn settle(&mut self) {
        for _ in 0..3 {
            self.logs().flush(Ticket(0), Vec::new());
            assert!(matches!(self.next(), Event::Flushed { .. }));
        }
    }

    fn stop(&mut self) {
        self.logs.take().unwrap().stop();
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(logs) = self.logs.take() {
            logs.stop();
        }
    }
}
