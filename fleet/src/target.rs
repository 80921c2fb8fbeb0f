//! One instance that a request waits for: where it is wanted, and how far it has come.

use alloc::boxed::Box;

use protocol::reply::{Outcome, Reached};
use protocol::view::InstanceView;
use protocol::{Handed, InstanceId, RunId};

use crate::instance::{Instance, State};

/// One instance that a request waits for.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) id: InstanceId,
    pub(crate) aim: Aim,
    /// The instance's count of asks with this one.
    pub(crate) asks: u64,
    pub(crate) progress: Progress,
}

/// Where a request wants an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aim {
    /// Ready, by a run that was or will be launched for it.
    Up,
    /// Ready, and it was before or on its way, as this run.
    StillUp(RunId),
    /// Ready, alone, by a run that is not older than this one; the roll with this number of the app
    /// brings it there.
    Renewed {
        from: RunId,
        roll: u64,
    },
    Down,
    /// Down, and it was before.
    StillDown,
    Gone,
}

/// How far it has come.
#[derive(Debug, Clone)]
pub(crate) enum Progress {
    Pending,
    /// Its run ended by itself, which is what was reached; its last lines are on their way.
    Ended(RunId, Reached),
    Settled(Box<Outcome>),
}

impl Target {
    /// Waits for this instance, which has just been asked.
    pub(crate) const fn new(instance: &Instance, aim: Aim) -> Self {
        Self {
            id: instance.id,
            aim,
            asks: instance.asks,
            progress: Progress::Pending,
        }
    }

    /// What became of it, once it has come to rest.
    pub(crate) const fn outcome(&self) -> Option<&Outcome> {
        match &self.progress {
            Progress::Settled(outcome) => Some(outcome),
            Progress::Pending | Progress::Ended(..) => None,
        }
    }

    /// It has come to rest.
    pub(crate) fn settle(&mut self, view: &InstanceView, reached: Reached) {
        self.settle_handed(view, reached, None);
    }

    /// It has come to rest, after this passage from one run to the next.
    pub(crate) fn settle_handed(
        &mut self,
        view: &InstanceView,
        reached: Reached,
        handed: Option<Handed>,
    ) {
        self.progress = Progress::Settled(Box::new(Outcome {
            instance: view.clone(),
            reached,
            handed,
        }));
    }

    /// Whether the end of this run is an outcome.
    pub(crate) fn is_ended_by(&self, run: RunId, reached: &Reached) -> bool {
        let waits = matches!(self.progress, Progress::Pending);
        waits
            && match (self.aim, reached) {
                // The old run serves: only who wants another one has not got it.
                (Aim::Up | Aim::StillUp(_), Reached::Kept { .. }) => false,
                (Aim::Up | Aim::StillUp(_), _) => true,
                // A job that has ended will not be replaced.
                (Aim::Renewed { .. }, Reached::Finished { .. }) => true,
                (Aim::Renewed { from, .. }, _) => run >= from,
                (Aim::Down | Aim::StillDown | Aim::Gone, _) => false,
            }
    }

    /// What was reached with the instance as it is; none where it is still on its way.
    pub(crate) fn reached(&self, instance: &Instance) -> Option<Reached> {
        if instance.asks != self.asks {
            return Some(Reached::Overtaken);
        }
        let ready = instance.run().filter(|run| run.is_ready());
        match (self.aim, &instance.state) {
            (Aim::Up, _) => ready.map(|_| Reached::Done),
            (Aim::StillUp(of), _) => ready.map(|run| {
                if run.id() == of {
                    Reached::AlreadySo
                } else {
                    Reached::Done
                }
            }),
            (Aim::Renewed { from, .. }, State::Up { .. }) => {
                ready.filter(|run| run.id() >= from).map(|_| Reached::Done)
            }
            (Aim::Down, State::Idle) => Some(Reached::Done),
            (Aim::StillDown, _) => Some(Reached::AlreadySo),
            (
                Aim::Renewed { .. },
                State::Idle
                | State::Waiting { .. }
                | State::Failed
                | State::Replacing { .. }
                | State::Leaving { .. },
            )
            | (
                Aim::Down,
                State::Up { .. }
                | State::Waiting { .. }
                | State::Failed
                | State::Replacing { .. }
                | State::Leaving { .. },
            )
            | (Aim::Gone, _) => None,
        }
    }
}
