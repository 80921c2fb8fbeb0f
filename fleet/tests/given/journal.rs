//! The journal as the next daemon would read it: the last record of each name and id holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use config::{AppName, AppSpec};
use protocol::saved::{Live, Record, SavedInstance};
use protocol::{InstanceId, RunId};

/// What all records so far amount to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Journal {
    pub(crate) apps: BTreeMap<AppName, Arc<AppSpec>>,
    pub(crate) instances: BTreeMap<InstanceId, Entry>,
    pub(crate) next_run: RunId,
    pub(crate) next_instance: InstanceId,
}

/// What is known of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) app: AppName,
    pub(crate) instance: SavedInstance,
    pub(crate) live: Live,
}

impl Journal {
    /// A journal that begins with these records.
    pub(crate) fn beginning_with(records: Vec<Record>) -> Self {
        let mut journal = Self {
            next_run: RunId(1),
            ..Self::default()
        };
        journal.append(records);
        journal
    }

    /// Takes in what one turn wrote.
    pub(crate) fn append(&mut self, records: Vec<Record>) {
        for record in records {
            match record {
                Record::App { spec } => {
                    self.apps.insert(spec.name.clone(), spec);
                }
                Record::AppForgotten { app } => {
                    self.apps.remove(&app);
                }
                Record::Instance {
                    app,
                    instance,
                    live,
                } => {
                    let id = instance.id;
                    let entry = Entry {
                        app,
                        instance,
                        live,
                    };
                    self.instances.insert(id, entry);
                }
                Record::InstanceForgotten { id } => {
                    self.instances.remove(&id);
                }
                Record::Counters {
                    next_run,
                    next_instance,
                } => {
                    self.next_run = next_run;
                    self.next_instance = next_instance;
                }
            }
        }
    }
}
