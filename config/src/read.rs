//! From a file or a text to a sheet: the text, the tree, and what evaluating it changed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::find;
use crate::finding::{Finding, Severity};
use crate::formats::{Format, Parsed, TEXT_BYTES_MAX, js, json, toml, yaml};
use crate::js::Evaluated;
use crate::load::Asker;
use crate::page::Page;
use crate::report::{of_flaw, of_source};
use crate::sheet::Sheet;
use crate::tree::{Marks, Tree};

/// A configuration that could be read.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The text and what it means.
    pub(crate) sheet: Sheet,
    /// The file, absolute; none: it came from standard input.
    pub(crate) file: Option<PathBuf>,
    /// What a JavaScript configuration changed in `process.env`.
    pub(crate) env_changes: BTreeMap<String, Option<String>>,
    /// What the parser found odd.
    pub(crate) warnings: Vec<Finding>,
    /// Which other runtime was needed, and why.
    pub(crate) note: Option<String>,
}

/// How standard input is called in messages.
const STDIN: &str = "<stdin>";

/// Reads a file, in the format that its name says or its text looks like.
pub(crate) fn file(path: &Path, asker: &Asker) -> Result<Reading, Vec<Finding>> {
    let name = path.display().to_string();
    let absolute = find::absolute(&path.to_string_lossy(), &asker.cwd, None);
    let bytes = bytes(&absolute).map_err(|why| {
        let what = format!("the configuration cannot be read: {why}");
        vec![of_source(&name, Severity::Error, &what)]
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let page = Page::new(&name, &text);
    let format = Format::of_file(path, &page.text);
    if format == Format::JavaScript {
        let evaluated = js::file(&absolute, asker, &page).map_err(|finding| vec![*finding])?;
        return Ok(of_evaluated(page, evaluated, Some(absolute)));
    }
    if let Err(error) = str::from_utf8(&bytes) {
        let spot = page.spot(&(error.valid_up_to()..error.valid_up_to()));
        let mut finding = of_source(&name, Severity::Error, "the text is not UTF-8");
        finding.line = Some(spot.line);
        finding.column = Some(spot.column);
        return Err(vec![finding]);
    }
    let reading = of_page(format, page, asker)?;
    Ok(Reading {
        file: Some(absolute),
        ..reading
    })
}

/// Reads a text from standard input.
pub(crate) fn text(format: Format, text: &str, asker: &Asker) -> Result<Reading, Vec<Finding>> {
    if text.len() > TEXT_BYTES_MAX {
        let what = "the configuration is larger than 1 MiB";
        return Err(vec![of_source(STDIN, Severity::Error, what)]);
    }
    let page = Page::new(STDIN, text);
    if format == Format::JavaScript {
        let evaluated = js::program(asker, &page).map_err(|finding| vec![*finding])?;
        return Ok(of_evaluated(page, evaluated, None));
    }
    of_page(format, page, asker)
}

fn of_page(format: Format, page: Page, asker: &Asker) -> Result<Reading, Vec<Finding>> {
    let parsed = match format {
        Format::Yaml => yaml::parse(&page.text),
        Format::Toml => toml::parse(&page.text),
        Format::Json | Format::JavaScript => json::parse(&page.text),
    };
    if parsed.errors.is_empty() {
        return Ok(of_parsed(page, parsed));
    }
    if format == Format::Json && !page.text.trim().is_empty() {
        match js::expression(asker, &page) {
            Ok(evaluated) => return Ok(of_evaluated(page, evaluated, None)),
            Err(thrown) if !thrown.is_syntax => return Err(vec![*thrown.finding]),
            Err(_) => {}
        }
    }
    let finding = |flaw| of_flaw(&page, flaw, Severity::Error);
    Err(parsed.errors.iter().map(finding).collect())
}

fn of_parsed(page: Page, parsed: Parsed) -> Reading {
    let finding = |flaw| of_flaw(&page, flaw, Severity::Warning);
    Reading {
        warnings: parsed.warnings.iter().map(finding).collect(),
        sheet: Sheet::new(page, parsed.tree),
        file: None,
        env_changes: BTreeMap::new(),
        note: None,
    }
}

fn of_evaluated(page: Page, evaluated: Evaluated, file: Option<PathBuf>) -> Reading {
    let tree = Tree {
        value: evaluated.value,
        marks: Marks::default(),
    };
    Reading {
        sheet: Sheet::new(page, tree),
        file,
        env_changes: evaluated.env_changes,
        warnings: Vec::new(),
        note: evaluated.note,
    }
}

/// All bytes of a file of a sane size. It may be a pipe, as a shell's `<(…)` is.
fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(TEXT_BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() > TEXT_BYTES_MAX {
        return Err("it is larger than 1 MiB".to_owned());
    }
    Ok(bytes)
}
