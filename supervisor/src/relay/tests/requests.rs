//! What the server gets.

use std::sync::mpsc;

use super::*;

const GET_WITH_WORD: &str = "GET /a HTTP/1.1\r\nConnection: close\r\nHost: x\r\n\r\n";

#[test]
fn a_request_after_a_silence_reaches_the_server_and_its_answer_ends_the_connection() {
    let mut scene = scene();
    let server = scene.serve(say_ok);
    scene.ask(GET);
    assert_eq!(scene.answer(), OK_WITH_WORD);
    assert_eq!(server.join().unwrap(), GET_WITH_WORD);
    assert_eq!(scene.end(), only(|ends| ends.answered = 1));
}

#[test]
fn a_connection_whose_receiving_half_is_shut_is_as_good() {
    let mut scene = scene();
    scene.shut_half();
    let server = scene.serve(say_ok);
    scene.ask(GET);
    assert_eq!(scene.answer(), OK_WITH_WORD);
    assert_eq!(server.join().unwrap(), GET_WITH_WORD);
    assert_eq!(scene.end(), only(|ends| ends.answered = 1));
}

#[test]
fn the_half_may_be_shut_while_the_relay_waits() {
    let mut scene = scene();
    until(|| scene.relay.counts().adopted == 1);
    scene.shut_half();
    let server = scene.serve(say_ok);
    scene.ask(&GET[..5]);
    scene.ask(&GET[5..]);
    assert_eq!(scene.answer(), OK_WITH_WORD);
    server.join().unwrap();
}

#[test]
fn a_head_in_pieces_is_put_together() {
    let mut scene = scene();
    scene.client.set_nodelay(true).unwrap();
    let server = scene.serve(say_ok);
    for byte in GET
        .split_inclusive('\n')
        .flat_map(|line| [&line[..1], &line[1..]])
    {
        scene.ask(byte);
        until_taken(&scene);
    }
    assert_eq!(scene.answer(), OK_WITH_WORD);
    assert_eq!(server.join().unwrap(), GET_WITH_WORD);
}

/// Waits until the relay has read all that was sent.
fn until_taken(scene: &Scene) {
    until(|| rustix::io::ioctl_fionread(&scene.duplicate).unwrap() == 0);
}

/// Reads a head and so many bytes of a body, and gives the body back as the answer.
fn echo(length: usize) -> impl FnOnce(TcpStream) -> Vec<u8> + Send {
    move |mut stream| {
        read_head(&mut stream);
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
        body
    }
}

fn body_of(answer: &[u8]) -> &[u8] {
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    &answer[end + 4..]
}

#[test]
fn a_large_body_goes_both_ways_unchanged() {
    for half_shut in [false, true] {
        let mut scene = scene();
        if half_shut {
            scene.shut_half();
        }
        let body = pattern(300_000);
        let server = scene.serve(echo(body.len()));
        let head = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len());
        let mut writer = scene.client.try_clone().unwrap();
        let sent = body.clone();
        let writing = thread::spawn(move || {
            writer.write_all(head.as_bytes()).unwrap();
            writer.write_all(&sent).unwrap();
        });
        let mut answer = Vec::new();
        scene.client.read_to_end(&mut answer).unwrap();
        writing.join().unwrap();
        assert!(body_of(&answer) == body);
        assert!(server.join().unwrap() == body);
    }
}

#[test]
fn a_body_in_chunks_is_passed_on() {
    let mut scene = scene();
    let chunks = "4\r\nabcd\r\n0\r\n\r\n";
    let server = scene.serve(echo(chunks.len()));
    scene.ask("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n");
    until_taken(&scene);
    scene.ask(&chunks[3..]);
    assert!(scene.answer().ends_with(chunks));
    assert_eq!(server.join().unwrap(), chunks.as_bytes());
}

