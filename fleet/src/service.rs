//! Who gets new connections, and whether those wait for whom nobody is there.
//!
//! *Ready* is a stage of a run; *in service* is a decision: ready or watched, not draining, and not a
//! successor whose old run serves still. What is said of an app is computed from its instances at the end of
//! each turn and said where it has changed, before anything else of that turn is done; so no other
//! place needs to think of it. An app of which no run ever listened is never spoken of.
//!
//! Connections wait for an instance that is to be up and has listened: without limit while a run of
//! it serves, and for `hold_timeout` otherwise. An instance that is stopped or has given up is waited
//! for by nobody; nor is a run that cannot take up what is held, as it would find its port in use.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use config::handover::Handover;
use config::{Address, HandoverRule, Span};
use protocol::{Mode, RunId, Time};

use crate::Effect;
use crate::app::App;
use crate::instance::{Goal, Instance, Rest, State};
use crate::replace::forbids_holding;
use crate::run::Run;
use crate::turn::Turn;

/// Whether those who connect to an instance wait, where no run of it can serve them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Nobody has to: its run serves, or it is not wanted.
    Off,
    Until(Time),
    /// It took too long.
    Over,
}

/// Whether a run of an instance serves clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// It is ready and listens, be it not everywhere.
    On,
    Out,
}

/// What was said of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Steering {
    to: Vec<RunId>,
    held: bool,
}

impl Hold {
    /// When it is over.
    pub(crate) const fn deadline(self) -> Option<(Time, &'static str)> {
        match self {
            Self::Until(at) => Some((at, "hold is over")),
            Self::Off | Self::Over => None,
        }
    }
}

impl App {
    /// Decides who is in service, and says what has changed.
    pub(crate) fn serve(&mut self, turn: &mut Turn) -> Option<Effect> {
        let rule = &self.spec.handover;
        for instance in self.instances.values_mut() {
            instance.hold_on(rule, turn);
        }
        self.count_waits(turn.now);
        let steering = self.steering(turn);
        let held = steering.as_ref().is_some_and(|steering| steering.held);
        self.release(held, turn);
        if self.steering == steering {
            return None;
        }
        self.steering.clone_from(&steering);
        steering.map(|Steering { to, held }| Effect::Steer {
            app: self.name().clone(),
            to,
            held,
        })
    }

    /// What is to be said of it; none where there is nothing to say yet.
    fn steering(&self, turn: &Turn) -> Option<Steering> {
        let is_on = self.spec.handover.mode != Handover::Off;
        let begins = is_on && self.serving().any(|run| !run.listens.is_empty());
        if self.steering.is_none() && !begins {
            return None;
        }
        let awaited = |one: &Instance| one.is_awaited(&self.spec.handover, turn);
        Some(Steering {
            to: self.serving().map(Run::id).collect(),
            held: self.instances.values().any(awaited),
        })
    }

    /// The runs in service, by the number of their instance.
    fn serving(&self) -> impl Iterator<Item = &Run> {
        self.instances.values().filter_map(Instance::serving)
    }

    /// Counts how long connections wait for the next run of an instance that makes them wait.
    fn count_waits(&mut self, now: Time) {
        let queues = |one: &Instance| {
            let mode = one.handing.as_ref().map(|handing| handing.mode);
            mode == Some(Mode::Queue)
        };
        if !self.instances.values().any(queues) {
            return;
        }
        let served: BTreeSet<Address> = self
            .serving()
            .flat_map(|run| run.listens.iter().cloned())
            .collect();
        for instance in self.instances.values_mut().filter(|one| queues(one)) {
            instance.count_wait(&served, now);
        }
    }

    /// Gives up the listeners of runs that are over and that no next one will take.
    fn release(&mut self, held: bool, turn: &mut Turn) {
        for instance in self.instances.values_mut() {
            if instance.hold.deadline().is_some() {
                continue;
            }
            for run in instance.vacated.drain(..) {
                // Where nothing is held at all, that has been said.
                if held {
                    turn.effects.push(Effect::Release { run });
                }
            }
        }
    }
}

impl Instance {
    /// The run that gets new connections.
    pub(crate) fn serving(&self) -> Option<&Run> {
        self.run().filter(|run| run.is_serving())
    }

    /// Whether those who connect wait for it.
    fn is_awaited(&self, rule: &HandoverRule, turn: &Turn) -> bool {
        let serves = self.service == Service::On;
        self.is_wanted(rule, turn) && (serves || self.hold != Hold::Over)
    }

    fn service_now(&self) -> Service {
        if self.serving().is_some_and(|run| !run.listens.is_empty()) {
            Service::On
        } else {
            Service::Out
        }
    }

    /// Whether it is to be up, and is known to listen then.
    fn is_wanted(&self, rule: &HandoverRule, turn: &Turn) -> bool {
        let comes = match &self.state {
            State::Idle | State::Failed => false,
            State::Waiting { .. } | State::Up { .. } | State::Replacing { .. } => true,
            State::Leaving { then, .. } => matches!(then, Rest::Waiting { .. }),
        };
        let listens = self.listened.is_some() || self.runs().any(|run| !run.listens.is_empty());
        let is_on = self.goal == Goal::Up && rule.mode != Handover::Off && !turn.ending;
        comes && listens && is_on && !self.stands_alone()
    }

    /// Whether the run that is on its way was found unable to take up what an earlier one has left.
    fn stands_alone(&self) -> bool {
        let comes = |run: &&Run| !run.is_serving() && run.leaving().is_none();
        let coming = self.run().filter(comes);
        coming.is_some_and(|run| run.has_lack(forbids_holding))
    }

    /// Whether its run serves wherever an earlier one did.
    fn is_served(&self) -> bool {
        let Some(run) = self.serving() else {
            return false;
        };
        match &self.listened {
            Some(earlier) => run.covers(&earlier.spec, &earlier.at),
            None => !run.listens.is_empty(),
        }
    }

    fn hold_on(&mut self, rule: &HandoverRule, turn: &Turn) {
        let (before, service) = (self.service, self.service_now());
        let ends = before == Service::On && service == Service::Out;
        self.service = service;
        if !self.is_wanted(rule, turn) || self.is_served() {
            self.hold = Hold::Off;
            return;
        }
        self.hold = match self.hold {
            Hold::Until(at) if !ends && at <= turn.now => Hold::Over,
            hold @ (Hold::Until(_) | Hold::Over) if !ends => hold,
            Hold::Off | Hold::Until(_) | Hold::Over => Hold::Until(turn.after(rule.hold_timeout)),
        };
    }

    fn count_wait(&mut self, served: &BTreeSet<Address>, now: Time) {
        let Some(handing) = &mut self.handing else {
            return;
        };
        let waits = !handing.at.is_subset(served);
        match handing.waiting_since {
            None if waits => handing.waiting_since = Some(now),
            Some(since) if !waits => {
                handing.pause = Span(handing.pause.0 + now.since(since).0);
                handing.waiting_since = None;
            }
            None | Some(_) => {}
        }
    }
}
