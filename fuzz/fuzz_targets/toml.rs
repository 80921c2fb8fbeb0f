//! Any text as TOML: apps or errors, never a panic, never a hang.

#![no_main]

use config::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| fuzz::read(Format::Toml, text));
