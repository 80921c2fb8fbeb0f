//! Something wrong in a configuration: where, what, and what to do about it.
//!
//! A finding is a value: a program reads its fields, a person its [`Finding::render`]. What came
//! from the file is shown without its control characters, which could otherwise move the cursor of
//! the terminal or rewrite what stands there.

use std::fmt::Write as _;

use serde::Serialize;

/// Whether a finding makes the configuration unusable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It does.
    Error,
    /// It does not, but is hardly what was meant.
    Warning,
}

/// One thing that is wrong, or hardly meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Error or warning.
    pub severity: Severity,
    /// The file as it was named; none: the command line.
    pub file: Option<String>,
    /// The line, counted from 1; none: the format does not give it.
    pub line: Option<u32>,
    /// The column in characters, counted from 1.
    pub column: Option<u32>,
    /// The place in the configuration, as `apps[0].max_restarts`, or the flag, as `--max-restarts`.
    /// Empty: the whole file.
    pub place: String,
    /// The app it is about, if it has a name.
    pub app: Option<String>,
    /// What is wrong: a lowercase fragment.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// What to show of the source.
    #[serde(skip)]
    pub excerpt: Option<Excerpt>,
}

/// A line of the source and the part of it that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The line without its end, or the part of a long one around what is meant.
    pub text: String,
    /// How many characters of [`Excerpt::text`] stand before what is meant.
    pub skip: u32,
    /// How many characters are meant; at least 1.
    pub width: u32,
}

/// The escape sequences of a terminal, or nothing.
struct Paint {
    strong: &'static str,
    severity: &'static str,
    frame: &'static str,
    end: &'static str,
}

const PLAIN: Paint = Paint {
    strong: "",
    severity: "",
    frame: "",
    end: "",
};

const RED: Paint = Paint {
    strong: "\x1b[1m",
    severity: "\x1b[1;31m",
    frame: "\x1b[1;34m",
    end: "\x1b[0m",
};

const YELLOW: Paint = Paint {
    severity: "\x1b[1;33m",
    ..RED
};

impl Finding {
    /// Says what to do about it.
    pub(crate) fn advise(&mut self, hint: impl Into<String>) {
        self.hint = Some(hint.into());
    }

    /// The finding as a person reads it, over several lines, without a last line end.
    ///
    /// ```text
    /// error: app `web`: `max_restarts` must be a whole number, not `"ten"`
    ///   --> ecosystem.json:5:21: apps[0].max_restarts
    ///    |
    ///  5 |       "max_restarts": "ten",
    ///    |                       ^^^^^
    /// hint: …
    /// ```
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let paint = match (color, self.severity) {
            (false, _) => PLAIN,
            (true, Severity::Error) => RED,
            (true, Severity::Warning) => YELLOW,
        };
        let margin = self.line.map_or(0, |line| line.to_string().len()).max(2);
        let mut text = self.headline(&paint);
        if let Some(position) = self.position() {
            let Paint { frame, end, .. } = paint;
            push(
                &mut text,
                format_args!("\n{frame}{:margin$}-->{end} {position}", ""),
            );
        }
        if let (Some(line), Some(excerpt)) = (self.line, &self.excerpt)
            && !excerpt.text.trim().is_empty()
        {
            text.push_str(&drawing(line, excerpt, margin, &paint));
        }
        if let Some(hint) = &self.hint {
            let Paint { strong, end, .. } = paint;
            push(
                &mut text,
                format_args!("\n{strong}hint{end}: {}", shown(hint)),
            );
        }
        text
    }

    fn headline(&self, paint: &Paint) -> String {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let app = self
            .app
            .as_ref()
            .map(|app| format!("app `{}`: ", shown(app)))
            .unwrap_or_default();
        let what = shown(&self.what);
        let Paint { severity, end, .. } = paint;
        format!("{severity}{word}{end}: {app}{what}")
    }

    /// `file:line:column: place`, as much of it as is known; none: nothing is.
    fn position(&self) -> Option<String> {
        let mut position = self
            .file
            .clone()
            .unwrap_or_else(|| "command line".to_owned());
        for number in [self.line, self.column].into_iter().flatten() {
            push(&mut position, format_args!(":{number}"));
        }
        if !self.place.is_empty() {
            push(&mut position, format_args!(": {}", self.place));
        } else if self.file.is_none() {
            return None;
        }
        Some(shown(&position))
    }
}

/// The line of the source with a mark under what is meant.
fn drawing(line: u32, excerpt: &Excerpt, margin: usize, paint: &Paint) -> String {
    let Paint {
        severity,
        frame,
        end,
        ..
    } = paint;
    let source = shown(&excerpt.text);
    let under = format!(
        "{}{}",
        " ".repeat(excerpt.skip as usize),
        "^".repeat(excerpt.width as usize)
    );
    let mut text = format!("\n{frame}{:margin$} |{end}", "");
    push(
        &mut text,
        format_args!("\n{frame}{line:>margin$} |{end} {source}"),
    );
    push(
        &mut text,
        format_args!("\n{frame}{:margin$} |{end} {severity}{under}{end}", ""),
    );
    text
}

/// Text from elsewhere, so that it changes nothing but what it says. Each character stays one.
fn shown(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            '\n' => c,
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _written = text.write_fmt(more);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding() -> Finding {
        Finding {
            severity: Severity::Error,
            file: Some("e.json".into()),
            line: Some(5),
            column: Some(3),
            place: "apps[0].x".into(),
            app: Some("web".into()),
            what: "`x` is wrong".into(),
            hint: Some("do y".into()),
            excerpt: Some(Excerpt {
                text: "\t x: \x1b[2Jten".into(),
                skip: 2,
                width: 1,
            }),
        }
    }

    #[test]
    fn a_finding_shows_place_line_mark_and_hint() {
        let wanted = "error: app `web`: `x` is wrong\n  --> e.json:5:3: apps[0].x\n   |\n \
                      5 |   x: \u{fffd}[2Jten\n   |   ^\nhint: do y";
        assert_eq!(finding().render(false), wanted);
    }

    #[test]
    fn colour_changes_no_word() {
        let coloured = finding().render(true);
        let plain = ["\x1b[1m", "\x1b[1;31m", "\x1b[1;34m", "\x1b[0m"]
            .iter()
            .fold(coloured, |text, code| text.replace(code, ""));
        assert_eq!(plain, finding().render(false));
    }

    #[test]
    fn without_a_file_the_flag_is_the_place() {
        let finding = Finding {
            file: None,
            line: None,
            column: None,
            excerpt: None,
            place: "--max-restarts".into(),
            ..finding()
        };
        assert!(
            finding
                .render(false)
                .contains("\n  --> command line: --max-restarts\n")
        );
    }
}
