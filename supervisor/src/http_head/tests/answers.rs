use crate::http_head::rewritten::Sent;
use crate::http_head::{Rewritten, Word, is_unfinished, with_close};

const LINE: &str = "HTTP/1.1 200 OK\r\n";

/// What is written for these; they must be written otherwise.
#[track_caller]
fn word_in(text: &str) -> Rewritten {
    let word = with_close(text.as_bytes());
    let Word::Rewritten(rewritten) = word else {
        panic!("{text:?} is {word:?}");
    };
    rewritten
}

/// The same as text.
#[track_caller]
fn rewritten(text: &str) -> String {
    String::from_utf8(word_in(text).into_bytes()).unwrap()
}

#[track_caller]
fn is(text: &str, word: &Word) {
    assert_eq!(with_close(text.as_bytes()), *word, "{text:?}");
}

/// The head with this field is written as the second text, the word apart.
#[track_caller]
fn field_becomes(field: &str, kept: &str) {
    let given = format!("{LINE}A: 1\r\n{field}B: 2\r\n\r\nbody");
    let wanted = format!("{LINE}Connection: close\r\nA: 1\r\n{kept}B: 2\r\n\r\nbody");
    assert_eq!(rewritten(&given), wanted);
}

#[test]
fn the_word_goes_behind_the_status_line() {
    let given = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let wanted = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    assert_eq!(rewritten(given), wanted);
}

#[test]
fn the_status_line_alone_suffices() {
    assert_eq!(rewritten(LINE), "HTTP/1.1 200 OK\r\nConnection: close\r\n");
    let without_reason = "HTTP/1.0 404\r\n";
    assert_eq!(
        rewritten(without_reason),
        "HTTP/1.0 404\r\nConnection: close\r\n"
    );
}

#[test]
fn what_is_no_status_line_or_ends_within_one_is_left_alone() {
    for text in [
        "",
        "H",
        "HTTP/1.1",
        "HTTP/1.1 20",
        "HTTP/1.1 200 OK",
        "HTTP/1.1 200 OK\r",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.2 200 OK\r\n",
        "HTTP/2 200 OK\r\n",
        "http/1.1 200 OK\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded\r\n\r\n",
        "body that says HTTP/1.1 200 OK\r\n",
    ] {
        is(text, &Word::NotAHead);
    }
}

#[test]
fn keep_alive_goes_whatever_its_case_and_spaces() {
    for field in [
        "Connection: keep-alive\r\n",
        "connection:KEEP-ALIVE\r\n",
        "CONNECTION: \t Keep-Alive \t\r\n",
        "Connection : keep-alive\r\n",
        "Connection: keep-alive\n",
        "Connection:\r\n keep-alive\r\n",
        "Connection: keep-alive,\r\n\tkeep-alive\r\n",
        "Connection: , keep-alive ,\r\n",
        "Connection: keep-alive\r\nConnection: Keep-Alive\r\n",
        "Keep-Alive: timeout=5\r\n",
        "keep-alive: timeout=5,\r\n max=1000\r\n",
        "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n",
    ] {
        field_becomes(field, "");
    }
}

#[test]
fn what_else_a_list_holds_stays() {
    field_becomes("Connection: X-A\r\n", "Connection: X-A\r\n");
    field_becomes("Connection: keep-alive, X-A\r\n", "Connection: X-A\r\n");
    field_becomes("Connection: X-A, keep-alive\r\n", "Connection: X-A\r\n");
    field_becomes(
        "Connection: keep-alive,Keep-Alive, X-A,keep-alive, X-B , keep-alive\r\n",
        "Connection: X-A, X-B \r\n",
    );
    field_becomes("Connection:\r\n", "Connection:\r\n");
}

#[test]
fn names_and_values_that_only_look_alike_stay() {
    for field in [
        "X-Connection: keep-alive\r\n",
        "Connections: keep-alive\r\n",
        "Keep-Alive-For: 5\r\n",
        "Proxy-Connection: keep-alive\r\n",
        "A-Fold: 1\r\n Connection: keep-alive\r\n",
        "no colon keep-alive\r\n",
        "Connection: keep-alives\r\n",
    ] {
        field_becomes(field, field);
    }
}

