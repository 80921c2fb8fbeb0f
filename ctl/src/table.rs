//! The list of apps: one row an instance, with PM2's columns as far as there are facts for them.
//!
//! Where a terminal is too narrow for all columns, the less important ones go first. The memory is
//! the main process's, read at the moment of printing.

use std::cmp::Ordering;
use std::str::FromStr;

use protocol::View;
use protocol::view::{AppView, InstanceView, StateView};

use crate::grid::{Cell, Grid};
use crate::ink::{Ink, Paint};
use crate::{memory, users, words};

/// How many letters of a name are shown.
const NAME_LETTERS_MAX: usize = 40;

/// How lists look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// A table.
    Table,
    /// A block of lines an instance.
    Blocks,
}

/// How lists are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sort {
    field: Field,
    order: Order,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Namespace,
    Pid,
    Id,
    Memory,
    Uptime,
    Restarts,
    Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Ascending,
    Descending,
}

impl FromStr for Sort {
    type Err = String;

    /// Takes `memory` or `memory:desc`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (field, order) = text.split_once(':').unwrap_or((text, "asc"));
        let field = match field {
            "name" => Field::Name,
            "namespace" => Field::Namespace,
            "pid" => Field::Pid,
            "id" => Field::Id,
            "memory" | "mem" => Field::Memory,
            "uptime" => Field::Uptime,
            "restarts" => Field::Restarts,
            "status" => Field::Status,
            other => return Err(format!("`{other}` is no field of the list")),
        };
        let order = match order {
            "asc" => Order::Ascending,
            "desc" => Order::Descending,
            other => return Err(format!("`{other}` is no order: `asc` or `desc`")),
        };
        Ok(Self { field, order })
    }
}

/// One instance with all that is shown of it.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    /// Its app.
    pub(crate) app: &'a AppView,
    /// The instance.
    pub(crate) instance: &'a InstanceView,
    /// The resident memory of its main process in bytes; none where nothing runs.
    pub(crate) memory: Option<u64>,
    /// The name of the user it runs as.
    pub(crate) user: String,
}

/// The rows of a view, sorted as asked, else as the view is.
pub(crate) fn rows(view: &View, sort: Option<Sort>) -> Vec<Row<'_>> {
    let own = users::name_of(users::own_uid());
    let mut rows: Vec<Row<'_>> = Vec::new();
    for app in &view.apps {
        let user = app.uid.map_or_else(|| own.clone(), users::name_of);
        rows.extend(app.instances.iter().map(|instance| Row {
            app,
            instance,
            memory: instance.pid.and_then(memory::resident),
            user: user.clone(),
        }));
    }
    if let Some(sort) = sort {
        rows.sort_by(|one, other| sort.compare(one, other));
    }
    rows
}

/// The list as text, without a last line end. `width`: of the terminal; none: as wide as it gets.
pub(crate) fn drawn(rows: &[Row<'_>], look: Look, width: Option<usize>, paint: Paint) -> String {
    match look {
        Look::Blocks => blocks(rows, paint),
        Look::Table => {
            let fits = |grid: &Grid| width.is_none_or(|width| grid.width() <= width);
            let grids = [FULL, CONDENSED].map(|columns| grid(rows, columns));
            let fitting = grids.into_iter().find(fits);
            fitting.unwrap_or_else(|| grid(rows, MINIMAL)).drawn(paint)
        }
    }
}

impl Sort {
    fn compare(self, one: &Row<'_>, other: &Row<'_>) -> Ordering {
        let (a, b) = (one.instance, other.instance);
        let ascending = match self.field {
            Field::Name => one.app.name.cmp(&other.app.name),
            Field::Namespace => one.app.namespace.cmp(&other.app.namespace),
            Field::Pid => a.pid.cmp(&b.pid),
            Field::Id => a.id.cmp(&b.id),
            Field::Memory => one.memory.cmp(&other.memory),
            Field::Uptime => a.uptime.cmp(&b.uptime),
            Field::Restarts => a.restarts.cmp(&b.restarts),
            Field::Status => a.state.word().cmp(b.state.word()),
        };
        match self.order {
            Order::Ascending => ascending,
            Order::Descending => ascending.reverse(),
        }
    }
}

/// A heading, and the cell below it.
type Column = (&'static str, fn(&Row<'_>) -> Cell);

const FULL: &[Column] = &[
    ("id", id),
    ("name", name),
    ("namespace", namespace),
    ("mode", mode),
    ("pid", pid),
    ("uptime", uptime),
    ("↺", restarts),
    ("status", status),
    ("memory", memory_of),
    ("user", user),
];
const CONDENSED: &[Column] = &[
    ("id", id),
    ("name", name),
    ("uptime", uptime),
    ("↺", restarts),
    ("status", status),
    ("memory", memory_of),
];
const MINIMAL: &[Column] = &[("id", id), ("name", name), ("status", status)];

