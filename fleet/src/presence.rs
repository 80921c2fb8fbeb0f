//! Where a run is expected to listen, as an earlier one did, and whether it does.
//!
//! That it listens at an address which its specification gives it (`listen`) says nothing of it: that
//! socket was opened before its program ran.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use config::{Address, AppSpec};

use crate::app::same_but_for_count;
use crate::instance::{Instance, State};
use crate::run::Run;

/// Whether a run that is starting listens where it should.
pub(crate) enum Presence {
    /// Nobody knows where it should.
    Unexpected,
    Present,
    /// It is there, and is given every address at which it is expected, or others instead: nothing
    /// follows from that.
    Given,
    /// Not there; empty where any address would do.
    Missing(Vec<Address>),
}

impl Presence {
    /// Whether a successor is missed nowhere.
    pub(crate) const fn is_enough(&self) -> bool {
        matches!(self, Self::Present | Self::Given)
    }
}

impl Instance {
    /// Whether the run that is starting listens where the one before it does or did.
    pub(crate) fn presence(&self) -> Presence {
        let earlier = match &self.state {
            State::Replacing { old, .. } => Some((&old.spec, &old.listens)),
            State::Up { .. }
            | State::Idle
            | State::Waiting { .. }
            | State::Failed
            | State::Leaving { .. } => self.listened.as_ref().map(|one| (&one.spec, &one.at)),
        };
        match (self.starting(), earlier) {
            (Some(run), Some((spec, at))) => run.presence(spec, at),
            (Some(_) | None, Some(_) | None) => Presence::Unexpected,
        }
    }
}

impl Run {
    /// Whether it is wherever one that was launched with `spec` listened. Another specification may
    /// name other addresses: then any will do.
    pub(crate) fn covers(&self, spec: &AppSpec, at: &BTreeSet<Address>) -> bool {
        // This is so nearly always, and to compare two specifications takes long.
        let is_there = at.is_subset(&self.listens);
        is_there || !self.listens.is_empty() && !same_but_for_count(&self.spec, spec)
    }

    /// Whether it is where one that was launched with `spec` listens or did. What it is given is no
    /// sign; one that is given an address which the other was not may have that instead of others.
    fn presence(&self, spec: &AppSpec, at: &BTreeSet<Address>) -> Presence {
        let is_there = at.is_subset(&self.listens);
        if is_there && at.iter().all(|at| self.is_given(at)) {
            return Presence::Given;
        }
        if is_there {
            return Presence::Present;
        }
        if same_but_for_count(&self.spec, spec) {
            return Presence::Missing(at.difference(&self.listens).cloned().collect());
        }
        let is_new = |given: &&Address| !spec.handover.listen.contains(given);
        let mut new = self.spec.handover.listen.iter().filter(is_new);
        if self.listens.iter().any(|at| !self.is_given(at)) {
            Presence::Present
        } else if !self.listens.is_empty() && new.next().is_some() {
            Presence::Given
        } else {
            Presence::Missing(Vec::new())
        }
    }

    /// Whether it is given a socket for this address. The folder of a socket file may have several
    /// names, of which another one is told.
    fn is_given(&self, at: &Address) -> bool {
        let mut given = self.spec.handover.listen.iter();
        given.any(|given| match (given, at) {
            (Address::Unix(given), Address::Unix(at)) => given.file_name() == at.file_name(),
            (given, at) => given == at,
        })
    }
}
