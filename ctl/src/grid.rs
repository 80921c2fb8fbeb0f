//! A table with borders: columns as wide as their widest cell, measured as a terminal shows them.

use unicode_width::UnicodeWidthStr;

use crate::ink::{Ink, Paint};

/// A table.
#[derive(Debug)]
pub(crate) struct Grid {
    /// The headings; as many as every row has cells.
    pub(crate) head: Vec<&'static str>,
    /// The rows, in the order in which they are shown; may be empty.
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    ink: Ink,
    side: Side,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl Cell {
    /// A word, at the left.
    pub(crate) fn word(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ink: Ink::Plain,
            side: Side::Left,
        }
    }

    /// A number, at the right.
    pub(crate) fn number(text: impl Into<String>) -> Self {
        Self {
            side: Side::Right,
            ..Self::word(text)
        }
    }

    /// The same cell in this ink.
    pub(crate) fn ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }

    /// The text alone, in its ink.
    pub(crate) fn shown(&self, paint: Paint) -> String {
        paint.with(self.ink, &self.text)
    }

    fn drawn(&self, width: usize, paint: Paint) -> String {
        let gap = " ".repeat(width.saturating_sub(self.text.width()));
        let text = paint.with(self.ink, &self.text);
        match self.side {
            Side::Left => format!(" {text}{gap} "),
            Side::Right => format!(" {gap}{text} "),
        }
    }
}

impl Grid {
    /// How many columns of a terminal it takes.
    pub(crate) fn width(&self) -> usize {
        self.widths().iter().map(|width| width + 3).sum::<usize>() + 1
    }

    /// The table as text, without a last line end.
    pub(crate) fn drawn(&self, paint: Paint) -> String {
        let widths = self.widths();
        let heads: Vec<Cell> = self
            .head
            .iter()
            .map(|head| Cell::word(*head).ink(Ink::Strong))
            .collect();
        let mut lines = vec![
            rule(&widths, ["┌", "┬", "┐"]),
            row(&heads, &widths, paint),
            rule(&widths, ["├", "┼", "┤"]),
        ];
        lines.extend(self.rows.iter().map(|cells| row(cells, &widths, paint)));
        lines.push(rule(&widths, ["└", "┴", "┘"]));
        lines.join("\n")
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.head.iter().map(|head| head.width()).collect();
        for cells in &self.rows {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.text.width());
            }
        }
        widths
    }
}

fn rule(widths: &[usize], [left, middle, right]: [&str; 3]) -> String {
    let bars: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
    format!("{left}{}{right}", bars.join(middle))
}

fn row(cells: &[Cell], widths: &[usize], paint: Paint) -> String {
    let drawn: Vec<String> = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| cell.drawn(*width, paint))
        .collect();
    format!("│{}│", drawn.join("│"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_letters_are() {
        let grid = Grid {
            head: vec!["id", "name"],
            rows: vec![
                vec![Cell::number("0"), Cell::word("web ✓")],
                vec![Cell::number("10"), Cell::word("日本")],
            ],
        };
        let expected = "\
┌────┬───────┐
│ id │ name  │
├────┼───────┤
│  0 │ web ✓ │
│ 10 │ 日本  │
└────┴───────┘";
        assert_eq!(grid.drawn(Paint::PLAIN), expected);
        assert_eq!(grid.width(), 14);
    }

    #[test]
    fn colours_do_not_move_the_borders() {
        let grid = Grid {
            head: vec!["status"],
            rows: vec![vec![Cell::word("up").ink(Ink::Good)]],
        };
        let bare = anstream::adapter::strip_str(&grid.drawn(Paint { colours: true })).to_string();
        assert_eq!(bare, grid.drawn(Paint::PLAIN));
    }
}
