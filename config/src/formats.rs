//! The formats in which a configuration may be written. All of them end as one tree.
//!
//! A format knows its text and nothing else: which names mean something is decided in `lower`.
//! JSON, YAML and TOML say where each value stands; JavaScript is evaluated, and its places are
//! searched for in the text afterwards.

pub(crate) mod js;
pub(crate) mod json;
pub(crate) mod toml;
pub(crate) mod yaml;

use std::ops::Range;
use std::path::Path;

use crate::tree::Tree;

/// The largest configuration that is read, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 1 << 20;

/// How deep lists and objects may lie in each other. Parsers recurse: without a bound a file of
/// brackets would overflow the stack.
pub(crate) const DEPTH_MAX: usize = 100;

/// How a configuration is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON with comments and trailing commas; what is none is a JavaScript expression.
    Json,
    /// YAML 1.2, core schema.
    Yaml,
    /// TOML 1.0.
    Toml,
    /// A JavaScript or TypeScript module that exports the configuration.
    JavaScript,
}

/// The endings of names that are configurations, and their formats.
const ENDINGS: [(&str, Format); 10] = [
    (".json", Format::Json),
    (".json5", Format::Json),
    (".jsonc", Format::Json),
    (".yml", Format::Yaml),
    (".yaml", Format::Yaml),
    (".toml", Format::Toml),
    (".config.js", Format::JavaScript),
    (".config.cjs", Format::JavaScript),
    (".config.mjs", Format::JavaScript),
    (".config.ts", Format::JavaScript),
];

impl Format {
    /// The format that a file's name promises; none: it is not the name of a configuration.
    ///
    /// Source: PM2, which looks for these texts anywhere in the name; here they must end it, so
    /// that a script `x.json.js` stays a script.
    #[must_use]
    pub fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        ENDINGS
            .iter()
            .find(|(ending, _)| name.ends_with(ending))
            .map(|(_, format)| *format)
    }

    /// The format of a file that is a configuration because the person says so.
    #[must_use]
    pub fn of_file(path: &Path, text: &str) -> Self {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        match &*extension {
            "js" | "cjs" | "mjs" | "ts" | "mts" | "cts" => Self::JavaScript,
            _ => Self::of_name(path).unwrap_or_else(|| Self::of_text(text)),
        }
    }

    /// Whether a text is of this format, whatever it says. JavaScript would have to be evaluated to
    /// know, so nothing is.
    #[must_use]
    pub fn reads(self, text: &str) -> bool {
        let parsed = match self {
            Self::Json => json::parse(text),
            Self::Yaml => yaml::parse(text),
            Self::Toml => toml::parse(text),
            Self::JavaScript => return false,
        };
        parsed.errors.is_empty()
    }

    /// The format that a text without a name looks like.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        let start = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
        if ["{", "(", "//", "/*"].iter().any(|s| start.starts_with(s)) {
            let is_program = start.lines().any(is_of_program) && !Self::Json.reads(start);
            return if is_program {
                Self::JavaScript
            } else {
                Self::Json
            };
        }
        if begins_program(start) || start.lines().any(is_of_program) {
            return Self::JavaScript;
        }
        if start.contains('=') && Self::Toml.reads(start) {
            return Self::Toml;
        }
        if start.starts_with('[') {
            return Self::Json;
        }
        Self::Yaml
    }
}

/// Whether a text begins as programs do that are no module in their first line.
fn begins_program(text: &str) -> bool {
    const STARTS: [&str; 8] = [
        "const ",
        "let ",
        "var ",
        "function ",
        "async ",
        "class ",
        "'use strict'",
        "\"use strict\"",
    ];
    STARTS.iter().any(|start| text.starts_with(start))
}

/// Whether a line makes the text a module. It is not indented: in YAML a longer text may hold the
/// lines of a shell script, of which `export` is one.
fn is_of_program(line: &str) -> bool {
    const STARTS: [&str; 5] = [
        "module.exports",
        "exports.",
        "require(",
        "import{",
        "export{",
    ];
    let after_word = ["export ", "import "]
        .iter()
        .find_map(|word| line.strip_prefix(word));
    // Otherwise it is a key of YAML or TOML.
    after_word.is_some_and(|rest| !rest.trim_start().starts_with([':', '=']))
        || STARTS.iter().any(|start| line.starts_with(start))
}

/// Something that a parser has to say about its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// Where, in bytes.
    pub(crate) range: Range<usize>,
    /// What is wrong.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

impl Flaw {
    /// A flaw without a hint.
    pub(crate) fn new(range: Range<usize>, what: impl Into<String>) -> Self {
        Self {
            range,
            what: what.into(),
            hint: None,
        }
    }

    /// The same with a hint.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What a parser made of a text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Parsed {
    /// The tree; to be used only where there are no errors.
    pub(crate) tree: Tree,
    /// Why the text is not of this format.
    pub(crate) errors: Vec<Flaw>,
    /// What is hardly meant.
    pub(crate) warnings: Vec<Flaw>,
}

impl Parsed {
    /// A text that is not of this format.
    pub(crate) fn broken(flaw: Flaw) -> Self {
        Self {
            errors: vec![flaw],
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_known_by_the_end_of_its_name() {
        let of = |name: &str| Format::of_name(Path::new(name));
        assert_eq!(of("/x/ecosystem.config.cjs"), Some(Format::JavaScript));
        assert_eq!(of("a.config.ts"), Some(Format::JavaScript));
        assert_eq!(of("pm2.JSON"), Some(Format::Json));
        assert_eq!(of("apps.yml"), Some(Format::Yaml));
        assert_eq!(of("apps.toml"), Some(Format::Toml));
        assert_eq!(of("server.js"), None);
        assert_eq!(of("x.json.js"), None);
    }

    #[test]
    fn a_text_without_a_name_is_known_by_its_looks() {
        assert_eq!(Format::of_text("{\"apps\": []}"), Format::Json);
        assert_eq!(Format::of_text(" [ {} ]"), Format::Json);
        assert_eq!(Format::of_text("[[apps]]\nname = 'a'"), Format::Toml);
        assert_eq!(Format::of_text("apps:\n  - script: a"), Format::Yaml);
        assert_eq!(
            Format::of_text("// c\nmodule.exports = {}"),
            Format::JavaScript
        );
        assert_eq!(Format::of_text("export default []"), Format::JavaScript);
    }
}