#[test]
fn a_head_that_says_close_is_left_alone() {
    for field in [
        "Connection: close\r\n",
        "connection:CLOSE\r\n",
        "Connection: X-A, close\r\n",
        "Connection: keep-alive\r\nConnection: close\r\n",
        "Connection:\r\n\tclose\r\n",
        "Connection: upgrade, close\r\n",
    ] {
        is(&format!("{LINE}{field}\r\nbody"), &Word::SaysClose);
        is(&format!("{LINE}{field}"), &Word::SaysClose);
    }
}

#[test]
fn a_connection_that_becomes_something_else_is_left_alone() {
    is("HTTP/1.1 101 Switching Protocols\r\n", &Word::Upgrade);
    is(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: close\r\n\r\n",
        &Word::Upgrade,
    );
    is(
        &format!("{LINE}Connection: Upgrade\r\n\r\n"),
        &Word::Upgrade,
    );
    is(
        &format!("{LINE}Connection: keep-alive, upgrade\r\n\r\n"),
        &Word::Upgrade,
    );
}

#[test]
fn interim_answers_stay_and_the_head_behind_them_gets_the_word() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    is(interim, &Word::Interim);
    is("HTTP/1.1 100 Continue\r\n", &Word::Interim);
    let wanted = format!("{interim}{LINE}Connection: close\r\n\r\n");
    assert_eq!(rewritten(&format!("{interim}{LINE}\r\n")), wanted);
}

#[test]
fn lines_that_end_with_lf_alone_get_such_a_line() {
    let given = "HTTP/1.1 200 OK\nConnection: keep-alive\nA: 1\n\nbody\r\n";
    let wanted = "HTTP/1.1 200 OK\nConnection: close\nA: 1\n\nbody\r\n";
    assert_eq!(rewritten(given), wanted);
}

#[test]
fn a_field_of_which_the_end_is_still_to_come_stays() {
    for part in [
        "Connection: keep-al",
        "Connection: keep-alive",
        "Connection: keep-alive\r",
        "Connection: keep-alive\r\n",
        "Connection: keep-alive\r\n ,",
        "Connection: close",
    ] {
        let wanted = format!("{LINE}Connection: close\r\n{part}");
        assert_eq!(rewritten(&format!("{LINE}{part}")), wanted);
    }
}

#[test]
fn no_body_is_taken_for_a_head() {
    for body in [
        "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n",
        "\r\n\r\nConnection: keep-alive\r\n\r\n",
        "Connection: keep-alive\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ] {
        for framing in [String::new(), format!("Content-Length: {}\r\n", body.len())] {
            let given = format!("{LINE}{framing}\r\n{body}");
            let wanted = format!("{LINE}Connection: close\r\n{framing}\r\n{body}");
            assert_eq!(rewritten(&given), wanted);
        }
        let chunked = "Transfer-Encoding: chunked\r\n\r\n";
        let size = body.len();
        let given = format!("{LINE}{chunked}{size:x}\r\n{body}\r\n0\r\n\r\n");
        let wanted = given.replacen(LINE, &format!("{LINE}Connection: close\r\n"), 1);
        assert_eq!(rewritten(&given), wanted);
    }
}

#[test]
fn of_several_answers_the_last_gets_the_word() {
    for first in [
        "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nfirst",
        "HTTP/1.1 200 OK\r\ncontent-length: 0 \r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nfirst\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nA\n0123456789\n0\nTrailer: 1\n\n",
    ] {
        let last = "Content-Length: 50\r\n\r\npart";
        let wanted = format!("{first}{first}{LINE}Connection: close\r\n{last}");
        assert_eq!(rewritten(&format!("{first}{first}{LINE}{last}")), wanted);
        // Of the last one too little is there: none is changed, so that none is lost.
        is(&format!("{first}HTTP/1.1 2"), &Word::NotAHead);
        is(&format!("{first}HTTP/1.1 200 O"), &Word::NotAHead);
        // What is no head does not count.
        let wanted = format!("{first}Connection: x").replacen('\n', "\nConnection: close\r\n", 1);
        if first.contains("\r\n") && !first.contains("keep-alive") {
            assert_eq!(rewritten(&format!("{first}Connection: x")), wanted);
        }
    }
}

