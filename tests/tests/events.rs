//! `wsctl events`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;

use protocol::{Notice, Noticed};
use tests::{Home, app, binaries};

#[test]
fn each_notice_is_a_line_of_json() {
    let home = Home::new();
    let mut follower = home
        .command(&binaries::wsctl())
        .args(["events", "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let (send, receive) = channel();
    thread::spawn(move || {
        for line in lines {
            let noticed: Noticed = serde_json::from_str(&line.unwrap()).unwrap();
            drop(send.send(noticed.notice));
        }
    });
    home.start(&app("web", "listener", &[]));
    let mut restarts = 0;
    loop {
        let notice = receive.recv_timeout(std::time::Duration::from_millis(500));
        if matches!(notice, Ok(Notice::Ready { .. })) {
            break;
        }
        assert!(!home.deadline().is_over());
        if notice.is_err() {
            // The follower may have come too late for the start.
            restarts += 1;
            home.ctl(["restart", "web"]).ok();
        }
    }
    assert!(restarts < 4);
    follower.kill().unwrap();
    follower.wait().unwrap();
}
