//! A machine in a temporary folder: files, programs, users, and somebody who asks.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use config::{Asker, Env, Loaded, Source, User, Users, Wanted};
use serde_json::Value;
use tempfile::TempDir;

/// A machine in a temporary folder.
pub(crate) struct Scene {
    /// Where it all is.
    pub(crate) folder: TempDir,
    /// Who asks: 0 is root.
    pub(crate) uid: u32,
    /// The asker's environment, beside PATH.
    pub(crate) env: Vec<(&'static str, &'static str)>,
}

impl Scene {
    /// A machine with these programs and an empty `server.js`.
    pub(crate) fn with(programs: &[&str]) -> Self {
        let scene = Self {
            folder: tempfile::tempdir().unwrap(),
            uid: 1000,
            env: Vec::new(),
        };
        for program in programs {
            scene.program(&format!("bin/{program}"));
        }
        scene.file("server.js", "");
        scene
    }

    /// Writes a file.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes something that can be executed and is no text.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        let path = self.file(name, "\u{7f}ELF\0");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// The absolute path of something in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// Who asks, in the folder itself.
    pub(crate) fn asker(&self) -> Asker {
        let mut env: Env = self
            .env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        if env.get("PATH").is_none() {
            env.set("PATH", self.path("bin").to_string_lossy());
        }
        Asker {
            cwd: self.path(""),
            env,
            home: Some(self.path("home")),
            logs: "/wsd/logs".into(),
            pids: "/wsd/pids".into(),
            uid: self.uid,
            argv: vec!["wsctl".into(), "start".into()],
            users: Box::new(TwoUsers),
            console: |_| {},
        }
    }

    /// Loads a configuration with this name and text.
    pub(crate) fn load(&self, name: &str, text: &str) -> Loaded {
        self.load_wanted(name, text, &Wanted::default())
    }

    /// Loads a configuration with this name and text, and what else was typed.
    pub(crate) fn load_wanted(&self, name: &str, text: &str, wanted: &Wanted) -> Loaded {
        self.file(name, text);
        config::load(&Source::File(name.into()), &self.asker(), wanted)
    }

    /// Loads an app from flags alone.
    pub(crate) fn load_flags(&self, flags: Value) -> Loaded {
        config::load(&Source::Flags, &self.asker(), &flagged(flags))
    }

    /// Everything that was found, as a person reads it.
    pub(crate) fn shown(&self, loaded: &Loaded) -> String {
        let findings = loaded.errors.iter().chain(&loaded.warnings);
        let shown: Vec<String> = findings.map(|finding| finding.render(false)).collect();
        let folder = self.path("");
        let folder = folder.to_string_lossy();
        shown
            .join("\n\n")
            .replace(&format!("{folder}/"), "[DIR]/")
            .replace(folder.trim_end_matches('/'), "[DIR]")
    }
}

/// What was typed: these flags.
pub(crate) fn flagged(flags: Value) -> Wanted {
    let Value::Object(flags) = flags else {
        panic!("flags are an object");
    };
    Wanted {
        flags,
        ..Wanted::default()
    }
}

/// The only app, where nothing was wrong.
pub(crate) fn one(loaded: Loaded) -> config::AppSpec {
    assert_eq!(loaded.errors, []);
    assert_eq!(loaded.specs.len(), 1);
    loaded.specs.into_iter().next().unwrap()
}

/// Root, and a user `web` with the group `www`.
struct TwoUsers;

impl Users for TwoUsers {
    fn by_name(&self, name: &str) -> Option<User> {
        [0, 1000]
            .iter()
            .filter_map(|uid| self.by_uid(*uid))
            .find(|user| user.name == name)
    }

    fn by_uid(&self, uid: u32) -> Option<User> {
        let (name, home) = match uid {
            0 => ("root", "/root"),
            1000 => ("web", "/home/web"),
            _ => return None,
        };
        Some(User {
            uid,
            gid: uid,
            name: name.to_owned(),
            home: Path::new(home).to_owned(),
        })
    }

    fn group(&self, name: &str) -> Option<u32> {
        (name == "www").then_some(33)
    }

    fn groups_of(&self, user: &User, gid: u32) -> Vec<u32> {
        if user.uid == 1000 {
            vec![gid, 33]
        } else {
            vec![gid]
        }
    }
}
