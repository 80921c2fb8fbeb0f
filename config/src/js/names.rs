//! The names that a CommonJS file seems to export, found in its text.
//!
//! An ES module names what it imports before anything runs, so the names of a CommonJS file must
//! be known without running it. A name too many does no harm: it is undefined. A name that is
//! missed makes the import fail, which counts as something that the engine lacks.
//!
//! Source: the idea is that of Node's `cjs-module-lexer`; what is found here is a little more.

use std::collections::BTreeSet;

/// The names that are assigned to `exports` or listed in an object assigned to `module.exports`.
pub(super) fn exported_names(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, found) in text.match_indices("exports") {
        let rest = &text[at + found.len()..];
        if let Some(name) = member(rest).or_else(|| defined(rest)) {
            names.insert(name.to_owned());
        } else if let Some(object) = after(rest, "=").and_then(|rest| after(rest, "{")) {
            keys(object, &mut names);
        }
    }
    names.remove("");
    names.remove("default");
    names.retain(|name| !RESERVED.split(' ').any(|word| word == name));
    names
}

/// The specifiers of the modules whose exports this one hands on as its own.
pub(super) fn handed_on(text: &str) -> Vec<&str> {
    let assigned = text.match_indices("exports").filter_map(|(at, found)| {
        let rest = after(&text[at + found.len()..], "=")?;
        after(rest, "require").and_then(|rest| after(rest, "("))
    });
    let starred = ["__exportStar(", "__export("]
        .into_iter()
        .flat_map(|call| text.match_indices(call))
        .filter_map(|(at, found)| after(&text[at + found.len()..], "require("));
    assigned.chain(starred).filter_map(literal).collect()
}

/// The text in the quotes at the head of a text, when there are no escapes in it.
fn literal(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|c| "'\"".contains(*c))?;
    let (inner, _) = text[1..].split_once(quote)?;
    (!inner.contains('\\')).then_some(inner)
}

/// Words that cannot be bound by a declaration in an ES module.
const RESERVED: &str = "arguments await break case catch class const continue debugger delete do \
    else enum eval export extends false finally for function if implements import in instanceof \
    interface let new null package private protected public return static super switch this throw \
    true try typeof var void while with yield";

/// The name in `.name` or `["name"]`.
fn member(rest: &str) -> Option<&str> {
    if let Some(rest) = rest.strip_prefix('.') {
        return identifier(rest);
    }
    quoted(after(rest, "[")?).map(|(name, _)| name)
}

/// The name in `, "name"`: the rest of `Object.defineProperty(exports, "name", …)`.
fn defined(rest: &str) -> Option<&str> {
    quoted(after(rest, ",")?).map(|(name, _)| name)
}

/// Collects the keys of an object, from behind its brace.
fn keys(object: &str, names: &mut BTreeSet<String>) {
    let mut depth = 0_usize;
    let mut is_key = true;
    let mut rest = object;
    while let Some(c) = rest.chars().next() {
        if let Some(end) = skipped(rest) {
            rest = &rest[end..];
            continue;
        }
        if let Some((name, end)) = quoted(rest).or_else(|| identifier(rest).map(|n| (n, n.len()))) {
            if is_key && depth == 0 {
                names.insert(name.to_owned());
            }
            is_key = false;
            rest = &rest[end..];
            continue;
        }
        match c {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' if depth == 0 => return,
            '}' | ']' | ')' => depth -= 1,
            ',' if depth == 0 => is_key = true,
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
    }
}

/// The length of a comment at the head of a text.
fn skipped(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    let body = text.strip_prefix("/*")?;
    Some(body.find("*/").map_or(text.len(), |end| end + 4))
}

/// A quoted text at the head of a text, when it is a name; and where it ends.
///
/// Any other quoted text gives an empty name, so that what is in it is not taken for code.
fn quoted(text: &str) -> Option<(&str, usize)> {
    let text_after = text.trim_start();
    let quote = text_after.chars().next().filter(|c| "'\"`".contains(*c))?;
    let body = &text_after[1..];
    let mut escaped = false;
    let end = body.find(|c| {
        let closes = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    })?;
    let name = &body[..end];
    let is_name = identifier(name).is_some_and(|found| found.len() == name.len());
    let length = text.len() - text_after.len() + end + 2;
    Some((if is_name { name } else { "" }, length))
}

/// An identifier of ASCII letters at the head of a text.
fn identifier(text: &str) -> Option<&str> {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '$')))
        .unwrap_or(text.len());
    let name = &text[..end];
    (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some(name)
}

/// What follows a mark, when it comes next after blanks.
fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.trim_start().strip_prefix(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names found in a text, joined by blanks.
    fn names(text: &str) -> String {
        let names = exported_names(text);
        Vec::from_iter(names).join(" ")
    }

    #[test]
    fn names_assigned_one_by_one_are_found() {
        let text = "exports.a = 1; module.exports.b = 2; exports['c'] = 3;\n\
            Object.defineProperty(exports, \"d\", { value: 1 });";
        assert_eq!(names(text), "a b c d");
    }

    #[test]
    fn the_keys_of_an_object_are_found_and_not_those_within() {
        let text =
            "module.exports = { a, 'b': { x: [1, {y: 2}] }, // z,\n c() { return q }, ...d }";
        assert_eq!(names(text), "a b c d");
    }

    #[test]
    fn exports_that_are_handed_on_are_found() {
        let text =
            "module.exports = require('./a'); __exportStar(require(\"b\"), exports); require('c')";
        assert_eq!(handed_on(text), ["./a", "b"]);
    }

    #[test]
    fn words_of_the_language_and_odd_names_are_left_out() {
        assert_eq!(
            names("exports.default = 1; exports.class = 2; exports['x-y'] = 3"),
            ""
        );
    }

    #[test]
    fn unfinished_text_is_no_trouble() {
        for text in [
            "exports",
            "exports.",
            "exports = {",
            "exports['",
            "exports = { 'é",
            "exports = { a: '\\",
        ] {
            names(text);
        }
    }
}
