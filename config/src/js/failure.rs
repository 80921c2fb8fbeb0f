//! From what JavaScript throws to an error with a place.

use std::path::PathBuf;

use rquickjs::convert::Coerced;
use rquickjs::{Ctx, Error, Value};

use super::JsError;
use super::shared::Shared;

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The path of the file, or the name of an expression.
    pub(super) file: String,
    /// The line, from 1.
    pub(super) line: u32,
    /// The column, from 1.
    pub(super) column: u32,
}

/// The names that the host's own scripts begin with.
pub(super) const HOST_SCHEME: &str = "host:";

/// The first place in a stack that is in a file of the user.
///
/// Reads the stacks of all engines: a line ends with `file:line:column`, perhaps in parentheses,
/// and a file may be an address.
pub(super) fn first_place(stack: &str) -> Option<Place> {
    stack.lines().find_map(|line| {
        let line = line.trim();
        let line = line.strip_suffix(')').unwrap_or(line);
        let mut parts = line.rsplitn(3, ':');
        let column = parts.next()?.parse().ok()?;
        let row = parts.next()?.parse().ok()?;
        let head = parts.next()?;
        let start = head.rfind(" (").map(|at| at + 2);
        let start = start.or_else(|| head.starts_with("at ").then_some(3));
        let file = &head[start.unwrap_or_default()..];
        let file = file.strip_prefix("async ").unwrap_or(file);
        let file = file.strip_prefix("file://").unwrap_or(file);
        let is_internal = [HOST_SCHEME, "node:", "internal/", "bun:", "ext:", "["]
            .iter()
            .any(|scheme| file.starts_with(scheme));
        (!is_internal && !file.is_empty()).then(|| Place {
            file: file.to_owned(),
            line: row,
            column,
        })
    })
}

impl JsError {
    /// An error at a place, when that is known.
    pub(super) fn at(place: Option<Place>, message: impl Into<String>) -> Self {
        let (file, line, column) = match place {
            Some(place) => (
                Some(PathBuf::from(place.file)),
                Some(place.line),
                Some(place.column),
            ),
            None => (None, None, None),
        };
        Self {
            file,
            line,
            column,
            message: message.into(),
            hint: None,
        }
    }

    /// The same error in this file, when it is in none yet.
    pub(super) fn or_in(mut self, file: &str) -> Self {
        self.file.get_or_insert_with(|| PathBuf::from(file));
        self
    }

    /// The same error with advice.
    pub(super) fn advising(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The error that an exception of the engine is to a person.
pub(super) fn of_error(ctx: &Ctx<'_>, error: &Error, shared: &Shared) -> JsError {
    if error.is_exception() {
        of_thrown(&ctx.catch(), shared)
    } else {
        JsError::at(None, error.to_string())
    }
}

/// The error that a thrown value is to a person.
pub(super) fn of_thrown(thrown: &Value<'_>, shared: &Shared) -> JsError {
    let Some(exception) = thrown.as_exception() else {
        let shown = thrown.get::<Coerced<String>>();
        let shown = shown.map_or_else(|_| thrown.type_name().to_owned(), |text| text.0);
        return JsError::at(None, format!("threw {shown}"));
    };
    let name: Option<String> = exception.get("name").ok();
    let message = exception.message().unwrap_or_default();
    let place = exception.stack().and_then(|stack| shared.place_in(&stack));
    if name.as_deref() == Some("SyntaxError")
        && let Some(end) = place.as_ref().and_then(|place| shared.end_before(place))
    {
        return cut_off(shared.in_letters(end));
    }
    let place = place.map(|place| shared.in_letters(place));
    if message == "out of memory" {
        return beyond_memory(shared);
    }
    let name = name.unwrap_or_else(|| "Error".to_owned());
    JsError::at(place, format!("{name}: {message}"))
}

/// The error of a program whose end is missing. What the engine says of it is about the `}` and `)`
/// that are put behind the text.
fn cut_off(end: Place) -> JsError {
    JsError::at(
        Some(end),
        "SyntaxError: the text ends where more is expected",
    )
    .advising("look for a `{`, `[` or `(` that is not closed, or for a part that is missing")
}

/// The error of an evaluation that took too much memory.
pub(super) fn beyond_memory(shared: &Shared) -> JsError {
    let mebibytes = shared.task.limits.memory >> 20;
    JsError::at(
        None,
        format!("it needs more than {mebibytes} MiB of memory"),
    )
    .advising("look for a list or a text that grows without end")
}

/// The error of an evaluation that took too long.
pub(super) fn beyond_time(limit: std::time::Duration) -> JsError {
    let seconds = limit.as_secs_f64();
    JsError::at(None, format!("it is not done after {seconds} s"))
        .advising("look for a loop that does not end or a promise that nothing settles")
}

/// The error of an evaluation that the file ended.
pub(super) fn exited(code: i32, place: Option<Place>) -> JsError {
    JsError::at(place, format!("it called process.exit({code})"))
        .advising("a configuration must export its apps and not exit")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place in a stack as one text.
    fn place(stack: &str) -> Option<String> {
        first_place(stack).map(|p| format!("{}|{}|{}", p.file, p.line, p.column))
    }

    #[test]
    fn the_first_place_outside_the_host_is_found_in_the_stacks_of_all_engines() {
        let ours = "    at mark (host:lacks:7:13)\n    at <eval> (/a b/x.js:3:5)\n";
        assert_eq!(place(ours).as_deref(), Some("/a b/x.js|3|5"));
        assert_eq!(place("    at /x/y.js:2:9").as_deref(), Some("/x/y.js|2|9"));
        let node = "Error: x\n    at node:internal/a:1:2\n    at async file:///x/y.mjs:4:7";
        assert_eq!(place(node).as_deref(), Some("/x/y.mjs|4|7"));
        assert_eq!(place("Error: no place here"), None);
        assert_eq!(place(""), None);
    }
}
