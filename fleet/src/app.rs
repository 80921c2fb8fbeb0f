//! One app: its specification and its instances.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use config::{AppName, AppSpec};
use protocol::InstanceId;

use crate::instance::Instance;

/// One app. It exists as long as it has an instance.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) spec: Arc<AppSpec>,
    /// By number. Not empty between two turns.
    pub(crate) instances: BTreeMap<u32, Instance>,
}

impl App {
    pub(crate) const fn new(spec: Arc<AppSpec>) -> Self {
        Self {
            spec,
            instances: BTreeMap::new(),
        }
    }

    /// Adds an instance under the lowest number that is free, and returns it.
    pub(crate) fn add(&mut self, id: InstanceId) -> &mut Instance {
        let slot = (0..)
            .find(|slot| !self.instances.contains_key(slot))
            .unwrap_or(u32::MAX);
        let instance = Instance::new(id, self.name().clone(), slot);
        self.instances.entry(slot).or_insert(instance)
    }

    /// Its name.
    pub(crate) fn name(&self) -> &AppName {
        &self.spec.name
    }

    /// The instance with this id.
    pub(crate) fn with_id(&mut self, id: InstanceId) -> Option<&mut Instance> {
        self.instances
            .values_mut()
            .find(|instance| instance.id == id)
    }
}
