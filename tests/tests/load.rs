//! The load generator itself: each way in which a server can be wrong is a failure, and nothing else is.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use tests::load::{How, Load, Place, Plan, Report, Request};
use tests::{Deadline, ports};

const BODY: &str = "answer to TAG\n";

/// A server that answers each request by this; the connection ends when it says so.
fn server(answer: impl Fn(&mut TcpStream, &str) -> bool + Send + Copy + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            thread::spawn(move || {
                while let Some(tag) = asked(&mut client)
                    && answer(&mut client, &tag)
                {}
            });
        }
    });
    address
}

/// Waits for a request, and gives what its answer is to repeat.
fn asked(client: &mut TcpStream) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let tag = head.split_once("q=")?.1.split_once(' ')?.0;
    Some(tag.to_owned())
}

fn say(client: &mut TcpStream, head: &str, body: &str) -> bool {
    let text = format!("HTTP/1.1 200 OK\r\nX-Run: 1:1\r\n{head}\r\n{body}");
    client.write_all(text.as_bytes()).is_ok()
}

/// The right answer.
fn right(client: &mut TcpStream, tag: &str) -> bool {
    let body = BODY.replace("TAG", tag);
    say(
        client,
        &format!("Content-Length: {}\r\n", body.len()),
        &body,
    )
}

fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(8))
}

fn few(plan: Plan) -> Plan {
    plan.with_connections(4)
}

/// A short load of which each answer is wrong.
fn wrong(answer: impl Fn(&mut TcpStream, &str) -> bool + Send + Copy + 'static) -> Report {
    let load = Load::on(server(answer), few(Plan::keep_alive()));
    assert!(load.await_failures(10, deadline()));
    let report = load.finish();
    assert_eq!(report.answers(), 0, "{report}");
    report
}

#[track_caller]
fn assert_all(report: &Report, how: How, place: Place) {
    assert!(report.failed_count() >= 10, "{report}");
    assert_eq!(report.failed_as(how), report.failed_count(), "{report}");
    let places = report.samples.iter().all(|one| one.place == place);
    assert!(places, "{report}");
}

#[test]
fn right_answers_are_no_failures() {
    for plan in [Plan::keep_alive(), Plan::close(), Plan::think()] {
        let load = Load::on(server(right), few(plan));
        assert!(load.await_answers(60, deadline()));
        let report = load.finish();
        report.assert_whole();
        assert_eq!(report.closed_idle, 0, "{report}");
        assert!(report.answers() >= 60, "{report}");
    }
}

#[test]
fn a_connection_that_ends_with_its_answer_is_made_anew() {
    let load = Load::on(
        server(|client, tag| {
            let body = BODY.replace("TAG", tag);
            let length = body.len();
            say(
                client,
                &format!("connection: close\r\nContent-Length: {length}\r\n"),
                &body,
            );
            false
        }),
        few(Plan::keep_alive()),
    );
    assert!(load.await_answers(100, deadline()));
    let report = load.finish();
    report.assert_whole();
    assert_eq!(report.closed_idle, 0, "{report}");
}

#[test]
fn a_connection_that_ends_while_it_rests_is_counted_and_no_failure() {
    let load = Load::on(
        server(|client, tag| {
            right(client, tag);
            false
        }),
        few(Plan::think()),
    );
    assert!(load.await_answers(20, deadline()));
    let report = load.finish();
    report.assert_whole();
    assert!(report.closed_idle >= 16, "{report}");
}

#[test]
fn a_request_on_a_connection_that_ends_meanwhile_has_failed() {
    let load = Load::on(
        server(|client, tag| right(client, tag) && asked(client).is_none()),
        few(Plan::keep_alive()),
    );
    assert!(load.await_failures(10, deadline()));
    let report = load.finish();
    let lost = report.failed_as(How::Ended) + report.failed_as(How::Reset);
    assert_eq!(lost, report.failed_count(), "{report}");
    assert!(report.samples.iter().all(|one| one.is_reused), "{report}");
}

#[test]
fn nobody_there_is_a_refusal() {
    let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, ports::free()));
    let load = Load::on(nobody, few(Plan::close()));
    assert!(load.await_failures(10, deadline()));
    assert_all(&load.finish(), How::Refused, Place::Connecting);
}

