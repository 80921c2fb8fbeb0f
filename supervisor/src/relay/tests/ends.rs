//! How connections end that get no answer.

use super::*;
use crate::connections::{Connections, Family, Port, States};

#[test]
fn what_is_no_request_is_closed() {
    for text in [
        "\x16\x03\x01\0\0",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "hello\r\n",
    ] {
        let mut scene = scene();
        scene.ask(text);
        assert_eq!(scene.answer(), "");
        assert_eq!(scene.end(), only(|ends| ends.foreign = 1));
    }
}

#[test]
fn a_head_without_end_is_closed() {
    let mut scene = scene();
    scene.ask("GET / HTTP/1.1\r\n");
    let line = format!("A: {}\r\n", "a".repeat(1_000));
    for _ in 0..70 {
        scene.ask(&line);
    }
    assert_eq!(scene.answer(), "");
    assert_eq!(scene.end(), only(|ends| ends.foreign = 1));
}

#[test]
fn a_client_that_leaves_is_let_go() {
    for half_shut in [false, true] {
        let scene = scene();
        if half_shut {
            scene.shut_half();
        }
        assert_eq!(scene.end(), only(|ends| ends.left = 1));
    }
}

#[test]
fn a_client_that_leaves_within_its_head_is_let_go() {
    let mut scene = scene();
    scene.ask(&GET[..10]);
    assert_eq!(scene.end(), only(|ends| ends.left = 1));
}

#[test]
fn a_client_that_stays_silent_is_told_the_end_though_others_hold_the_connection() {
    for sent in ["", &GET[..10]] {
        let limits = short(|limits| limits.silence = Duration::from_millis(50));
        let mut scene = scene_with(limits, "127.0.0.1:0");
        scene.ask(sent);
        assert_eq!(scene.answer(), "");
        assert_eq!(scene.end(), only(|ends| ends.silent = 1));
    }
}

#[test]
fn a_server_that_refuses_is_waited_for() {
    let mut scene = scene();
    let (socket, nobody) = nobody();
    let (client, duplicate) = adopt_one(&scene.relay, &scene.listener, nobody);
    scene.client = client;
    scene.ask(GET);
    // The request was read; so the server is being looked for.
    until(|| rustix::io::ioctl_fionread(&duplicate).unwrap() == 0);
    rustix::net::listen(&socket, 16).unwrap();
    scene.listener = socket.into();
    scene.serve(say_ok);
    assert_eq!(scene.answer(), OK_WITH_WORD);
}

#[test]
fn a_server_that_refuses_too_long_is_given_up() {
    let limits = short(|limits| limits.refusal = AT_ONCE);
    let mut scene = scene_with(limits, "127.0.0.1:0");
    let (_, nobody) = nobody();
    let (client, _duplicate) = adopt_one(&scene.relay, &scene.listener, nobody);
    scene.client = client;
    scene.ask(GET);
    assert_eq!(scene.answer(), "");
    drop(scene.client);
    assert_eq!(
        ends_of(&scene.relay, 2),
        Ends {
            unreached: 1,
            left: 1,
            ..Ends::default()
        }
    );
}

/// A socket that is bound and does not listen.
fn nobody() -> (OwnedFd, SocketAddr) {
    let family = rustix::net::AddressFamily::INET;
    let socket = rustix::net::socket(family, rustix::net::SocketType::STREAM, None).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    rustix::net::bind(&socket, &any).unwrap();
    let address = rustix::net::getsockname(&socket).unwrap();
    (socket, address.try_into().unwrap())
}

#[test]
fn a_server_that_is_gone_before_its_answer_is_not_asked_again() {
    let mut scene = scene();
    let server = scene.serve(|mut stream| {
        read_head(&mut stream);
    });
    scene.ask(GET);
    assert!(scene.client.read(&mut [0; 1]).is_err());
    server.join().unwrap();
    assert_eq!(waiting_at(&scene.listener), 0);
    assert_eq!(scene.end(), only(|ends| ends.broken = 1));
}

/// How many connections wait to be accepted.
fn waiting_at(listener: &TcpListener) -> u32 {
    let number = listener.local_addr().unwrap().port();
    let port = Port {
        family: Family::V4,
        number,
    };
    Connections::open()
        .unwrap()
        .at(&[port], States::LISTEN)
        .unwrap()[0]
        .waiting_in
}

#[test]
fn an_exchange_that_takes_too_long_is_cut() {
    let limits = short(|limits| limits.exchange = Duration::from_millis(50));
    let mut scene = scene_with(limits, "127.0.0.1:0");
    let server = scene.serve(|mut stream| {
        read_head(&mut stream);
        stream.read(&mut [0; 1]).unwrap()
    });
    scene.ask(GET);
    assert!(scene.client.read(&mut [0; 1]).is_err());
    assert_eq!(server.join().unwrap(), 0);
    assert_eq!(scene.end(), only(|ends| ends.broken = 1));
}

#[test]
fn a_client_that_is_lost_loses_the_server() {
    let mut scene = scene();
    let server = scene.serve(|mut stream| {
        read_head(&mut stream);
        let mut rest = Vec::new();
        // An end or an error, but no answer is waited for.
        stream.read_to_end(&mut rest).is_ok()
    });
    scene.ask("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n");
    until(|| rustix::io::ioctl_fionread(&scene.duplicate).unwrap() == 0);
    rustix::net::connect_unspec(&scene.client).unwrap();
    server.join().unwrap();
    assert_eq!(scene.end(), only(|ends| ends.broken = 1));
}
