//! Colours, by what they mean. A colour repeats what the words already say.

use anstyle::{AnsiColor, Style};

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Ordinary text.
    Plain,
    /// All is well.
    Good,
    /// Something is under way, or odd.
    Odd,
    /// Something is broken.
    Bad,
    /// A heading or a name.
    Strong,
    /// Less important than its surroundings.
    Faint,
}

impl Ink {
    const fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Odd => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Strong => AnsiColor::Cyan.on_default().bold(),
            Self::Faint => Style::new().dimmed(),
        }
    }
}

/// Whether a stream takes colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paint {
    /// It does: it is a terminal that can and whose owner did not object.
    pub(crate) colours: bool,
}

impl Paint {
    /// No colours.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self { colours: false };

    /// The text in this ink.
    pub(crate) fn with(self, ink: Ink, text: &str) -> String {
        if !self.colours || ink == Ink::Plain {
            return text.to_owned();
        }
        let style = ink.style();
        format!("{style}{text}{style:#}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_without_colours_gets_the_bare_text() {
        assert_eq!(Paint::PLAIN.with(Ink::Bad, "errored"), "errored");
        let painted = Paint { colours: true }.with(Ink::Bad, "errored");
        assert_eq!(painted, "\u{1b}[31merrored\u{1b}[0m");
    }
}
