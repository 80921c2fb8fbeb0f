//! Any text as JavaScript: a value or an error within its limits, never a panic.
//!
//! What begins with `c` is a CommonJS program, with `m` an ES module, with `e` an expression, each
//! from the second letter on; anything else is an expression as it stands.

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
    let name = "<stdin>";
    let module;
    let source = match (text.get(..1), text.get(1..)) {
        (Some("c"), Some(text)) => Source::Text { name, text },
        (Some("m"), Some(text)) => {
            // This makes it one, whatever else is in it.
            module = format!("{text}\nexport {{}};");
            Source::Text {
                name,
                text: &module,
            }
        }
        (Some("e"), Some(text)) => Source::Expression { name, text },
        _ => Source::Expression { name, text },
    };
    if let Err(error) = evaluate(&source, &host) {
        assert!(!error.message.is_empty());
    }
});
