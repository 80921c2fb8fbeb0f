//! One turn: what to remember, then what to do, in order.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use config::spec::Scope;
use config::{AppName, Signal, Span};
use protocol::saved::Record;
use protocol::{InstanceId, Notice, Reply, RunId, Time};

use crate::{Effect, Ticket};

/// The outcome of one event. The shell writes the records to the journal before it performs the
/// first effect, so that nothing is done that the next daemon would not know of.
#[derive(Debug)]
#[must_use]
pub struct Turn {
    /// What changed, for the journal. The last record of a name or id holds.
    pub records: Vec<Record>,
    /// What to do, in this order.
    pub effects: Vec<Effect>,
    /// The time of this turn.
    pub(crate) now: Time,
    /// Whether the daemon is ending: nothing is launched any more.
    pub(crate) ending: bool,
    /// Whether something changed that must reach the disk.
    pub(crate) goals_changed: bool,
    /// The apps and instances whose record is due.
    touched: BTreeSet<(AppName, InstanceId)>,
}

impl Turn {
    pub(crate) const fn new(now: Time, ending: bool) -> Self {
        Self {
            records: Vec::new(),
            effects: Vec::new(),
            now,
            ending,
            goals_changed: false,
            touched: BTreeSet::new(),
        }
    }

    /// Remembers that this instance is not what it was.
    pub(crate) fn touch(&mut self, app: &AppName, id: InstanceId) {
        self.touched.insert((app.clone(), id));
    }

    /// What was touched so far.
    pub(crate) const fn touched(&self) -> &BTreeSet<(AppName, InstanceId)> {
        &self.touched
    }

    /// Takes what was touched.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<(AppName, InstanceId)> {
        core::mem::take(&mut self.touched)
    }

    pub(crate) fn note(&mut self, notice: Notice) {
        self.effects.push(Effect::Note(notice));
    }

    pub(crate) fn answer(&mut self, ticket: Ticket, reply: Reply) {
        self.effects.push(Effect::Answer { ticket, reply });
    }

    pub(crate) fn signal(&mut self, run: RunId, signal: Signal, to: Scope) {
        self.effects.push(Effect::Signal { run, signal, to });
    }

    /// The moment that is so far away.
    pub(crate) fn after(&self, span: Span) -> Time {
        self.now + span
    }
}
