//! What one evaluation has in common: what it may see, and what has been noticed about it so far.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rquickjs::{Object, Persistent};

use super::failure::{Place, first_place};
use super::{Host, Limits, Source};
use crate::env::Env;

/// What is evaluated and what it may see, in a form that can go to another thread.
#[derive(Clone)]
pub(super) struct Task {
    /// What is evaluated.
    pub(super) entry: Entry,
    /// See [`Host::cwd`].
    pub(super) cwd: PathBuf,
    /// See [`Host::env`].
    pub(super) env: Env,
    /// See [`Host::home`].
    pub(super) home: Option<PathBuf>,
    /// See [`Host::argv`].
    pub(super) argv: Vec<String>,
    /// See [`Host::exec_path`].
    pub(super) exec_path: PathBuf,
    /// See [`Host::limits`].
    pub(super) limits: Limits,
}

/// What is evaluated.
#[derive(Clone)]
pub(super) enum Entry {
    /// The file at this path, which is absolute and without links.
    File(PathBuf),
    /// A program and the name that its errors give.
    Text {
        /// The name.
        name: String,
        /// The program.
        text: String,
    },
    /// An expression and the name that its errors give.
    Expression {
        /// The name.
        name: String,
        /// The expression.
        text: String,
    },
}

impl Task {
    /// The task of a caller. The path of a file must have been made absolute.
    pub(super) fn new(entry: Entry, host: &Host) -> Self {
        Self {
            entry,
            cwd: host.cwd.clone(),
            env: host.env.clone(),
            home: host.home.clone(),
            argv: host.argv.clone(),
            exec_path: host.exec_path.clone(),
            limits: host.limits,
        }
    }

    /// The name of what is evaluated, as errors give it.
    pub(super) fn name(&self) -> String {
        match &self.entry {
            Entry::File(path) => path.to_string_lossy().into_owned(),
            Entry::Text { name, .. } | Entry::Expression { name, .. } => name.clone(),
        }
    }
}

impl Entry {
    /// The entry that a source means; a text is copied.
    pub(super) fn of(source: &Source<'_>, cwd: &Path) -> std::io::Result<Self> {
        match source {
            Source::File(path) => cwd.join(path).canonicalize().map(Self::File),
            Source::Text { name, text } => Ok(Self::Text {
                name: (*name).to_owned(),
                text: (*text).to_owned(),
            }),
            Source::Expression { name, text } => Ok(Self::Expression {
                name: (*name).to_owned(),
                text: (*text).to_owned(),
            }),
        }
    }
}

/// Something that the engine does not have and the file used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lack {
    /// What it was, as a noun: `` the module `http` ``.
    pub(super) what: String,
    /// Where it was used.
    pub(super) place: Option<Place>,
}

/// What is known about one evaluation while it runs. Lives on the engine's thread.
pub(super) struct Shared {
    /// What is evaluated.
    pub(super) task: Task,
    /// The first thing that was missing.
    lack: RefCell<Option<Lack>>,
    /// The code and the place of the first call of `process.exit`.
    exit: Cell<Option<i32>>,
    /// Where `process.exit` was called.
    exit_place: RefCell<Option<Place>>,
    /// Set by the watching thread when time is over.
    expired: Arc<AtomicBool>,
    /// The lines that were written with `console`.
    pub(super) console: RefCell<Vec<String>>,
    /// The object that the host's script made. Must be taken out before the engine is freed.
    pub(super) host: RefCell<Option<Persistent<Object<'static>>>>,
    /// The ES modules that `import` has found, by path.
    pub(super) imported: RefCell<BTreeSet<String>>,
    /// The modules that take the place of what is no ES module, by name.
    pub(super) standing: RefCell<BTreeSet<String>>,
    /// How many columns of a file's first line are ours, by path.
    pub(super) shifts: RefCell<BTreeMap<String, u32>>,
}

