//! Configurations that are programs, and JSON that is really JavaScript.
//!
//! The engine is in [`crate::js`]; this turns what it answers into the common tree, and what it
//! throws into findings on the right page.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::find;
use crate::finding::{Finding, Severity};
use crate::js::{self, Evaluated, Host, JsError, Limits, Source};
use crate::load::Asker;
use crate::page::Page;
use crate::report;

/// Evaluates the file that this page was read from.
pub(crate) fn file(path: &Path, asker: &Asker, page: &Page) -> Result<Evaluated, Box<Finding>> {
    js::evaluate(&Source::File(path), &host(asker))
        .map_err(|error| finding(&error, page, Some(path)))
}

/// Evaluates the page as an expression. The error says whether it was one at all.
pub(crate) fn expression(asker: &Asker, page: &Page) -> Result<Evaluated, Thrown> {
    let source = Source::Expression {
        name: &page.name,
        text: &page.text,
    };
    js::evaluate(&source, &host(asker)).map_err(|error| Thrown {
        is_syntax: error.message.contains("SyntaxError"),
        finding: finding(&error, page, None),
    })
}

/// Evaluates a page that comes from no file but is written as a program.
pub(crate) fn program(asker: &Asker, page: &Page) -> Result<Evaluated, Box<Finding>> {
    let source = Source::Text {
        name: &page.name,
        text: &page.text,
    };
    js::evaluate(&source, &host(asker)).map_err(|error| finding(&error, page, None))
}

/// What an expression threw.
pub(crate) struct Thrown {
    /// Whether the text is no expression, so that the other reader's complaint is the better one.
    pub(crate) is_syntax: bool,
    /// The complaint.
    pub(crate) finding: Box<Finding>,
}

fn host(asker: &Asker) -> Host {
    let path = asker.env.get("PATH").unwrap_or_default();
    let exec_path = ["node", "bun"]
        .iter()
        .find_map(|name| find::in_path(name, path, &asker.cwd));
    Host {
        cwd: asker.cwd.clone(),
        env: asker.env.clone(),
        home: asker.home.clone(),
        argv: asker.argv.clone(),
        exec_path: exec_path.unwrap_or_else(|| PathBuf::from("/usr/bin/node")),
        limits: Limits::default(),
        console: Rc::new(asker.console),
    }
}

fn finding(error: &JsError, page: &Page, path: Option<&Path>) -> Box<Finding> {
    let own = |file: &Path| path == Some(file) || file == Path::new(&page.name);
    let name = match error.file.as_deref().filter(|file| !own(file)) {
        Some(other) => other.to_string_lossy().into_owned(),
        None => page.name.clone(),
    };
    let mut finding = report::of_source(&name, Severity::Error, &error.message);
    finding.hint.clone_from(&error.hint);
    finding.line = error.line;
    finding.column = error.line.and(error.column);
    if let Some(line) = error.line.filter(|_| name == page.name) {
        let spot = page.spot_at(line, error.column.unwrap_or(1));
        finding.excerpt = Some(spot.excerpt);
    }
    Box::new(finding)
}