fn grid(rows: &[Row<'_>], columns: &[Column]) -> Grid {
    let cells = |row| columns.iter().map(|(_, cell)| cell(row)).collect();
    Grid {
        head: columns.iter().map(|(head, _)| *head).collect(),
        rows: rows.iter().map(cells).collect(),
    }
}

fn blocks(rows: &[Row<'_>], paint: Paint) -> String {
    let block = |row: &Row<'_>| {
        let name = paint.with(Ink::Strong, row.app.name.as_str());
        let lines = FULL.iter().filter(|(head, _)| *head != "name");
        let lines = lines.map(|(head, cell)| format!("{head} : {}", cell(row).shown(paint)));
        format!("+--- {name}\n{}", lines.collect::<Vec<_>>().join("\n"))
    };
    rows.iter().map(block).collect::<Vec<_>>().join("\n")
}

fn id(row: &Row<'_>) -> Cell {
    Cell::number(row.instance.id.to_string()).ink(Ink::Strong)
}

fn name(row: &Row<'_>) -> Cell {
    let name = row.app.name.as_str();
    if name.chars().count() <= NAME_LETTERS_MAX {
        return Cell::word(name);
    }
    let start: String = name.chars().take(NAME_LETTERS_MAX - 1).collect();
    Cell::word(format!("{start}…"))
}

fn namespace(row: &Row<'_>) -> Cell {
    Cell::word(row.app.namespace.as_str())
}

fn mode(row: &Row<'_>) -> Cell {
    Cell::word(words::mode(row.app.mode))
}

fn pid(row: &Row<'_>) -> Cell {
    let pid = row.instance.pid;
    Cell::number(pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string()))
}

fn uptime(row: &Row<'_>) -> Cell {
    Cell::number(
        row.instance
            .uptime
            .map_or_else(|| "-".to_owned(), words::uptime),
    )
}

fn restarts(row: &Row<'_>) -> Cell {
    Cell::number(row.instance.restarts.to_string())
}

fn status(row: &Row<'_>) -> Cell {
    let state = row.instance.state;
    Cell::word(state.word()).ink(ink(state))
}

fn memory_of(row: &Row<'_>) -> Cell {
    Cell::number(row.memory.map_or_else(|| "-".to_owned(), words::bytes))
}

fn user(row: &Row<'_>) -> Cell {
    Cell::word(row.user.clone())
}

/// The ink of a state.
pub(crate) const fn ink(state: StateView) -> Ink {
    match state {
        StateView::Online => Ink::Good,
        StateView::Launching | StateView::Stopping | StateView::WaitingRestart => Ink::Odd,
        StateView::Stopped => Ink::Faint,
        StateView::Errored => Ink::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_gets_fewer_columns() {
        let view = one_app();
        let rows = rows(&view, None);
        let heads = |width| {
            let drawn = drawn(&rows, Look::Table, width, Paint::PLAIN);
            drawn.lines().nth(1).unwrap_or_default().replace(' ', "")
        };
        let full = "│id│name│namespace│mode│pid│uptime│↺│status│memory│user│";
        assert_eq!(heads(None), full);
        assert_eq!(heads(Some(200)), full);
        assert_eq!(heads(Some(90)), "│id│name│uptime│↺│status│memory│");
        assert_eq!(heads(Some(20)), "│id│name│status│");
    }

    #[test]
    fn a_long_name_is_cut_in_the_table() {
        let view = one_app();
        let drawn = drawn(&rows(&view, None), Look::Table, None, Paint::PLAIN);
        assert!(
            drawn.contains(" nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn… "),
            "{drawn}"
        );
    }

    /// An app with a name of 60 letters that is stopped.
    fn one_app() -> View {
        let name = "n".repeat(60);
        let nowhere = serde_json::json!({ "out": null, "err": null, "combined": null });
        let instance = serde_json::json!({
            "id": 0, "app": name, "slot": 0, "state": "stopped", "pid": null, "run": null,
            "uptime": null, "restarts": 0, "unstable": [0, 16], "failures": 0, "next_in": null,
            "last_death": null, "last_exit": null, "logs": nowhere, "pid_file": "/p",
        });
        let app = serde_json::json!({
            "name": name, "namespace": "default", "mode": "fork", "cwd": "/", "uid": 0,
            "exec": { "script": "/s", "interpreter": null, "interpreter_args": [], "args": [] },
            "instance_var": "N", "increment_var": null, "stamp": null, "origin": null,
            "restart": {
                "autorestart": true, "max_restarts": 16, "min_uptime": 1000,
                "delay": { "fixed": 0 }, "stop_exit_codes": [],
            },
            "stop": { "signal": "SIGINT", "timeout": 1600, "scope": "tree" },
            "ready": { "wait_ready": false, "listen_timeout": 3000 },
            "instances": [instance],
        });
        serde_json::from_value(serde_json::json!({ "now": 0, "apps": [app] })).unwrap()
    }

    #[test]
    fn a_sort_has_a_field_and_maybe_an_order() {
        let descending = Sort {
            field: Field::Memory,
            order: Order::Descending,
        };
        assert_eq!("memory:desc".parse(), Ok(descending));
        assert!("cheese".parse::<Sort>().unwrap_err().contains("cheese"));
        assert!("name:up".parse::<Sort>().is_err());
    }
}
