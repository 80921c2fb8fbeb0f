//! Daemons that break off, talk nonsense, or are of another version.

use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use protocol::{Reply, Request, Welcome};

use crate::fake::{Deed, Fake, welcome};
use crate::fixtures::{fleet, settled};
use crate::home::Home;

#[test]
fn a_question_whose_answer_was_lost_is_asked_again_by_the_same_id() {
    let home = Home::new();
    let count = Arc::new(AtomicU32::new(0));
    let fake = home.daemon(move |asking| match asking.request {
        Request::List => Deed::Answer(Reply::View { view: fleet() }),
        _ if count.fetch_add(1, Ordering::SeqCst) < 2 => Deed::Close,
        _ => Deed::Answer(settled(Vec::new())),
    });
    let shown = home.ctl(&["stop", "web"]);
    assert_eq!(shown.code, 0, "{shown}");
    let stops: Vec<_> = fake
        .asked()
        .into_iter()
        .filter(|asking| matches!(asking.request, Request::Stop { .. }))
        .collect();
    assert_eq!(stops.len(), 3);
    assert!(stops.iter().all(|asking| *asking == stops[0]), "{stops:?}");
}

#[test]
fn a_daemon_that_always_breaks_off_is_not_asked_for_ever() {
    let home = Home::new();
    let fake = home.daemon(|_| Deed::Close);
    let shown = home.ctl(&["stop", "web"]);
    assert_eq!(shown.code, 3, "{shown}");
    assert_eq!(fake.asked().len(), 3);
    insta::assert_snapshot!(shown.stderr);
}

#[test]
fn half_a_line_is_a_broken_connection() {
    let home = Home::new();
    home.daemon(|_| Deed::Bytes(b"{\"id\":\"x\",\"rep".to_vec()));
    let shown = home.ctl(&["list"]);
    assert_eq!(shown.code, 3, "{shown}");
    assert!(shown.stderr.contains("broke before it answered"), "{shown}");
}

#[test]
fn nonsense_is_not_asked_for_again() {
    let home = Home::new();
    let fake = home.daemon(|_| Deed::Bytes(b"HTTP/1.1 400 Bad Request\r\n".to_vec()));
    let shown = home.ctl(&["list"]);
    assert_eq!(shown.code, 3, "{shown}");
    assert!(shown.stderr.contains("makes no sense"), "{shown}");
    assert_eq!(fake.asked().len(), 1);
}

#[test]
fn an_answer_of_another_kind_is_said_to_be_that() {
    let home = Home::new();
    home.daemon(|_| Deed::Answer(Reply::Following));
    let shown = home.ctl(&["list"]);
    assert_eq!(shown.code, 1, "{shown}");
    assert!(
        shown.stderr.contains("something else than was asked"),
        "{shown}"
    );
}

#[test]
fn a_daemon_of_another_version_is_named_with_both_versions() {
    let home = Home::new();
    let later = Welcome {
        wsd: 77,
        ..welcome()
    };
    let _fake = Fake::listen_as(&home.paths().socket(), later, |_| Deed::Close);
    let shown = home.ctl(&["list"]);
    assert_eq!(shown.code, 3, "{shown}");
    insta::assert_snapshot!(shown.stderr);
}

#[test]
fn a_socket_whose_daemon_has_died_is_no_daemon() {
    let home = Home::new();
    drop(UnixListener::bind(home.paths().socket()).unwrap());
    let shown = home.ctl(&["list"]);
    assert_eq!(shown.code, 3, "{shown}");
    assert!(shown.stderr.contains("no daemon is running"), "{shown}");
}

#[test]
fn an_answer_before_the_daemon_closes_counts() {
    let home = Home::new();
    home.daemon(|_| Deed::Last(Reply::Ended));
    let shown = home.ctl(&["kill"]);
    assert_eq!(shown.code, 0, "{shown}");
}
