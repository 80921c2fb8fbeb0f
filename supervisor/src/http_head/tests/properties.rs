use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::http_head::{Asked, Word, with_close};

const WORD: &[u8] = b"Connection: close";

/// What heads are made of, well and badly.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(vec![
        "HTTP/1.1 200 OK",
        "HTTP/1.0 503",
        "HTTP/1.1 100 Continue",
        "HTTP/1.1 204 No",
        "\r\n",
        "\r\n",
        "\r\n",
        "\n",
        "\r\n\r\n",
        "\r",
        " ",
        "\t",
        ":",
        ",",
        "Connection",
        "connection: ",
        "keep-alive",
        "Keep-Alive: timeout=5",
        "close",
        "upgrade",
        "X-A",
        "Content-Length: ",
        "5",
        "0",
        "body",
        "Transfer-Encoding: chunked",
        "\u{e9}",
        "\0",
        "GET / HTTP/1.1",
    ]);
    vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

/// Bytes of which many have a head at their beginning.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let headed = pieces().prop_map(|rest| [b"HTTP/1.1 200 OK\r\n", &rest[..]].concat());
    prop_oneof![3 => headed, 1 => pieces(), 1 => vec(any::<u8>(), 0..200)]
}

/// Whether `few` are `many` with some left out.
fn is_within(few: &[u8], many: &[u8]) -> bool {
    let mut many = many.iter();
    few.iter().all(|byte| many.any(|it| it == byte))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn nothing_changes_but_for_the_line_put_in_and_the_fields_taken_out(own in bytes()) {
        let Word::Rewritten(rewritten) = with_close(&own) else { return Ok(()) };
        let out = rewritten.bytes();
        let place = (0..out.len()).find(|at| out[*at..].starts_with(WORD)).unwrap();
        let line_end = out[place..].iter().position(|byte| *byte == b'\n').unwrap() + place + 1;
        let without = [&out[..place], &out[line_end..]].concat();
        prop_assert_eq!(&own[..place], &out[..place]);
        prop_assert!(is_within(&without, &own));
        // At the end of the own bytes nothing is missing: a body stays whole.
        let missing = own.len() - without.len();
        prop_assert!(missing == 0 || own.windows(10).any(|it| it.eq_ignore_ascii_case(b"keep-alive")));
    }

    #[test]
    fn what_was_rewritten_says_the_word_and_once_is_enough(own in bytes()) {
        let Word::Rewritten(rewritten) = with_close(&own) else { return Ok(()) };
        prop_assert_eq!(with_close(rewritten.bytes()), Word::SaysClose);
    }

    #[test]
    fn more_sent_is_never_fewer_own_and_all_is_all(own in bytes()) {
        let Word::Rewritten(rewritten) = with_close(&own) else { return Ok(()) };
        let length = rewritten.bytes().len();
        let told: Vec<usize> = (0..=length).map(|sent| rewritten.sent(sent).own).collect();
        prop_assert!(told.is_sorted());
        prop_assert_eq!(told[0], 0);
        prop_assert_eq!(told[length], own.len());
        prop_assert!(rewritten.sent(length).owed.is_empty());
    }

    #[test]
    fn wherever_a_send_ends_the_client_gets_the_word_once_and_every_other_byte(own in bytes()) {
        let Word::Rewritten(rewritten) = with_close(&own) else { return Ok(()) };
        let out = rewritten.bytes();
        for at in 1..=out.len() {
            let sent = rewritten.sent(at);
            let wire = [&out[..at], sent.owed, &own[sent.own..]].concat();
            if !sent.said {
                prop_assert_eq!(wire, own.clone());
                continue;
            }
            // What is left as it is are fields that could have gone.
            prop_assert!(is_within(out, &wire), "cut at {at}");
            prop_assert!(wire.len() <= own.len() + WORD.len() + 2);
            prop_assert!(at < out.len() || wire == out);
        }
    }

    #[test]
    fn a_body_behind_a_whole_head_stays(
        fields in vec(select(vec!["A: 1\r\n", "Connection: keep-alive\r\n", "Keep-Alive: 5\r\n"]), 0..5),
        body in pieces(),
    ) {
        let own = [b"HTTP/1.1 200 OK\r\n", fields.concat().as_bytes(), b"\r\n", &body[..]].concat();
        let Word::Rewritten(rewritten) = with_close(&own) else { panic!("not rewritten") };
        prop_assert!(rewritten.bytes().ends_with(&[b"\r\n", &body[..]].concat()));
        let head = rewritten.bytes().len() - body.len();
        prop_assert!(!rewritten.bytes()[..head].windows(10).any(|it| it.eq_ignore_ascii_case(b"keep-alive")));
    }

    #[test]
    fn a_request_is_seen_whatever_comes_first(bytes in prop_oneof![pieces(), vec(any::<u8>(), 0..200)]) {
        // What may become one may still do so with less, and what cannot cannot with more.
        let verdicts: Vec<Asked> = (0..=bytes.len()).map(|end| Asked::of(&bytes[..end])).collect();
        let decided = verdicts.iter().position(|it| *it != Asked::Unfinished);
        if let Some(first) = decided {
            let foreign = |it: &Asked| *it == Asked::Foreign;
            prop_assert!(!verdicts[first..].contains(&Asked::Unfinished));
            prop_assert_eq!(foreign(&verdicts[first]), verdicts[first..].iter().all(foreign));
        }
    }
}
