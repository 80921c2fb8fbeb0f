//! Messages and their lines: every kind there and back, and the form that older sides know.

use std::fmt::Debug;
use std::io::Cursor;

use proptest::prelude::*;
use protocol::codec::{self, line};
use protocol::version::PROTOCOL;
use protocol::{
    Answering, Asking, Hello, Noticed, Pid, Reply, Request, RequestId, Selector, Welcome,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::samples;

/// Sends values one after the other and reads them again.
#[track_caller]
fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(values: &[T]) {
    let mut wire = Vec::new();
    for value in values {
        codec::write(&mut wire, value).unwrap();
    }
    let newlines = wire.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(newlines, values.len(), "each value is one line");
    let mut wire = Cursor::new(wire);
    for value in values {
        assert_eq!(&codec::read::<T>(&mut wire).unwrap(), value);
    }
    let end = codec::read::<T>(&mut wire);
    assert!(matches!(end, Err(codec::ReadError::Closed)), "{end:?}");
}

fn id(text: &str) -> RequestId {
    RequestId(text.to_owned())
}

#[test]
fn every_request_comes_back_as_it_was() {
    let asking = |request| Asking {
        id: id("r-1"),
        request,
    };
    let all: Vec<Asking> = samples::requests().into_iter().map(asking).collect();
    there_and_back(&all);
}

#[test]
fn every_reply_comes_back_as_it_was() {
    let ids = [Some(id("r-1")), None];
    let all: Vec<Answering> = samples::replies()
        .into_iter()
        .zip(ids.into_iter().cycle())
        .map(|(reply, id)| Answering { id, reply })
        .collect();
    there_and_back(&all);
}

#[test]
fn every_notice_comes_back_as_it_was() {
    let all: Vec<Noticed> = samples::notices()
        .into_iter()
        .zip([0, 1_700_000_000_000, u64::MAX].into_iter().cycle())
        .map(|(notice, at)| Noticed { at, notice })
        .collect();
    there_and_back(&all);
}

#[test]
fn the_goals_that_a_first_version_saved_come_back_as_they_were() {
    there_and_back(&[samples::saved()]);
}

proptest! {
    #[test]
    fn whatever_a_person_types_comes_back_as_it_was(name in any::<String>(), words in prop::collection::vec(any::<String>(), 0..4)) {
        let select = words.into_iter().map(Selector::Word).collect();
        there_and_back(&[Asking { id: id(&name), request: Request::Stop { select } }]);
    }
}

/// The lines that version 1 of the protocol has always had. A change here is a new version.
#[test]
fn the_lines_of_a_conversation_keep_their_form() {
    assert_eq!(PROTOCOL, 1);
    let text = |line: Vec<u8>| String::from_utf8(line).unwrap();
    let hello = Hello {
        wsd: PROTOCOL,
        client: "0.1.0".to_owned(),
        examine: false,
    };
    assert_eq!(text(line(&hello)), "{\"wsd\":1,\"client\":\"0.1.0\"}\n");
    let examine = true;
    there_and_back(&[hello.clone(), Hello { examine, ..hello }]);
    let welcome = Welcome {
        wsd: PROTOCOL,
        daemon: "0.1.0".to_owned(),
        pid: Pid(12),
        uptime: config::Span(1500),
        lacks: None,
    };
    assert_eq!(
        text(line(&welcome)),
        "{\"wsd\":1,\"daemon\":\"0.1.0\",\"pid\":12,\"uptime\":1500}\n"
    );
    for lacks in [Vec::new(), crate::handed::lacks()] {
        there_and_back(&[Welcome {
            lacks: Some(lacks),
            ..welcome.clone()
        }]);
    }
    let asking = Asking {
        id: id("r-1"),
        request: Request::Stop {
            select: vec![Selector::All, Selector::Word("web".to_owned())],
        },
    };
    assert_eq!(
        text(line(&asking)),
        "{\"id\":\"r-1\",\"request\":{\"verb\":\"stop\",\"select\":[\"all\",{\"word\":\"web\"}]}}\n"
    );
    let answering = Answering {
        id: None,
        reply: Reply::Pong,
    };
    assert_eq!(
        text(line(&answering)),
        "{\"id\":null,\"reply\":{\"kind\":\"pong\"}}\n"
    );
}

#[test]
fn a_field_that_a_later_version_added_is_passed_over() {
    let line = br#"{"id":"r-1","later":[{}],"request":{"verb":"stop","select":["all"],"later":1}}"#;
    let asking: Asking = codec::parse(line).unwrap();
    assert_eq!(
        asking.request,
        Request::Stop {
            select: vec![Selector::All]
        }
    );
}

#[test]
fn an_id_is_short_and_printable() {
    assert!(id("r-1").is_valid());
    assert!(id(&"x".repeat(RequestId::LEN_MAX)).is_valid());
    for bad in ["", "a b", "a\n", "é", &"x".repeat(RequestId::LEN_MAX + 1)] {
        assert!(!id(bad).is_valid(), "{bad:?}");
    }
}
