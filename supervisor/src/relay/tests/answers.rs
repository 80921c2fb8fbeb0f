//! What the client gets.

use super::*;

#[test]
fn an_answer_that_says_the_word_says_it_once() {
    let mut scene = scene();
    let server = scene.serve(|mut stream| {
        read_head(&mut stream);
        stream.write_all(OK_WITH_WORD.as_bytes()).unwrap();
    });
    scene.ask(GET);
    assert_eq!(scene.answer(), OK_WITH_WORD);
    server.join().unwrap();
}

#[test]
fn what_contradicts_the_word_goes_though_the_head_comes_in_pieces() {
    let mut scene = scene();
    let server = scene.serve(|mut stream| {
        stream.set_nodelay(true).unwrap();
        read_head(&mut stream);
        for piece in [
            "HTTP/1.1 2",
            "00 OK\r\n",
            "Connection: keep-",
            "alive\r\nA: 1\r",
            "\n\r\nbody",
        ] {
            stream.write_all(piece.as_bytes()).unwrap();
        }
    });
    scene.ask(GET);
    let wanted = "HTTP/1.1 200 OK\r\nConnection: close\r\nA: 1\r\n\r\nbody";
    assert_eq!(scene.answer(), wanted);
    server.join().unwrap();
}

#[test]
fn ten_megabytes_in_pieces_arrive_whole() {
    for half_shut in [false, true] {
        let mut scene = scene();
        if half_shut {
            scene.shut_half();
        }
        let server = scene.serve(|mut stream| {
            read_head(&mut stream);
            let body = pattern(10 << 20);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).unwrap();
            for piece in body.chunks(77_777) {
                stream.write_all(piece).unwrap();
            }
        });
        scene.ask(GET);
        let head = read_head(&mut scene.client);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\nConnection: close\r\n"));
        let mut body = Vec::new();
        scene.client.read_to_end(&mut body).unwrap();
        assert!(body == pattern(10 << 20));
        server.join().unwrap();
        assert_eq!(scene.end(), only(|ends| ends.answered = 1));
    }
}

#[test]
fn what_is_no_answer_of_http_is_passed_on_as_it_is() {
    for text in ["whatever\r\n\r\n", "HTTP/1.1 20"] {
        let mut scene = scene();
        let server = scene.serve(move |mut stream| {
            read_head(&mut stream);
            stream.write_all(text.as_bytes()).unwrap();
        });
        scene.ask(GET);
        let whole = text.ends_with('\n');
        if whole {
            assert_eq!(scene.answer(), text);
        } else {
            // The head did not come to its end: that must not look like an answer.
            assert!(scene.client.read(&mut [0; 1]).is_err());
        }
        server.join().unwrap();
    }
}

#[test]
fn an_answer_that_breaks_off_is_told_from_one_that_ends() {
    let mut scene = scene();
    let head = "HTTP/1.1 200 OK\r\n\r\n";
    let server = scene.serve(move |mut stream| {
        read_head(&mut stream);
        stream.write_all(head.as_bytes()).unwrap();
        let mut word = [0; 4];
        stream.read_exact(&mut word).unwrap();
        // Ends with a reset.
        rustix::net::connect_unspec(&stream).unwrap();
    });
    scene.ask("GET / HTTP/1.1\r\nContent-Length: 4\r\n\r\n");
    read_head(&mut scene.client);
    scene.ask("stop");
    let error = scene.client.read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    server.join().unwrap();
    assert_eq!(scene.end(), only(|ends| ends.broken = 1));
}

#[test]
fn an_answer_before_the_end_of_the_request_arrives() {
    let mut scene = scene();
    let refusal = "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n\r\n";
    let server = scene.serve(move |mut stream| {
        read_head(&mut stream);
        stream.write_all(refusal.as_bytes()).unwrap();
    });
    scene.ask("POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n");
    assert_eq!(scene.answer(), refusal);
    server.join().unwrap();
    scene.ask(&"x".repeat(100_000));
    assert_eq!(scene.end(), only(|ends| ends.answered = 1));
}

#[test]
fn a_server_that_stays_open_is_left_when_the_client_leaves() {
    let mut scene = scene();
    let server = scene.serve(|mut stream| {
        read_head(&mut stream);
        stream.write_all(OK.as_bytes()).unwrap();
        stream.read(&mut [0; 1]).unwrap()
    });
    scene.ask(GET);
    assert!(read_head(&mut scene.client).contains("Connection: close"));
    scene.client.read_exact(&mut [0; 2]).unwrap();
    assert_eq!(scene.end(), only(|ends| ends.answered = 1));
    assert_eq!(server.join().unwrap(), 0);
}