#[test]
fn who_waits_for_leave_to_send_gets_it() {
    let mut scene = scene();
    let server = scene.serve(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
        let mut body = [0; 5];
        stream.read_exact(&mut body).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
        body
    });
    scene.ask("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(
        read_head(&mut scene.client),
        "HTTP/1.1 100 Continue\r\n\r\n"
    );
    scene.ask("hello");
    assert_eq!(scene.answer(), OK_WITH_WORD);
    assert_eq!(&server.join().unwrap(), b"hello");
}

#[test]
fn a_request_that_comes_after_the_first_is_not_passed_on() {
    let mut scene = scene();
    let (asked, second) = mpsc::channel();
    let server = scene.serve(move |mut stream| {
        let first = read_head(&mut stream);
        second.recv().unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        (first, rest)
    });
    scene.ask(GET);
    until_taken(&scene);
    scene.ask(GET);
    until_taken(&scene);
    asked.send(()).unwrap();
    assert_eq!(scene.answer(), OK_WITH_WORD);
    scene.end();
    assert_eq!(
        server.join().unwrap(),
        (GET_WITH_WORD.to_owned(), Vec::new())
    );
}

#[test]
fn several_requests_at_once_and_their_answers_stay_as_they_are() {
    let mut scene = scene();
    let server = scene.serve(|mut stream| {
        let heads = [read_head(&mut stream), read_head(&mut stream)];
        stream.write_all(OK.as_bytes()).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
        heads.concat() + &read_head(&mut stream)
    });
    scene.ask(&[GET, GET].concat());
    let mut answers = vec![0; 2 * OK.len()];
    scene.client.read_exact(&mut answers).unwrap();
    assert_eq!(answers, [OK, OK].concat().as_bytes());
    scene.ask(GET);
    assert_eq!(scene.answer(), "");
    assert_eq!(server.join().unwrap(), [GET, GET, GET].concat());
}

#[test]
fn an_upgrade_becomes_a_tunnel() {
    let request = "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n";
    let mut scene = scene();
    let server = scene.serve(move |mut stream| {
        let head = read_head(&mut stream);
        stream.write_all(answer.as_bytes()).unwrap();
        let mut said = [0; 4];
        stream.read_exact(&mut said).unwrap();
        stream.write_all(&said).unwrap();
        head
    });
    scene.ask(request);
    assert_eq!(read_head(&mut scene.client), answer);
    scene.ask("\0\x01\x02\x03");
    assert_eq!(scene.answer(), "\0\x01\x02\x03");
    assert_eq!(server.join().unwrap(), request);
}

#[test]
fn a_client_that_ends_its_half_behind_the_request_gets_the_answer() {
    let mut scene = scene();
    let server = scene.serve(|mut stream| {
        let mut request = String::new();
        stream.read_to_string(&mut request).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
        request
    });
    scene.ask(GET);
    scene.client.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(scene.answer(), OK_WITH_WORD);
    assert_eq!(server.join().unwrap(), GET_WITH_WORD);
}

#[test]
fn a_server_at_every_address_is_found_at_the_one_that_the_client_had() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        let mut scene = scene_with(Limits::default(), address);
        assert!(scene.address.ip().is_unspecified());
        let server = scene.serve(|stream| {
            let reached = stream.local_addr().unwrap().ip();
            say_ok(stream);
            reached
        });
        scene.ask(GET);
        assert_eq!(scene.answer(), OK_WITH_WORD);
        assert_eq!(server.join().unwrap().to_canonical(), ONE_OF_MANY);
    }
}

#[test]
fn a_server_for_both_families_may_be_followed_by_one_for_ipv4() {
    let mut scene = scene_with(Limits::default(), "[::]:0");
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    drop(std::mem::replace(&mut scene.listener, elsewhere));
    scene.listener = TcpListener::bind((ONE_OF_MANY, scene.address.port())).unwrap();
    let server = scene.serve(say_ok);
    scene.ask(GET);
    assert_eq!(scene.answer(), OK_WITH_WORD);
    server.join().unwrap();
}
