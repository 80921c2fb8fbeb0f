//! The matrix: one cell for each runtime, load and way.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use anyhow::{anyhow, ensure};
use tests::load::{Load, Plan, Report};
use tests::{Deadline, Front, Runtime};

use super::Wanted;
use super::subject::{Alone, Ours, PATIENCE, Subject, Theirs};
use super::way::{Way, Who};
use crate::rival;
use crate::say;
use crate::stage::Stage;
use crate::times::Times;

/// What a cell has come to.
#[derive(Debug)]
pub(crate) enum Cell {
    /// It was measured.
    Measured {
        report: Box<Report>,
        reloads: Times,
        rounds: u32,
    },
    /// It broke, with what was said.
    Broken(String),
}

/// All cells, by runtime, load and way, each by its place in the order of all.
#[derive(Debug, Default)]
pub(crate) struct Matrix {
    cells: BTreeMap<(usize, &'static str, usize), Cell>,
}

impl Matrix {
    /// Measures what is wanted, until that is enough.
    ///
    /// Errors: a stage cannot be set up.
    pub(crate) fn fill(
        &mut self,
        wanted: &Wanted,
        is_enough: impl Fn() -> bool,
    ) -> anyhow::Result<()> {
        let has_pm2 = rival::install_pm2().inspect_err(|why| say(&format!("no PM2: {why:#}")));
        for place in places(wanted) {
            let Place { row, column, plan } = place;
            let (runtime, way) = (Runtime::ALL[row], Way::ALL[column]);
            if way.who == Who::Pm2 && has_pm2.is_err() {
                continue;
            }
            if is_enough() {
                break;
            }
            let rounds = way.rounds(wanted.rounds);
            if let Some(cell) = measured(runtime, way, plan, rounds) {
                say(&cell.told(runtime, way));
                self.cells.insert((row, plan.name, column), cell);
            }
        }
        Ok(())
    }

    /// Whether something of ours was measured, and nothing of it has failed.
    pub(crate) fn is_whole(&self) -> bool {
        let is_ours = |column: usize| Way::ALL[column].is_ours();
        let cells = self.cells.iter();
        let mut ours = cells
            .filter(|((_, _, column), _)| is_ours(*column))
            .peekable();
        ours.peek().is_some() && ours.all(|(_, cell)| cell.is_whole())
    }
}

/// Where a cell is.
struct Place {
    row: usize,
    column: usize,
    plan: Plan,
}

/// All cells that are wanted, in the order in which they are measured.
fn places(wanted: &Wanted) -> Vec<Place> {
    let mut places = Vec::new();
    for (row, runtime) in Runtime::ALL.into_iter().enumerate() {
        for (column, way) in Way::ALL.into_iter().enumerate() {
            let is_wanted =
                runtime.word().contains(&wanted.only) && way.word().contains(&wanted.way);
            let loads = way.loads(runtime).into_iter();
            let loads = loads.filter(|plan| is_wanted && plan.name.contains(&wanted.load));
            places.extend(loads.map(|plan| Place { row, column, plan }));
        }
    }
    places
}

impl Cell {
    /// What is said of it at once: all of it where something of ours has failed.
    fn told(&self, runtime: Runtime, way: Way) -> String {
        let is_news = way.is_ours() && !self.is_whole();
        let lines = if is_news { usize::MAX } else { 2 };
        let text = self.to_string();
        let text: Vec<&str> = text.lines().take(lines).collect();
        format!("{}, {}: {}", runtime.word(), way.word(), text.join("\n"))
    }

