//! Whom a request means, and whether it must be refused: once more, from the protocol's words.

use std::collections::BTreeSet;

use protocol::request::{Existing, ScaleTo};
use protocol::saved::SavedGoal;
use protocol::{InstanceId, Request, Selector};

use crate::journal::Entry;
use crate::laws::Laws;

impl Laws {
    /// The instances that are there and that this request touches.
    pub(super) fn meant(&self, request: &Request) -> BTreeSet<InstanceId> {
        match request {
            Request::Specs { select }
            | Request::Start { select }
            | Request::Stop { select }
            | Request::Restart { select }
            | Request::Reload { select }
            | Request::Delete { select }
            | Request::Reset { select }
            | Request::Signal { select, .. }
            | Request::Flush { select } => self.selected(select).unwrap_or_default(),
            Request::Apply { apps, existing } if *existing != Existing::Skip => {
                let named = |one: &Entry| apps.iter().any(|spec| spec.name == one.app);
                self.those(named)
            }
            Request::Scale { app, .. } => self.those(|one| one.app == *app),
            Request::Apply { .. }
            | Request::Ping
            | Request::List
            | Request::Dump
            | Request::Resurrect
            | Request::Events
            | Request::Kill => BTreeSet::new(),
        }
    }

    /// Whether nothing of this request may be done.
    pub(super) fn must_refuse(&self, request: &Request) -> bool {
        let reads = matches!(
            request,
            Request::Ping | Request::List | Request::Specs { .. } | Request::Kill
        );
        if self.ending && !reads {
            return true;
        }
        match request {
            Request::Specs { select }
            | Request::Start { select }
            | Request::Stop { select }
            | Request::Restart { select }
            | Request::Reload { select }
            | Request::Delete { select }
            | Request::Reset { select }
            | Request::Signal { select, .. }
            | Request::Flush { select } => self.selected(select).is_none(),
            Request::Apply { apps, existing } => {
                let names: BTreeSet<_> = apps.iter().map(|spec| &spec.name).collect();
                let is_wrong = apps.iter().any(|spec| {
                    let is_other = spec.run_as.as_ref().is_some_and(|user| user.uid != 1000);
                    is_other || !(1..=1024).contains(&spec.instances)
                });
                let up =
                    |one: &Entry| names.contains(&one.app) && one.instance.goal != SavedGoal::Down;
                let is_up = *existing == Existing::Refuse && !self.those(up).is_empty();
                apps.is_empty() || names.len() != apps.len() || is_wrong || is_up
            }
            Request::Scale { app, to } => {
                !self.journal.apps.contains_key(app) || *to == ScaleTo::Up(u32::MAX)
            }
            Request::Ping
            | Request::List
            | Request::Dump
            | Request::Resurrect
            | Request::Events
            | Request::Kill => false,
        }
    }

    /// None where one of them means nothing, or there is none.
    fn selected(&self, select: &[Selector]) -> Option<BTreeSet<InstanceId>> {
        if select.is_empty() {
            return None;
        }
        let mut meant = BTreeSet::new();
        for selector in select {
            meant.extend(match selector {
                Selector::All => self.those(|_| true),
                Selector::Id(id) => self.with_id(*id)?,
                Selector::Word(word) => self.by_word(word)?,
            });
        }
        Some(meant)
    }

    fn by_word(&self, word: &str) -> Option<BTreeSet<InstanceId>> {
        let named = self.those(|one| one.app.as_str() == word);
        if !named.is_empty() {
            return Some(named);
        }
        let grouped = self.those(|one| {
            let spec = self.journal.apps.get(&one.app);
            spec.is_some_and(|spec| spec.namespace.as_str() == word)
        });
        if !grouped.is_empty() {
            return Some(grouped);
        }
        self.with_id(InstanceId(word.parse().ok()?))
    }

    fn with_id(&self, id: InstanceId) -> Option<BTreeSet<InstanceId>> {
        let is_there = self.journal.instances.contains_key(&id);
        is_there.then(|| BTreeSet::from([id]))
    }

    pub(super) fn those(&self, are: impl Fn(&Entry) -> bool) -> BTreeSet<InstanceId> {
        let all = self.journal.instances.iter();
        all.filter(|(_, one)| are(one)).map(|(id, _)| *id).collect()
    }
}
