//! One run, as far as the fleet was told of it and has said of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use config::spec::AppSpec;
use config::{Address, Span};
use fleet::LaunchOrder;
use protocol::notice::Who;
use protocol::reply::DeathBy;
use protocol::{CheckFailure, Lack, RunId, Time};

/// How long a launcher may take.
pub(super) const LAUNCH_LIMIT: Span = Span::secs(10);

/// A run that is not over as far as the fleet was told.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) who: Who,
    pub(crate) spec: Arc<AppSpec>,
    pub(crate) born: Time,
    /// The run beside which it was launched.
    pub(super) of: Option<RunId>,
    /// When the fleet was told that the program executes.
    pub(super) launched: Option<Time>,
    /// Whether the run has said that it is ready.
    pub(super) said: bool,
    /// When it is ready by age, or too late, if nothing else happens.
    pub(super) limit: Time,
    /// Whether the fleet has said that it is ready.
    pub(super) ready: bool,
    pub(super) listens: BTreeSet<Address>,
    pub(super) lacks: BTreeSet<Lack>,
    pub(super) check: Check,
    pub(super) watch: Option<Watch>,
    pub(super) drain: Option<Drain>,
    /// Whether it was asked to end after it had drained.
    pub(super) retired: bool,
    /// Whether the fleet was told that the leader has ended.
    pub(super) leaderless: bool,
    /// When the fleet sent the signal to stop.
    pub(super) signalled: Option<Time>,
    /// In which way it was late.
    pub(super) fault: Option<DeathBy>,
    /// When SIGKILL is due; none while it was not asked to end.
    pub(super) kill_at: Option<Time>,
    pub(super) killed: bool,
}

/// What became of the check of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Check {
    NotYet,
    Asked,
    Done(Result<(), CheckFailure>),
}

/// A look at the connections of a run that serves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch {
    /// When it has to end.
    pub(super) by: Time,
    /// Whether all of them have been seen.
    pub(super) is_done: bool,
}

/// A drain that is under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drain {
    /// When it has to end.
    pub(super) by: Time,
    /// Whether nothing is under way any more.
    pub(super) is_done: bool,
    /// Who has taken over, where somebody has.
    pub(super) to: Option<RunId>,
}

impl Life {
    pub(super) fn new(order: &LaunchOrder, of: Option<RunId>, born: Time) -> Self {
        Self {
            who: order.who.clone(),
            spec: Arc::clone(&order.spec),
            born,
            of,
            launched: None,
            said: false,
            limit: born + LAUNCH_LIMIT,
            ready: false,
            listens: BTreeSet::new(),
            lacks: BTreeSet::new(),
            check: Check::NotYet,
            watch: None,
            drain: None,
            retired: false,
            leaderless: false,
            signalled: None,
            fault: None,
            kill_at: None,
            killed: false,
        }
    }

    pub(super) const fn is_launched(&self) -> bool {
        self.launched.is_some()
    }

    pub(super) const fn is_stopping(&self) -> bool {
        self.kill_at.is_some()
    }

    /// Whether it drains or was asked to end.
    pub(super) const fn is_leaving(&self) -> bool {
        self.is_stopping() || self.drain.is_some()
    }

    /// Whether it serves and nobody wants it to go.
    pub(super) const fn is_staying(&self) -> bool {
        self.is_in_service() && self.watch.is_none()
    }

    /// Whether it is to get connections.
    pub(super) const fn is_in_service(&self) -> bool {
        self.ready && !self.is_leaving() && !self.leaderless
    }
}
