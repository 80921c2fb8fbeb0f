//! The real runtimes, as `scripts/setup-tests` has installed them; what is missing is said out loud.
//!
//! A test that needs one asks for it first and returns where it is not there. The line that says so is
//! also put into a file beside the build's own, whose lines the gate prints and counts.

use std::ffi::CString;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::thread;

use nix::unistd::{User, getgrouplist};

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

/// gunicorn, in the same environment.
#[must_use]
pub fn gunicorn() -> Option<PathBuf> {
    installed("venv/bin/gunicorn", "gunicorn (PyPI)")
}

/// Deno itself, not the program of Node that npm links.
#[must_use]
pub fn deno() -> Option<PathBuf> {
    installed("bin/deno", "deno (npm)")
}

/// The server in Go that the set-up script builds.
#[must_use]
pub fn go_server() -> Option<PathBuf> {
    installed("bin/go-server", "the server in Go (Debian's golang-go)")
}

/// Debian's nginx.
#[must_use]
pub fn nginx() -> Option<PathBuf> {
    installed("bin/nginx", "nginx")
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

/// A user of the machine that is made for tests, with a supplementary group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestUser {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: u64,
    /// Its primary group.
    pub gid: u64,
    /// All its groups, lowest first.
    pub groups: Vec<u64>,
    /// Its folder.
    pub home: String,
}

/// The user of the tests, where the tests run as root and the set-up script has made one.
///
/// # Panics
/// Where the machine's list of users cannot be read.
#[must_use]
pub fn user() -> Option<TestUser> {
    const NAME: &str = "wsd-tests";
    if !nix::unistd::geteuid().is_root() {
        skip("only root can start an app as another user");
        return None;
    }
    let found = User::from_name(NAME).expect("the users can be read");
    let Some(user) = found else {
        skip("there is no user `wsd-tests`, see scripts/setup-tests");
        return None;
    };
    let name = CString::new(NAME).expect("the name has no zero byte");
    let groups = getgrouplist(&name, user.gid).expect("the groups can be read");
    let mut groups: Vec<u64> = groups.iter().map(|group| group.as_raw().into()).collect();
    groups.sort_unstable();
    Some(TestUser {
        name: NAME.to_owned(),
        uid: user.uid.as_raw().into(),
        gid: user.gid.as_raw().into(),
        groups,
        home: user.dir.to_string_lossy().into_owned(),
    })
}
