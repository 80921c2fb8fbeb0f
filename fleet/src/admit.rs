//! May this be asked, and of whom: yes, already so, or no and why.
//!
//! A request is refused as a whole before anything of it is done, or it is done as a whole.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use config::spec::INSTANCES_MAX;
use config::{AppName, AppSpec};
use protocol::request::{Existing, ScaleTo};
use protocol::{InstanceId, Refusal, Request, Selector};

use crate::desk::OPEN_MAX;
use crate::fleet::{Fleet, Phase};
use crate::instance::{Goal, Instance};

/// As whom the daemon runs, and so what it may do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    /// Its user; 0 may become any other.
    pub(crate) uid: u32,
}

impl Fleet {
    /// Whether requests of this kind are taken in now. To read and to end is possible at all times.
    pub(crate) fn may_serve(&self, request: &Request) -> Result<(), Refusal> {
        let always = matches!(
            request,
            Request::Ping | Request::List | Request::Specs { .. } | Request::Kill
        );
        if !always && self.phase != Phase::Serving {
            return Err(Refusal::ShuttingDown);
        }
        if !always && self.desk.is_full() {
            return Err(Refusal::Busy { max: OPEN_MAX });
        }
        Ok(())
    }

    /// The instances that are meant, by app and number, none twice.
    ///
    /// # Errors
    /// `Refusal::NoSuchApp` where a selector means nothing; `Refusal::Empty` where there is none.
    pub(crate) fn select(&self, select: &[Selector]) -> Result<Vec<InstanceId>, Refusal> {
        if select.is_empty() {
            return Err(Refusal::Empty);
        }
        let mut meant = BTreeSet::new();
        for selector in select {
            match selector {
                Selector::All => meant.extend(self.instances().map(|one| one.id)),
                Selector::Word(word) => meant.extend(self.by_word(word)?),
                Selector::Id(id) => meant.extend(self.by_id(*id)?),
            }
        }
        Ok(self
            .instances()
            .map(|one| one.id)
            .filter(|id| meant.contains(id))
            .collect())
    }

    /// Whether these specifications may be applied.
    pub(crate) fn may_apply(&self, apps: &[AppSpec], existing: Existing) -> Result<(), Refusal> {
        if apps.is_empty() {
            return Err(Refusal::Empty);
        }
        let mut names = BTreeSet::new();
        for spec in apps {
            if !names.insert(&spec.name) {
                return Err(Refusal::NameTwice {
                    app: spec.name.clone(),
                });
            }
            if spec.instances == 0 || spec.instances > INSTANCES_MAX {
                return Err(Refusal::TooManyInstances { max: INSTANCES_MAX });
            }
            let user = spec
                .run_as
                .as_ref()
                .map_or(self.standing.uid, |user| user.uid);
            if self.standing.uid != 0 && user != self.standing.uid {
                return Err(Refusal::NotRoot {
                    app: spec.name.clone(),
                });
            }
            if existing == Existing::Refuse && self.is_up(&spec.name) {
                return Err(Refusal::AlreadyUp {
                    app: spec.name.clone(),
                });
            }
        }
        Ok(())
    }

    /// How many instances an app would have.
    pub(crate) fn scaled(&self, app: &AppName, to: ScaleTo) -> Result<u32, Refusal> {
        let no_such = || Refusal::NoSuchApp {
            word: app.as_str().into(),
        };
        let app = self.apps.get(app).ok_or_else(no_such)?;
        let staying = app
            .instances
            .values()
            .filter(|one| one.goal != Goal::Gone)
            .count();
        let has = u32::try_from(staying).unwrap_or(u32::MAX);
        let wanted = match to {
            ScaleTo::Exactly(count) => count,
            ScaleTo::Up(more) => has.saturating_add(more),
            ScaleTo::Down(fewer) => has.saturating_sub(fewer),
        };
        if wanted > INSTANCES_MAX {
            return Err(Refusal::TooManyInstances { max: INSTANCES_MAX });
        }
        Ok(wanted)
    }

    fn is_up(&self, name: &AppName) -> bool {
        self.apps
            .get(name)
            .is_some_and(|app| app.instances.values().any(|one| one.goal == Goal::Up))
    }

    /// An app's name, else a namespace, else an id. Source: PM2, which tries them in this order.
    fn by_word(&self, word: &str) -> Result<Vec<InstanceId>, Refusal> {
        let ids = |one: &Instance| one.id;
        if let Some(app) = self.apps.get(word) {
            return Ok(app.instances.values().map(ids).collect());
        }
        let grouped: Vec<InstanceId> = self
            .apps
            .values()
            .filter(|app| app.spec.namespace.as_str() == word)
            .flat_map(|app| app.instances.values().map(ids))
            .collect();
        if !grouped.is_empty() {
            return Ok(grouped);
        }
        match word.parse() {
            Ok(id) => self.by_id(InstanceId(id)),
            Err(_) => Err(Refusal::NoSuchApp { word: word.into() }),
        }
    }

    fn by_id(&self, id: InstanceId) -> Result<Vec<InstanceId>, Refusal> {
        if self.instances().any(|one| one.id == id) {
            return Ok(alloc::vec![id]);
        }
        Err(Refusal::NoSuchApp {
            word: alloc::format!("{id}"),
        })
    }
}
