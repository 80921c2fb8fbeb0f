//! Paths: what a text stands for, and where a program is.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

/// The absolute path that a text stands for: `~` is the home folder, the rest relative to `base`.
///
/// `.` and `..` are resolved in the text alone, as Node's `path.resolve` does.
pub(crate) fn absolute(text: &str, base: &Path, home: Option<&Path>) -> PathBuf {
    let tilde = text
        .strip_prefix('~')
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
        .zip(home);
    let path = match tilde {
        Some((rest, home)) => home.join(rest.trim_start_matches('/')),
        None => base.join(text),
    };
    let mut plain = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => {
                plain.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
        }
    }
    plain
}

/// The first program of this name in the folders of `path`, each relative to `cwd`.
///
/// Source: execvp(3); an empty folder is `cwd` itself.
pub(crate) fn in_path(name: &str, path: &str, cwd: &Path) -> Option<PathBuf> {
    if name.is_empty() || name.contains('/') {
        return None;
    }
    path.split(':')
        .map(|folder| absolute(folder, cwd, None).join(name))
        .find(|file| is_executable(file))
}

/// The names of all programs in the folders of `path`.
pub(crate) fn programs(path: &str, cwd: &Path) -> Vec<String> {
    path.split(':')
        .flat_map(|folder| names_in(&absolute(folder, cwd, None)))
        .collect()
}

/// The names in a folder; none where it cannot be read.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Whether this is a file that somebody may execute.
pub(crate) fn is_executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_resolved_as_node_resolves_it() {
        let home = Some(Path::new("/home/u"));
        let of = |text| absolute(text, Path::new("/a/b"), home);
        assert_eq!(of("./c/../d.js"), Path::new("/a/b/d.js"));
        assert_eq!(of("../../../x"), Path::new("/x"));
        assert_eq!(of("/y/"), Path::new("/y"));
        assert_eq!(of("~/z"), Path::new("/home/u/z"));
        assert_eq!(of("~"), Path::new("/home/u"));
        assert_eq!(of("~other/z"), Path::new("/a/b/~other/z"));
    }

    #[test]
    fn a_program_is_found_in_the_first_folder_that_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, mode| {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, "").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            file
        };
        make("one/tool", 0o644);
        let wanted = make("two/tool", 0o755);
        make("three/tool", 0o755);
        assert_eq!(
            in_path("tool", "one:two:three", folder.path()),
            Some(wanted)
        );
        assert_eq!(in_path("two/tool", ".", folder.path()), None);
    }
}
