//! The real runtimes, as `scripts/setup-tests` has installed them; what is missing is said out loud.
//!
//! A test that needs one asks for it first and returns where it is not there. The line that says so is
//! also put into a file beside the build's own, whose lines the gate prints and counts.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::thread;

use crate::binaries;

/// The folder that the set-up script fills.
#[must_use]
pub fn tools() -> PathBuf {
    binaries::workspace().join(".tools")
}

/// Bun.
#[must_use]
pub fn bun() -> Option<PathBuf> {
    installed("node_modules/.bin/bun", "bun (npm)")
}

/// Debian's or the person's own Node.
#[must_use]
pub fn node() -> Option<PathBuf> {
    installed("bin/node", "node")
}

/// A Python with uvicorn and FastAPI: the folder of its environment.
#[must_use]
pub fn venv() -> Option<PathBuf> {
    installed("venv/bin/uvicorn", "uvicorn (PyPI)")?;
    Some(tools().join("venv"))
}

/// A folder of npm packages, by the one that is needed.
#[must_use]
pub fn npm(package: &str) -> Option<PathBuf> {
    installed(&format!("node_modules/{package}"), package)?;
    Some(tools().join("node_modules"))
}

/// Says that the test that runs does not, and why.
///
/// # Panics
/// Where the line cannot be written.
pub fn skip(missing: &str) {
    let current = thread::current();
    let line = format!("SKIP {}: {missing}\n", current.name().unwrap_or("?"));
    let folder = binaries::folder();
    let counted = folder.parent().unwrap_or(&folder).join("skipped-tests");
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(counted)
        .and_then(|mut file| file.write_all(line.as_bytes()))
        .expect("a skip is counted");
    io::stderr()
        .write_all(line.as_bytes())
        .expect("a skip is said");
}

fn installed(path: &str, what: &str) -> Option<PathBuf> {
    let found = tools().join(path);
    if found.exists() {
        return Some(found);
    }
    skip(&format!("{what} is not installed, see scripts/setup-tests"));
    None
}
