//! A reload of the instances of an app, a few at once: the next ones when the earlier have settled.
//!
//! A successor that does not come up ends the roll: what is under way goes on, and the rest is left
//! alone. Who asks for a reload during a roll gets one of their own, after it; all who ask meanwhile
//! share that one. So an app has at most two.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use protocol::{InstanceId, RunId, Time};

use crate::app::App;
use crate::deeds::start;
use crate::instance::{Instance, State};
use crate::target::{Aim, Target};
use crate::turn::Turn;

/// One reload of some instances.
#[derive(Debug, Clone)]
pub(crate) struct Roll {
    /// Its number among those of the app.
    number: u64,
    /// The oldest run that will do.
    pub(crate) from: RunId,
    /// The instances whose turn has not come.
    waiting: Steps,
    /// The instances that are being replaced.
    busy: Steps,
    /// Since when one of these waits to be launched.
    pub(crate) pressing: Option<Time>,
}

/// Instances, by number, with their count of asks when the reload was asked.
type Steps = BTreeMap<(u32, InstanceId), u64>;

/// The rolls of an app: the one that is under way, and the one after it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rolls {
    /// How many there were.
    count: u64,
    pub(crate) current: Option<Roll>,
    next: Option<Roll>,
}

impl Rolls {
    /// The roll that one who asks is part of. `from` is the next run's id.
    fn join(&mut self, from: RunId) -> &mut Roll {
        let place = if self.current.is_none() {
            &mut self.current
        } else {
            &mut self.next
        };
        let roll = place.get_or_insert_with(|| {
            self.count += 1;
            Roll::new(self.count, from)
        });
        // Nothing was launched for it yet.
        roll.from = from;
        roll
    }

    /// Forgets them all: the daemon ends.
    pub(crate) fn clear(&mut self) {
        (self.current, self.next) = (None, None);
    }
}

impl Roll {
    const fn new(number: u64, from: RunId) -> Self {
        Self {
            number,
            from,
            waiting: Steps::new(),
            busy: Steps::new(),
            pressing: None,
        }
    }

    fn is_over(&self) -> bool {
        self.waiting.is_empty() && self.busy.is_empty()
    }

    /// Takes in an instance that is to be replaced.
    fn wait_for(&mut self, instance: &Instance) -> Target {
        let step = (instance.slot, instance.id);
        self.waiting.insert(step, instance.asks);
        let (from, roll) = (self.from, self.number);
        Target::new(instance, Aim::Renewed { from, roll })
    }

    /// Begins with as many instances as may be replaced at once.
    fn fill(&mut self, batch: u32) {
        while self.busy.len() < batch.max(1) as usize {
            let Some((step, asks)) = self.waiting.pop_first() else {
                return;
            };
            self.busy.insert(step, asks);
        }
    }

    /// The instances that are being replaced.
    pub(crate) fn busy(&self) -> Vec<u32> {
        self.busy.keys().map(|(slot, _)| *slot).collect()
    }
}

impl App {
    /// Replaces these instances in turn, and starts what is down. `from` is the next run's id.
    pub(crate) fn reload(
        &mut self,
        meant: &[InstanceId],
        from: RunId,
        turn: &mut Turn,
    ) -> Vec<Target> {
        let instances = self.instances.values_mut();
        let meant = instances.filter(|one| meant.contains(&one.id));
        let (running, down): (Vec<_>, Vec<_>) = meant.partition(|one| one.is_to_be_replaced());
        let mut targets: Vec<Target> = down.into_iter().map(|one| start(one, turn)).collect();
        if running.is_empty() {
            return targets;
        }
        // As with each request that is waited for: it is answered when the disk has answered.
        turn.goals_changed = true;
        let roll = self.rolls.join(from);
        for instance in running {
            turn.touch(&instance.app, instance.id);
            targets.push(roll.wait_for(instance));
        }
        targets
    }

    /// Drops what has settled, and begins with what may begin.
    pub(crate) fn roll_on(&mut self) {
        while let Some(roll) = &mut self.rolls.current {
            let pursued = |(slot, id): &(u32, InstanceId), asks: &mut u64| {
                let instance = self.instances.get(slot);
                instance.is_some_and(|one| one.id == *id && one.is_pursued(*asks, roll.from))
            };
            roll.waiting.retain(pursued);
            roll.busy.retain(pursued);
            roll.pressing = None;
            if !roll.is_over() {
                roll.fill(self.spec.handover.batch);
                return;
            }
            self.rolls.current = self.rolls.next.take();
        }
    }

    /// A run of this instance did not come up. Returns the number of the roll that ends with it, and
    /// those whose turn does not come any more.
    pub(crate) fn break_off(&mut self, id: InstanceId, run: RunId) -> Option<(u64, Vec<u32>)> {
        let roll = self.rolls.current.as_mut()?;
        let step = roll.busy.keys().find(|(_, one)| *one == id).copied()?;
        if run < roll.from {
            return None;
        }
        roll.busy.remove(&step);
        let left = core::mem::take(&mut roll.waiting);
        let left = left.into_keys().map(|(slot, _)| slot).collect();
        Some((roll.number, left))
    }
}

impl Instance {
    /// Whether it has a run that only goes when it is replaced.
    fn is_to_be_replaced(&self) -> bool {
        self.run().is_some_and(|run| run.leaving().is_none())
    }

    /// Whether a roll still has something to do with it.
    fn is_pursued(&self, asks: u64, from: RunId) -> bool {
        let is_new = match &self.state {
            State::Up { run } => run.is_ready() && run.id() >= from,
            State::Idle => true,
            State::Waiting { .. }
            | State::Failed
            | State::Replacing { .. }
            | State::Leaving { .. } => false,
        };
        self.asks == asks && !is_new
    }
}
