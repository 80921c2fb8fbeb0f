//! Puts the table where it is read: into `docs/figures.md`, between two marks.

use std::fs;

use ::tests::binaries;
use anyhow::Context as _;

const BEGIN: &str = "<!-- the last run -->\n";
const END: &str = "<!-- /the last run -->\n";

/// Puts the text between the marks of the document.
///
/// Errors: the document cannot be read or written, or has no marks.
pub(crate) fn into_document(text: &str) -> anyhow::Result<()> {
    let file = binaries::workspace().join("docs/figures.md");
    let document = fs::read_to_string(&file)?;
    let renewed = between_marks(&document, text)
        .with_context(|| format!("{} has lost its marks", file.display()))?;
    Ok(fs::write(&file, renewed)?)
}

fn between_marks(document: &str, text: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{text}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_the_marks_is_replaced_and_nothing_else() {
        let document = format!("a\n{BEGIN}old\n{END}z\n");
        let renewed = between_marks(&document, "new\n").unwrap();
        assert_eq!(renewed, format!("a\n{BEGIN}new\n{END}z\n"));
        assert_eq!(between_marks("no marks", "new\n"), None);
    }
}
