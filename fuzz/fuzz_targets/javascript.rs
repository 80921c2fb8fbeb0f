//! Any text as JavaScript: a value or an error within its limits, never a panic.

#![no_main]

use std::ffi::c_char;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use config::js::{Host, Limits, Source, evaluate};
use libfuzzer_sys::fuzz_target;

/// Asked by the sanitizer at its start. The engine leaves the memory of a failed evaluation behind
/// on purpose, so looking for leaks would find nothing but that.
#[unsafe(no_mangle)]
pub extern "C" fn __asan_default_options() -> *const c_char {
    c"detect_leaks=0".as_ptr()
}

fuzz_target!(|text: &str| {
    let asker = fuzz::asker();
    let host = Host {
        cwd: asker.cwd,
        env: asker.env,
        home: asker.home,
        argv: asker.argv,
        exec_path: PathBuf::from("/nowhere/node"),
        limits: Limits {
            time: Duration::from_millis(200),
            runtime_time: Duration::from_millis(200),
            memory: 8 << 20,
        },
        console: Rc::new(|_| {}),
    };
    let name = "fuzz.json";
    if let Err(error) = evaluate(&Source::Expression { name, text }, &host) {
        assert!(!error.message.is_empty());
    }
});
