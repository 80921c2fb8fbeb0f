//! Any bytes as the beginning of an HTTP/1 message: the word goes in, once, and nothing else changes
//! but for what contradicts it; never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;

/// The daemon is a program and no library, so this part of it is compiled here.
#[expect(
    dead_code,
    unused_imports,
    reason = "the daemon uses what is not tried here"
)]
#[path = "../../supervisor/src"]
mod supervisor {
    pub(crate) mod http_head;
}

use supervisor::http_head::{Asked, Word, is_unfinished, with_close};

const WORD: &[u8] = b"Connection: close";

fuzz_target!(|bytes: &[u8]| {
    ask(bytes);
    answer(bytes);
});

/// A request is passed on with the word in it, or as it came.
fn ask(bytes: &[u8]) {
    if let Asked::One { bytes: passed, .. } = Asked::of(bytes) {
        assert!(passed == bytes || has_word(&passed));
        assert!(matches!(Asked::of(&passed), Asked::One { bytes, .. } if bytes == passed));
    }
}

fn answer(bytes: &[u8]) {
    is_unfinished(bytes);
    let Word::Rewritten(rewritten) = with_close(bytes) else {
        return;
    };
    let out = rewritten.bytes();
    assert!(has_word(out));
    assert_eq!(with_close(out), Word::SaysClose);
    let mut before = 0;
    for sent in 0..=out.len() {
        let now = rewritten.sent(sent);
        assert!(before <= now.own && now.own <= bytes.len());
        before = now.own;
    }
    let all = rewritten.sent(out.len());
    assert_eq!((all.own, all.owed), (bytes.len(), &b""[..]));
}

fn has_word(bytes: &[u8]) -> bool {
    bytes.windows(WORD.len()).any(|it| it == WORD)
}
