//! `package.json`: what it says about the kind of a file, and where a package's files are.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// Whether a file is a CommonJS or an ES module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// CommonJS: its value is `module.exports`.
    CommonJs,
    /// An ES module.
    Module,
    /// Whatever its text turns out to be.
    Unsaid,
}

impl Kind {
    /// The kind of a file by its ending and by the nearest `package.json`.
    ///
    /// Source: Node.js, "Determining module system".
    pub(super) fn of(path: &Path) -> Self {
        match extension(path) {
            "mjs" | "mts" => Self::Module,
            "cjs" | "cts" => Self::CommonJs,
            _ => path.parent().map_or(Self::Unsaid, Self::in_folder),
        }
    }

    /// The kind of files in a folder: the nearest `package.json` that stands above it says.
    fn in_folder(folder: &Path) -> Self {
        let nearest = folder
            .ancestors()
            .take_while(|above| !above.ends_with("node_modules"))
            .find_map(read);
        match nearest.as_ref().and_then(|package| package.get("type")) {
            Some(Value::String(kind)) if kind == "module" => Self::Module,
            Some(Value::String(kind)) if kind == "commonjs" => Self::CommonJs,
            Some(_) | None => Self::Unsaid,
        }
    }
}

/// Whether a file may hold TypeScript.
pub(super) fn is_typescript(path: &Path) -> bool {
    matches!(extension(path), "ts" | "mts" | "cts" | "tsx")
}

/// The extension of a path, empty without one.
pub(super) fn extension(path: &Path) -> &str {
    path.extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
}

/// The `package.json` in a folder, when there is one that is an object.
pub(super) fn read(folder: &Path) -> Option<Map<String, Value>> {
    let text = std::fs::read_to_string(folder.join("package.json")).ok()?;
    serde_json::from_str(&text).ok()
}

/// What asks for a package; its `exports` may answer differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    /// `require`.
    Require,
    /// `import`.
    Import,
}

impl Asking {
    /// Whether a condition of `exports` holds.
    fn meets(self, condition: &str) -> bool {
        match condition {
            "node" | "default" => true,
            "require" => self == Self::Require,
            "import" => self == Self::Import,
            _ => false,
        }
    }
}

/// The file in a package that its `exports` give for a subpath, which is `.` or begins with `./`.
///
/// Shape: relative to the package. Nothing when it gives none, which forbids the subpath.
/// Source: Node.js, "Package exports".
pub(super) fn exported(exports: &Value, subpath: &str, asking: Asking) -> Option<PathBuf> {
    let map = exports
        .as_object()
        .filter(|map| map.keys().any(|key| key.starts_with('.')));
    let (target, rest) = match map {
        None if subpath == "." => (exports, None),
        None => return None,
        Some(map) => mapped(map, subpath)?,
    };
    chosen(target, rest, asking).map(PathBuf::from)
}

/// The entry of a map for a subpath, and what its `*` stands for: the longest key that fits.
fn mapped<'a>(
    map: &'a Map<String, Value>,
    subpath: &'a str,
) -> Option<(&'a Value, Option<&'a str>)> {
    if let Some(target) = map.get(subpath) {
        return Some((target, None));
    }
    map.iter()
        .filter_map(|(key, target)| {
            let (head, tail) = key.split_once('*')?;
            let rest = subpath.strip_prefix(head)?.strip_suffix(tail)?;
            Some((head.len(), target, rest))
        })
        .max_by_key(|(length, ..)| *length)
        .map(|(_, target, rest)| (target, Some(rest)))
}

/// The text that a target comes to under the conditions that hold.
fn chosen(target: &Value, rest: Option<&str>, asking: Asking) -> Option<String> {
    match target {
        Value::String(path) => {
            let path = path.strip_prefix("./")?;
            Some(rest.map_or_else(|| path.to_owned(), |rest| path.replace('*', rest)))
        }
        Value::Object(conditions) => conditions
            .iter()
            .filter(|(condition, _)| asking.meets(condition))
            .find_map(|(_, target)| chosen(target, rest, asking)),
        Value::Array(targets) => targets
            .iter()
            .find_map(|target| chosen(target, rest, asking)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The path that `exports` give to `require`, as a text.
    fn required(exports: &Value, subpath: &str) -> Option<String> {
        let path = exported(exports, subpath, Asking::Require)?;
        Some(path.to_string_lossy().into_owned())
    }

    #[test]
    fn exports_give_the_first_condition_that_holds() {
        let exports =
            json!({"import": "./m.mjs", "require": {"node": "./c.cjs"}, "default": "./d.js"});
        assert_eq!(required(&exports, ".").as_deref(), Some("c.cjs"));
        let imported = exported(&exports, ".", Asking::Import);
        assert_eq!(imported, Some(PathBuf::from("m.mjs")));
        assert_eq!(required(&exports, "./x"), None);
    }

    #[test]
    fn exports_map_subpaths_and_the_longest_pattern_wins() {
        let exports =
            json!({".": "./i.js", "./*": "./all/*.js", "./in/*": "./inner/*.js", "./no/*": null});
        assert_eq!(required(&exports, ".").as_deref(), Some("i.js"));
        assert_eq!(required(&exports, "./a/b").as_deref(), Some("all/a/b.js"));
        assert_eq!(required(&exports, "./in/b").as_deref(), Some("inner/b.js"));
        assert_eq!(required(&exports, "./no/b"), None);
    }
}
