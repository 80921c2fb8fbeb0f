//! Reads a text as a configuration, on a machine without files, programs and users.
//!
//! Run one with `cargo +nightly fuzz run yaml -- -max_total_time=20`; what it finds of interest
//! goes to `fuzz/corpus/yaml`, what it breaks to `fuzz/artifacts/yaml`.

use std::path::PathBuf;

use config::{Asker, Env, Format, User, Users, Wanted};

/// Reads a text. Panics where it gives neither apps nor errors, or both.
///
/// What is not of the format ends there: loading would try it as JavaScript, which has a target of
/// its own and takes a thousand times as long.
pub fn read(format: Format, text: &str) {
    if !format.reads(text) {
        return;
    }
    let loaded = config::load_text(format, text, &asker(), &Wanted::default());
    assert!(
        loaded.specs.is_empty() != loaded.errors.is_empty(),
        "{} apps and {} errors",
        loaded.specs.len(),
        loaded.errors.len()
    );
    for finding in loaded.errors.iter().chain(&loaded.warnings) {
        assert!(!finding.render(true).is_empty());
    }
}

/// Somebody whose folder does not exist and whose PATH is empty, so that nothing can be started.
pub fn asker() -> Asker {
    let nowhere = PathBuf::from("/nowhere");
    Asker {
        cwd: nowhere.clone(),
        env: Env::from_iter([("PATH".to_owned(), "/nowhere".to_owned())]),
        home: Some(nowhere.clone()),
        logs: nowhere.join("logs"),
        pids: nowhere.join("pids"),
        uid: 1000,
        argv: Vec::new(),
        users: Box::new(Nobody),
        console: |_| {},
    }
}

/// A machine without users.
struct Nobody;

impl Users for Nobody {
    fn by_name(&self, _name: &str) -> Option<User> {
        None
    }

    fn by_uid(&self, _uid: u32) -> Option<User> {
        None
    }

    fn group(&self, _name: &str) -> Option<u32> {
        None
    }

    fn groups_of(&self, _user: &User, gid: u32) -> Vec<u32> {
        vec![gid]
    }
}
