//! The table: one row a figure, one column for whoever was measured.

use std::fmt;
use std::time::Duration;

use crate::fleet::Fleet;
use crate::times::Times;

/// What was measured of one column. What it has not, is shown as a dash.
#[derive(Debug, Default)]
pub(crate) struct Column {
    /// Its heading.
    pub(crate) name: String,
    /// From SIGKILL to the next run.
    pub(crate) relaunch: Times,
    /// The shortest process that can be called.
    pub(crate) bare_call: Option<Times>,
    /// A start of a hundred apps without a supervisor.
    pub(crate) bare_start: Option<Times>,
    /// What was measured with a hundred apps.
    pub(crate) fleet: Option<Fleet>,
}

/// All columns, the bare one first.
#[derive(Debug)]
pub(crate) struct Table(pub(crate) Vec<Column>);

/// A row: what is measured, what is aimed at, and how a column shows it.
type Row = (&'static str, &'static str, fn(&Column) -> Option<String>);

const ROWS: [Row; 11] = [
    (
        "`kill -9` of an app to its next run, median",
        "bare + 3 ms",
        |column| Some(milliseconds(column.relaunch.median())),
    ),
    ("the same, 90 of 100 within", "", |column| {
        Some(milliseconds(column.relaunch.p90()))
    }),
    ("`list` of 100 apps", "5 ms", |column| {
        of_fleet(column, |fleet| milliseconds(fleet.list.median()))
    }),
    ("`ping`, the shortest call", "", |column| {
        let bare = column.bare_call.as_ref();
        bare.map(|times| milliseconds(times.median()))
            .or_else(|| of_fleet(column, |fleet| milliseconds(fleet.ping.median())))
    }),
    ("start of 100 apps, until all execute", "", |column| {
        let bare = column.bare_start.as_ref();
        bare.map(|times| milliseconds(times.median()))
            .or_else(|| of_fleet(column, |fleet| milliseconds(fleet.executing.median())))
    }),
    ("start of 100 apps, until it is answered", "", |column| {
        of_fleet(column, |fleet| milliseconds(fleet.started.median()))
    }),
    ("stop of 100 apps", "", |column| {
        of_fleet(column, |fleet| milliseconds(fleet.stopped.median()))
    }),
    ("daemon's memory without apps", "4 MB", |column| {
        of_fleet(column, |fleet| megabytes(fleet.empty_kib))
    }),
    ("daemon's memory with 100 apps", "7 MB", |column| {
        of_fleet(column, |fleet| megabytes(fleet.full_kib))
    }),
    (
        "the same, after starting them again and again",
        "",
        |column| of_fleet(column, |fleet| megabytes(fleet.later_kib)),
    ),
    ("wake-ups in 10 s, 100 idle apps", "0", |column| {
        of_fleet(column, |fleet| fleet.switches.to_string())
    }),
];

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|column| column.name.as_str()).collect();
        writeln!(f, "| | aim | {} |", names.join(" | "))?;
        writeln!(f, "|---|---|{}", "---:|".repeat(names.len()))?;
        for (what, aim, show) in ROWS {
            let cells: Vec<String> = self
                .0
                .iter()
                .map(|column| show(column).unwrap_or_else(|| "–".to_owned()))
                .collect();
            writeln!(f, "| {what} | {aim} | {} |", cells.join(" | "))?;
        }
        Ok(())
    }
}

fn of_fleet(column: &Column, show: fn(&Fleet) -> String) -> Option<String> {
    column.fleet.as_ref().map(show)
}

/// Three digits are all that such a measurement is worth.
fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    if milliseconds < 10.0 {
        format!("{milliseconds:.2} ms")
    } else if milliseconds < 100.0 {
        format!("{milliseconds:.1} ms")
    } else {
        format!("{milliseconds:.0} ms")
    }
}

/// A megabyte is a million bytes.
fn megabytes(kib: u64) -> String {
    let tenths = (kib * 1024).div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_with_three_digits() {
        let shown = [1234, 12_345, 123_456]
            .map(Duration::from_micros)
            .map(milliseconds);
        assert_eq!(shown, ["1.23 ms", "12.3 ms", "123 ms"]);
    }

    #[test]
    fn memory_is_rounded_up() {
        assert_eq!(megabytes(3907), "4.1 MB");
    }

    #[test]
    fn what_was_not_measured_is_a_dash() {
        let table = Table(vec![Column {
            name: "bare".to_owned(),
            ..Column::default()
        }]);
        assert!(table.to_string().contains("| stop of 100 apps |  | – |"));
    }
}
