//! From what a file writes in `require` or `import` to what that means.
//!
//! Node's rules, and a little more: `import` may leave an ending away, and `require` also tries
//! `.cjs` and `.mjs`. What Node refuses and this finds is a configuration that works.
//!
//! Source: Node.js, "Modules: CommonJS modules", "All together", and "Modules: Packages".

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::package::{self, Asking, exported};

/// What a specifier means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// A module that is not a file, by its name without `node:`.
    Builtin(String),
    /// A file, by its path without links.
    File(PathBuf),
    /// Something that only another runtime may know.
    Foreign,
    /// Nothing.
    Nothing,
}

/// The modules of Node, and `dotenv`.
const BUILTINS: &str = " assert assert/strict async_hooks buffer child_process cluster console \
    constants crypto dgram diagnostics_channel dns dns/promises domain events fs fs/promises http \
    http2 https inspector inspector/promises module net os path path/posix path/win32 perf_hooks \
    process punycode querystring readline readline/promises repl sea sqlite stream \
    stream/consumers stream/promises stream/web string_decoder sys test test/reporters timers \
    timers/promises tls trace_events tty url util util/types v8 vm wasi worker_threads zlib \
    dotenv dotenv/config ";

/// The builtin that a specifier names, without `node:`.
pub(super) fn builtin(specifier: &str) -> Option<&str> {
    let name = specifier.strip_prefix("node:");
    let known = name.unwrap_or(specifier);
    let is_known = !known.contains(' ') && BUILTINS.contains(&format!(" {known} "));
    (name.is_some() || is_known).then_some(known)
}

/// What `specifier` means in a file in `folder`.
pub(super) fn resolve(specifier: &str, folder: &Path, asking: Asking) -> Found {
    if let Some(name) = builtin(specifier) {
        return Found::Builtin(name.to_owned());
    }
    if let Some(address) = specifier.strip_prefix("file://") {
        return found(decoded(address).and_then(|path| file_or_folder(Path::new(&path))));
    }
    if specifier.starts_with('#') || specifier.contains("://") || specifier.starts_with("data:") {
        return Found::Foreign;
    }
    let is_path = specifier.starts_with('/')
        || [".", ".."].contains(&specifier)
        || ["./", "../"].iter().any(|head| specifier.starts_with(head));
    if is_path {
        return found(file_or_folder(&folder.join(specifier)));
    }
    found(
        folder
            .ancestors()
            .filter(|above| !above.ends_with("node_modules"))
            .find_map(|above| in_package(&above.join("node_modules"), specifier, asking)),
    )
}

/// A found file without its links.
fn found(path: Option<PathBuf>) -> Found {
    path.and_then(|path| path.canonicalize().ok())
        .map_or(Found::Nothing, Found::File)
}

/// The path in an address of a file: its escapes read.
fn decoded(address: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(address.len());
    let mut rest = address.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The file at a path, with an ending that was left away, or the main file of the folder there.
fn file_or_folder(path: &Path) -> Option<PathBuf> {
    let names_folder = path.as_os_str().as_encoded_bytes().ends_with(b"/") || path.ends_with("..");
    if !names_folder && let Some(file) = file(path) {
        return Some(file);
    }
    let package = package::read(path);
    let main = package
        .as_ref()
        .and_then(|package| package.get("main"))
        .and_then(Value::as_str);
    main.and_then(|main| {
        let main = path.join(main);
        file(&main).or_else(|| file(&main.join("index")))
    })
    .or_else(|| file(&path.join("index")))
}

/// The file at a path or at the path with one of the endings that may be left away.
fn file(path: &Path) -> Option<PathBuf> {
    if path.is_file() {
        return Some(path.to_owned());
    }
    ["js", "json", "node", "cjs", "mjs", "ts"]
        .into_iter()
        .map(|ending| {
            let mut name = path.as_os_str().to_owned();
            name.push(".");
            name.push(ending);
            PathBuf::from(name)
        })
        .find(|path| path.is_file())
}

/// The file that a bare specifier means in one `node_modules` folder.
fn in_package(modules: &Path, specifier: &str, asking: Asking) -> Option<PathBuf> {
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    let end = specifier
        .match_indices('/')
        .nth(parts - 1)
        .map_or(specifier.len(), |(at, _)| at);
    let (name, rest) = specifier.split_at(end);
    let folder = modules.join(name);
    let exports = package::read(&folder).and_then(|mut package| package.remove("exports"));
    match exports {
        Some(exports) if !exports.is_null() => {
            exported(&exports, &format!(".{rest}"), asking).map(|path| folder.join(path))
        }
        Some(_) | None => file_or_folder(&modules.join(specifier)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtins_are_known_with_and_without_their_scheme() {
        assert_eq!(builtin("fs"), Some("fs"));
        assert_eq!(builtin("node:fs/promises"), Some("fs/promises"));
        assert_eq!(builtin("node:later"), Some("later"));
        assert_eq!(builtin("f"), None);
        assert_eq!(builtin("fs os"), None);
        assert_eq!(builtin(""), None);
    }

    #[test]
    fn escapes_in_an_address_are_read() {
        assert_eq!(decoded("/a%20b/%C3%A9").as_deref(), Some("/a b/é"));
        assert_eq!(decoded("/a%2"), None);
        assert_eq!(decoded("/%ff"), None);
    }
}
