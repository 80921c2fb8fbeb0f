//! One instance that a request waits for: where it is wanted, and how far it has come.

use alloc::boxed::Box;

use protocol::reply::{Outcome, Reached};
use protocol::view::InstanceView;
use protocol::{InstanceId, RunId};

use crate::instance::{Instance, State};
use crate::run::Stage;

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
        self.progress = Progress::Settled(Box::new(Outcome {
            instance: view.clone(),
            reached,
            handed: None,
        }));
    }

    /// What was reached with the instance as it is; none where it is still on its way.
    pub(crate) fn reached(&self, instance: &Instance) -> Option<Reached> {
        if instance.asks != self.asks {
            return Some(Reached::Overtaken);
        }
        match (self.aim, &instance.state) {
            (Aim::StillUp(of), State::Up { run }) if run.id == of => {
                matches!(run.stage, Stage::Ready { .. }).then_some(Reached::AlreadySo)
            }
            (Aim::Up | Aim::StillUp(_), State::Up { run }) => {
                matches!(run.stage, Stage::Ready { .. }).then_some(Reached::Done)
            }
            (Aim::Down, State::Idle) => Some(Reached::Done),
            (Aim::StillDown, _) => Some(Reached::AlreadySo),
            (Aim::Up | Aim::StillUp(_), State::Idle | State::Waiting { .. } | State::Failed)
            | (Aim::Down, State::Up { .. } | State::Waiting { .. } | State::Failed)
            | (Aim::Gone, _) => None,
        }
    }
}