#[test]
fn an_end_before_the_answer_is_a_failure() {
    assert_all(&wrong(|_, _| false), How::Ended, Place::Before);
}

#[test]
fn an_end_within_the_answer_is_a_failure() {
    let report = wrong(|client, tag| {
        let length = BODY.replace("TAG", tag).len();
        say(client, &format!("Content-Length: {length}\r\n"), "answer");
        false
    });
    assert_all(&report, How::Ended, Place::Within);
}

#[test]
fn an_end_between_two_chunks_is_a_failure() {
    let report = wrong(|client, _| {
        say(client, "Transfer-Encoding: chunked\r\n", "3\r\nans\r\n");
        false
    });
    assert_all(&report, How::Ended, Place::Within);
}

#[test]
fn a_reset_is_a_failure() {
    let report = wrong(|client, _| {
        set_socket_linger(client, Some(Duration::ZERO)).unwrap();
        false
    });
    assert_all(&report, How::Reset, Place::Before);
}

#[test]
fn another_status_is_a_failure() {
    let report = wrong(|client, _| {
        let text = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";
        client.write_all(text).is_ok()
    });
    assert_all(&report, How::Status(502), Place::Within);
}

#[test]
fn another_length_is_a_failure() {
    let report = wrong(|client, _| say(client, "Content-Length: 3\r\n", "ans"));
    assert_all(&report, How::Length, Place::Within);
}

#[test]
fn the_answer_to_somebody_else_is_a_failure() {
    let report = wrong(|client, tag| {
        let other = BODY.replace("TAG", tag).replace('1', "2").replace('3', "4");
        let other = other.replace("answer", "ANSWER");
        say(
            client,
            &format!("Content-Length: {}\r\n", other.len()),
            &other,
        )
    });
    assert_all(&report, How::Bytes, Place::Within);
}

#[test]
fn more_than_one_answer_is_a_failure() {
    let report = wrong(|client, tag| {
        let body = BODY.replace("TAG", tag);
        say(
            client,
            &format!("Content-Length: {}\r\n", body.len()),
            &format!("{body}HTTP"),
        )
    });
    assert_all(&report, How::Malformed, Place::Within);
}

#[test]
fn an_answer_of_nobody_is_a_failure() {
    let report = wrong(|client, tag| {
        let body = BODY.replace("TAG", tag);
        let length = body.len();
        let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        client.write_all(text.as_bytes()).is_ok()
    });
    assert_all(&report, How::Anonymous, Place::Within);
}

#[test]
fn a_late_answer_is_a_failure() {
    let silent = server(|client, _| asked(client).is_some());
    let mut plan = few(Plan::keep_alive());
    plan.patience = Duration::from_millis(50);
    let load = Load::on(silent, plan);
    assert!(load.await_failures(10, deadline()));
    assert_all(&load.finish(), How::Late, Place::Before);
}

#[test]
fn one_wrong_byte_of_a_long_body_is_a_failure() {
    let wrong = server(|client, _| {
        let mut body = "abcdefghijklmnopqrstuvw".repeat(50_000);
        body.replace_range(700_000..700_001, "!");
        say(
            client,
            &format!("Content-Length: {}\r\n", body.len()),
            &body,
        )
    });
    let mut plan = few(Plan::keep_alive());
    plan.request = Request::Bytes(23 * 50_000);
    let load = Load::on(wrong, plan);
    assert!(load.await_failures(10, deadline()));
    assert_all(&load.finish(), How::Bytes, Place::Within);
}

#[test]
fn an_old_release_on_a_connection_made_after_the_flip_is_counted() {
    let load = Load::on(server(right), few(Plan::close()));
    assert!(load.await_answers(50, deadline()));
    load.flipped(2);
    assert!(load.await_answers(50, deadline()));
    let report = load.finish();
    assert!((40..=60).contains(&report.stale), "{report}");
    assert_eq!(report.failed_count(), 0, "{report}");
    let kept = Load::on(server(right), few(Plan::keep_alive()));
    assert!(kept.await_answers(50, deadline()));
    kept.flipped(2);
    assert!(kept.await_answers(50, deadline()));
    assert_eq!(kept.finish().stale, 0);
}
