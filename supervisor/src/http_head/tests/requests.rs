use crate::http_head::{Asked, Rest};

#[track_caller]
fn is(text: &str, asked: &Asked) {
    assert_eq!(Asked::of(text.as_bytes()), *asked, "{text:?}");
}

#[track_caller]
fn one(given: &str, bytes: &str, rest: Rest) {
    let bytes = bytes.as_bytes().to_vec();
    is(given, &Asked::One { bytes, rest });
}

#[test]
fn every_beginning_of_a_request_may_become_one() {
    let request = "\r\nPOST /a?b=%20c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n";
    for end in 0..request.len() {
        is(&request[..end], &Asked::Unfinished);
    }
    one(
        request,
        "\r\nPOST /a?b=%20c HTTP/1.1\r\nConnection: close\r\nHost: x\r\nContent-Length: 2\r\n\r\n",
        Rest::Bytes(2),
    );
}

#[test]
fn what_cannot_become_a_request_is_known_at_once() {
    for text in [
        "\x16\x03\x01\x02",
        "\0",
        " GET / HTTP/1.1\r\n",
        "GE\tT",
        "GET  ",
        "GET /\x01",
        "GET / HTTP/2",
        "GET / HTTP/1.1 ",
        "GET / HTTP/1.10",
        "GET /\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "A-METHOD-THAT-IS-MUCH-LONGER-THAN-ANY",
        "GET / HTTP/1.1\r\n folded\r\n\r\n",
    ] {
        is(text, &Asked::Foreign);
    }
}

#[test]
fn a_request_gets_the_word_unless_it_has_it() {
    one(
        "GET / HTTP/1.1\r\nConnection: keep-alive\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nConnection: close\r\nHost: x\r\n\r\n",
        Rest::Bytes(0),
    );
    let closing = "GET / HTTP/1.0\nConnection: Close\n\n";
    one(closing, closing, Rest::Bytes(0));
}

#[test]
fn what_of_the_body_is_still_to_come_is_counted() {
    let head = "POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 10\r\n\r\n";
    one(
        &format!("{head}0123"),
        &format!("{head}0123"),
        Rest::Bytes(6),
    );
    one(
        &format!("{head}0123456789"),
        &format!("{head}0123456789"),
        Rest::Bytes(0),
    );
    let chunked =
        "POST / HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab";
    one(chunked, chunked, Rest::Chunks);
}

#[test]
fn several_requests_at_once_are_seen() {
    let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    is(&format!("{get}{get}"), &Asked::Several);
    is(&format!("{get}G"), &Asked::Several);
    let post = "POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n";
    is(&format!("{post}xGET"), &Asked::Several);
}

#[test]
fn a_request_for_another_protocol_is_seen() {
    let upgrade = "GET / HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n";
    is(upgrade, &Asked::Upgrade);
}