#[test]
fn behind_an_answer_to_head_no_body_is_taken_for_a_head() {
    // Its length, which nobody sends, leads into the body of the next answer.
    let next = format!("{LINE}Content-Length: 50\r\n\r\n");
    let head = format!("Content-Length: {}\r\n\r\n", next.len());
    let rest = format!("{head}{next}{LINE}Content-Length: 0\r\n\r\n");
    let wanted = format!("{LINE}Connection: close\r\n{rest}");
    assert_eq!(rewritten(&format!("{LINE}{rest}")), wanted);
}

#[test]
fn lengths_that_make_no_sense_end_the_search() {
    for framing in [
        "Content-Length: 99999999999999999999",
        "Content-Length: 18446744073709551615",
        "Content-Length: +1",
        "Content-Length: -1",
        "Content-Length: 1, 1",
        "Content-Length:",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
        "Transfer-Encoding: chunked\r\n\r\n+5\r\nfirst\r\n0",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nfirst and more\r\n0",
        "Transfer-Encoding: chunked\r\n\r\n\r\n",
    ] {
        let given = format!("{LINE}{framing}\r\n\r\nx");
        let wanted = format!("{LINE}Connection: close\r\n{framing}\r\n\r\nx");
        assert_eq!(rewritten(&given), wanted);
    }
}

#[test]
fn a_head_is_unfinished_until_its_empty_line_and_interim_ones_do_not_count() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let whole = "HTTP/1.1 200 OK\r\nA: 1\r\n\r\n";
    for end in 0..whole.len() {
        assert!(is_unfinished(&whole.as_bytes()[..end]), "{end}");
        let behind = format!("{interim}{}", &whole[..end]);
        assert_eq!(is_unfinished(behind.as_bytes()), end > 0, "{end}");
    }
    for text in [
        whole,
        &format!("{interim}{whole}"),
        &format!("{whole}HTTP/1.1 2"),
        "HTTP/1.1 101 Switching Protocols\r\n\r\nH",
        "HTTP/1.1 200 OK\r\n folded",
        "HTTP/2",
        "body",
    ] {
        assert!(!is_unfinished(text.as_bytes()), "{text:?}");
    }
}

#[test]
fn what_was_sent_tells_how_many_own_bytes_are_done_with() {
    let own = "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: 5\r\nA: 1\r\n\r\nbody";
    let rewritten = word_in(own);
    let line = LINE.len();
    let word = "Connection: close\r\n";
    let cut = "Connection: keep-alive\r\nKeep-Alive: 5\r\n".len();
    let word_end = line + word.len();
    let sent = |own, owed: &'static str| Sent {
        own,
        owed: owed.as_bytes(),
        said: true,
    };
    let nothing = Sent {
        said: false,
        ..sent(0, "")
    };
    assert_eq!(rewritten.sent(0), nothing);
    let rest = "TP/1.1 200 OK\r\nConnection: close\r\n";
    assert_eq!(rewritten.sent(2), sent(line + cut, rest));
    assert_eq!(rewritten.sent(line), sent(line + cut, word));
    assert_eq!(
        rewritten.sent(line + 4),
        sent(line + cut, "ection: close\r\n")
    );
    assert_eq!(rewritten.sent(word_end), sent(line + cut, ""));
    assert_eq!(rewritten.sent(word_end + 1), sent(line + cut + 1, ""));
    assert_eq!(rewritten.sent(rewritten.bytes().len()), sent(own.len(), ""));
}

#[test]
fn a_send_that_ends_before_the_last_head_has_not_said_the_word() {
    let first = "HTTP/1.1 204 No Content\r\n\r\n";
    let rewritten = word_in(&format!("{first}{LINE}"));
    let sent = rewritten.sent(first.len());
    assert_eq!(
        (sent.own, sent.owed, sent.said),
        (first.len(), &b""[..], false)
    );
    assert!(rewritten.sent(first.len() + 1).said);
}