impl Shared {
    /// An evaluation about which nothing is known yet.
    pub(super) fn new(task: Task, expired: Arc<AtomicBool>) -> Self {
        Self {
            task,
            lack: RefCell::default(),
            exit: Cell::default(),
            exit_place: RefCell::default(),
            expired,
            console: RefCell::default(),
            host: RefCell::default(),
            imported: RefCell::default(),
            standing: RefCell::default(),
            shifts: RefCell::default(),
        }
    }

    /// Marks something as missing; the first mark counts.
    pub(super) fn lacks(&self, what: impl Into<String>, place: Option<Place>) {
        self.lack.borrow_mut().get_or_insert_with(|| Lack {
            what: what.into(),
            place,
        });
    }

    /// Marks something as missing that the code with this stack used.
    pub(super) fn lacks_at(&self, what: impl Into<String>, stack: &str) {
        self.lacks(what, self.place_in(stack));
    }

    /// Marks the evaluation as ended by the file.
    pub(super) fn exited(&self, code: i32, stack: &str) {
        if self.exit.get().is_none() {
            self.exit.set(Some(code));
            *self.exit_place.borrow_mut() = self.place_in(stack);
        }
    }

    /// What was missing first.
    pub(super) fn lack(&self) -> Option<Lack> {
        self.lack.borrow().clone()
    }

    /// The code that the file exited with, and where.
    pub(super) fn exit(&self) -> Option<(i32, Option<Place>)> {
        self.exit
            .get()
            .map(|code| (code, self.exit_place.borrow().clone()))
    }

    /// Whether time is over.
    pub(super) fn is_expired(&self) -> bool {
        self.expired.load(Ordering::Relaxed)
    }

    /// Whether nothing that the file still does can count.
    pub(super) fn is_over(&self) -> bool {
        self.is_expired() || self.exit.get().is_some() || self.lack.borrow().is_some()
    }

    /// The first place of a stack that is not the host's own, as the file's author counts.
    pub(super) fn place_in(&self, stack: &str) -> Option<Place> {
        let mut place = first_place(stack)?;
        let shift = self.shifts.borrow().get(&place.file).copied().unwrap_or(0);
        if place.line == 1 {
            place.column = place.column.saturating_sub(shift).max(1);
        }
        Some(place)
    }

    /// The text behind a name: that of the task itself, else of the file at this path. Without a
    /// byte order mark, as it is compiled.
    pub(super) fn text_of(&self, name: &str) -> Option<String> {
        let text = match &self.task.entry {
            Entry::Text { name: own, text } | Entry::Expression { name: own, text }
                if own == name =>
            {
                text.clone()
            }
            Entry::Text { .. } | Entry::Expression { .. } | Entry::File(_) => {
                std::fs::read_to_string(name).ok()?
            }
        };
        Some(match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        })
    }

    /// The end of the text that a place is in, when the place is there or behind it.
    pub(super) fn end_before(&self, place: &Place) -> Option<Place> {
        let text = self.text_of(&place.file)?;
        let text = text.trim_end();
        let last = text.rsplit('\n').next()?;
        let line = u32::try_from(text.matches('\n').count()).ok()? + 1;
        let column = u32::try_from(last.len()).ok()? + 1;
        ((line, column) <= (place.line, place.column)).then(|| Place {
            file: place.file.clone(),
            line,
            column,
        })
    }

    /// The same place with its column counted in letters; the engine counts bytes.
    pub(super) fn in_letters(&self, mut place: Place) -> Place {
        let text = self.text_of(&place.file);
        let line = usize::try_from(place.line)
            .unwrap_or_default()
            .saturating_sub(1);
        let bytes = usize::try_from(place.column)
            .unwrap_or_default()
            .saturating_sub(1);
        let before = text
            .as_ref()
            .and_then(|text| text.lines().nth(line)?.get(..bytes));
        if let Some(letters) = before.and_then(|before| u32::try_from(before.chars().count()).ok())
        {
            place.column = letters + 1;
        }
        place
    }

    /// A path that the file gave, in the folder that it believes to be in.
    pub(super) fn absolute(&self, path: &str) -> PathBuf {
        self.task.cwd.join(path)
    }
}
