//! A copy of one of the real apps, `tests/apps/*`, in a home's working folder.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::Home;

/// The folder of a copied app.
#[derive(Debug, Clone)]
pub struct Site {
    folder: PathBuf,
}

impl Site {
    /// Copies the app of this name into `at`, below the working folder.
    ///
    /// # Panics
    /// Where there is none or no room for it.
    #[must_use]
    pub fn copied(home: &Home, name: &str, at: &str) -> Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("apps")
            .join(name);
        let folder = home.work().join(at);
        copy(&from, &folder);
        Self { folder }
    }

    /// Puts values in for the words between `@` in the configuration, and gives its path.
    ///
    /// # Panics
    /// Where there is no such file.
    pub fn configured(&self, file: &str, values: &[(&str, &str)]) -> PathBuf {
        let path = self.folder.join(file);
        let mut text = fs::read_to_string(&path).expect("the app has this file");
        for (word, value) in values {
            text = text.replace(&format!("@{word}@"), value);
        }
        fs::write(&path, text).expect("the copy can be written");
        path
    }

    /// Makes a folder of the tools appear in the app's own.
    ///
    /// # Panics
    /// Where the name is taken.
    pub fn link(&self, name: &str, to: &Path) {
        symlink(to, self.folder.join(name)).expect("the name is free");
    }

    /// The app's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("room for a folder");
    for entry in fs::read_dir(from).expect("the app is there").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("room for a file");
        }
    }
}