    fn is_whole(&self) -> bool {
        match self {
            Self::Measured { report, .. } => report.failed_count() == 0 && report.stale == 0,
            Self::Broken(_) => false,
        }
    }
}

/// One cell; what panics in it breaks it alone. None where the runtime is not installed.
fn measured(runtime: Runtime, way: Way, plan: Plan, rounds: u32) -> Option<Cell> {
    let tried = catch_unwind(AssertUnwindSafe(|| cell(runtime, way, plan, rounds)));
    match tried {
        Ok(Ok(cell)) => cell,
        Ok(Err(why)) => Some(Cell::Broken(format!("{why:#}"))),
        Err(panic) => Some(Cell::Broken(said(panic.as_ref()))),
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_default()
}

fn cell(runtime: Runtime, way: Way, plan: Plan, rounds: u32) -> anyhow::Result<Option<Cell>> {
    match way.who {
        Who::Overlap | Who::Queue => {
            let ours = Ours::start(runtime, way.who);
            ours.map(|mut ours| rounds_of(&mut ours, way, plan, rounds))
                .transpose()
        }
        Who::Restart => {
            let alone = Alone::start(runtime)?;
            alone
                .map(|mut alone| rounds_of(&mut alone, way, plan, rounds))
                .transpose()
        }
        Who::Pm2 => {
            let stage = Stage::new(&Arc::default())?;
            let theirs = Theirs::start(runtime, &stage)?;
            theirs
                .map(|mut theirs| rounds_of(&mut theirs, way, plan, rounds))
                .transpose()
        }
    }
}

/// So many reloads under one load.
fn rounds_of(subject: &mut dyn Subject, way: Way, plan: Plan, rounds: u32) -> anyhow::Result<Cell> {
    let folder = tempfile::tempdir()?;
    let deadline = Deadline::after(PATIENCE);
    let upstream = subject.server().upstream();
    let front = way.front.map(|next| {
        let front = Front::of(&upstream, next, folder.path(), deadline);
        front.ok_or_else(|| anyhow!("there is no nginx"))
    });
    let front = front.transpose()?;
    let address = front.as_ref().map(Front::address);
    let load = Load::on(address.unwrap_or_else(|| subject.server().address()), plan);
    is_answered(&load, plan)?;
    let mut reloads = Times::default();
    for round in 0..rounds {
        reloads.push(subject.reload(u64::from(round) + 2, &load)?);
        is_answered(&load, plan)?;
    }
    Ok(Cell::Measured {
        report: Box::new(load.finish()),
        reloads,
        rounds,
    })
}

fn is_answered(load: &Load, plan: Plan) -> anyhow::Result<()> {
    let come = load.await_answers(plan.connections.into(), Deadline::after(PATIENCE));
    ensure!(come, "the load is not answered any more");
    Ok(())
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Measured {
                report,
                reloads,
                rounds,
            } => {
                writeln!(f, "{rounds} reloads, {} ms", reloads.median().as_millis())?;
                write!(f, "{report}")
            }
            Self::Broken(why) => write!(f, "broken: {why}"),
        }
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<usize> = (0..Way::ALL.len())
            .filter(|column| self.cells.keys().any(|key| key.2 == *column))
            .collect();
        let words: Vec<&str> = columns
            .iter()
            .map(|column| Way::ALL[*column].word())
            .collect();
        writeln!(
            f,
            "Failed requests a reload, requests, median time of a reload.\n"
        )?;
        writeln!(f, "| runtime | load | {} |", words.join(" | "))?;
        writeln!(f, "|---|---|{}", "---:|".repeat(columns.len()))?;
        for (row, load) in self.rows() {
            let cells: Vec<String> = columns
                .iter()
                .map(|column| self.cells.get(&(row, load, *column)))
                .map(|cell| cell.map_or_else(|| "–".to_owned(), shown))
                .collect();
            let runtime = Runtime::ALL[row].word();
            writeln!(f, "| {runtime} | {load} | {} |", cells.join(" | "))?;
        }
        let (answers, reloads) = self.sums();
        writeln!(
            f,
            "\nOurs: {answers} requests, {reloads} reloads, {}",
            match (reloads, self.is_whole()) {
                (0, _) => "so nothing is known.",
                (_, true) => "0 failed.",
                (_, false) => "**some failed**.",
            }
        )
    }
}

impl Matrix {
    /// The rows: runtimes in the order of all, loads in the order in which they were put on.
    fn rows(&self) -> Vec<(usize, &'static str)> {
        let direct = Way::ALL[0];
        let mut rows = Vec::new();
        for (row, runtime) in Runtime::ALL.into_iter().enumerate() {
            let names = direct.loads(runtime).into_iter().map(|plan| plan.name);
            let has = |name| self.cells.keys().any(|key| key.0 == row && key.1 == name);
            rows.extend(names.filter(|name| has(*name)).map(|name| (row, name)));
        }
        rows
    }

    /// The requests and the reloads of our own cells.
    fn sums(&self) -> (u64, u32) {
        let ours = self
            .cells
            .iter()
            .filter(|(key, _)| Way::ALL[key.2].is_ours());
        ours.fold((0, 0), |(answers, reloads), (_, cell)| match cell {
            Cell::Measured { report, rounds, .. } => (
                answers + report.answers() + report.failed_count(),
                reloads + rounds,
            ),
            Cell::Broken(_) => (answers, reloads),
        })
    }
}

/// A cell in a table.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Measured {
            report,
            reloads,
            rounds,
        } => {
            let failed = report.failed_count();
            let each = failed as f64 / f64::from(*rounds);
            let shown = match failed {
                0 => "**0**".to_owned(),
                _ if each >= 10.0 => format!("{each:.0}"),
                _ => format!("{each:.1}"),
            };
            let stale = match report.stale {
                0 => String::new(),
                stale => format!(" ({stale} stale)"),
            };
            let requests = report.answers() + failed;
            let ms = reloads.median().as_millis();
            format!("{shown}{stale} / {requests} / {ms} ms")
        }
        Cell::Broken(_) => "broken".to_owned(),
    }
}
