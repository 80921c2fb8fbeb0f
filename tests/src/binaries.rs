//! Where the programs under test are, and that they are those of the sources as they stand.
//!
//! Cargo tells a test only the paths of the binaries of its own package, and builds only those for
//! it. `wsd` and `wsctl` belong to other packages. nextest builds them once before all tests (a set-up
//! script in `.config/nextest.toml`) and says so by [`BUILT`]. Without nextest the first use in each test
//! program builds them, which costs nothing when they are fresh.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

/// The variable that says that `wsd` and `wsctl` are built.
pub const BUILT: &str = "WSD_TESTS_BUILT";

static BUILD: Once = Once::new();

/// The folder that cargo puts this profile's programs into, `target/debug` for example.
#[must_use]
pub fn folder() -> PathBuf {
    let own = std::env::current_exe().expect("a running program has a path");
    let folder = own.parent().expect("a program lies in a folder");
    if folder.ends_with("deps") {
        folder
            .parent()
            .expect("`deps` lies in a folder")
            .to_path_buf()
    } else {
        folder.to_path_buf()
    }
}

/// The folder of the workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this package lies in the workspace")
        .to_path_buf()
}

/// The daemon.
#[must_use]
pub fn wsd() -> PathBuf {
    BUILD.call_once(build);
    folder().join("wsd")
}

/// The command line.
#[must_use]
pub fn wsctl() -> PathBuf {
    BUILD.call_once(build);
    folder().join("wsctl")
}

/// A fake app of `src/bin`; cargo has built it with the test.
#[must_use]
pub fn fake(name: &str) -> PathBuf {
    let path = folder().join(name);
    assert!(path.exists(), "there is no fake app at {}", path.display());
    path
}

fn build() {
    if std::env::vars_os().any(|(name, _)| name == BUILT) {
        return;
    }
    let folder = folder();
    let target = folder.parent().expect("a profile's folder lies in target");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package=supervisor", "--package=ctl"]);
    cargo.arg("--target-dir").arg(target);
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    let status = cargo
        .current_dir(workspace())
        .status()
        .expect("cargo runs this test, so it can be run");
    assert!(status.success(), "wsd and wsctl do not build");
}
