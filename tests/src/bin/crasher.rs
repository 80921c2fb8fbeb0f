//! A fake app that ends by itself.
//!
//! `--after MS` it lives so long first; `--code N` it exits with this; `--signal NAME` it dies of this
//! in place of exiting; `--complain TEXT` its last words; `--until FILE` once this file is there it
//! lives on.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use nix::sys::signal::{Signal, raise};
use tests::fixture;

fn main() -> ExitCode {
    fixture::say("crasher up");
    if fixture::text_after("--until").is_some_and(|file| Path::new(&file).exists()) {
        fixture::say("crasher stays");
        fixture::forever();
    }
    fixture::linger(Duration::from_millis(
        fixture::number_after("--after").unwrap_or(0),
    ));
    if let Some(words) = fixture::text_after("--complain") {
        fixture::complain(&words);
    }
    if let Some(name) = fixture::text_after("--signal") {
        let signal: Signal = name.parse().expect("a signal's name");
        raise(signal).expect("a process can signal itself");
    }
    ExitCode::from(u8::try_from(fixture::number_after("--code").unwrap_or(1)).unwrap_or(1))
}
