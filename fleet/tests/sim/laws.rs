//! What must hold after each turn, whatever happened.
//!
//! The laws know what the fleet was told and what it did, nothing of its inside: they keep books of
//! their own about lives, deaths, goals and tickets, and compare. Each file is one part of the books:
//!
//! * [`lives`]: who is alive, who may be signalled, who must have been killed by when;
//! * [`ready`]: when a run is ready, and what it has to do for that;
//! * [`handover`]: who may have a successor, who drains, who is retired;
//! * [`service`]: who gets new connections, and for whom they wait;
//! * [`deaths`]: how long to wait after a death, and when to give up;
//! * [`meaning`]: whom a request means, and whether it must be refused;
//! * [`goals`]: what was asked for is what is wanted, and what is wanted is what is pursued;
//! * [`tickets`]: each is answered once, nothing is done twice;
//! * [`outcomes`]: what an answer says is so;
//! * [`disk`]: what is on disk, in the journal and in the view is what the fleet is.

/// Breaks off with a sentence where a law does not hold.
macro_rules! law {
    ($holds:expr, $($why:tt)+) => {
        if !$holds {
            return Err(format!($($why)+));
        }
    };
}

mod deaths;
mod disk;
mod goals;
mod handover;
mod life;
mod lives;
mod meaning;
mod outcomes;
mod ready;
mod service;
mod tickets;

use std::collections::{BTreeMap, BTreeSet};

use config::{AppName, AppSpec};
use fleet::{Effect, Event, Fleet, Turn};
use protocol::saved::{LiveRun, LiveState, Saved, SavedGoal};
use protocol::{InstanceId, Request, RunId, Time};

use crate::journal::Journal;
use crate::laws::deaths::Tally;
use crate::laws::disk::Disk;
use crate::laws::life::Life;
use crate::laws::ready::Listened;
use crate::laws::service::Service;
use crate::laws::tickets::{Admission, Tickets};

/// Whether the laws hold, and else which one does not.
pub(crate) type Outcome = Result<(), String>;

/// The books.
#[derive(Debug)]
pub(crate) struct Laws {
    journal: Journal,
    disk: Disk,
    /// The runs that are not over as far as the fleet was told.
    lives: BTreeMap<RunId, Life>,
    last_run: RunId,
    /// Where earlier runs of each instance listened.
    listened: BTreeMap<InstanceId, Listened>,
    service: Service,
    tallies: BTreeMap<InstanceId, Tally>,
    /// The specification that each app was given last.
    specs: BTreeMap<AppName, AppSpec>,
    tickets: Tickets,
    turns: u64,
    ending: bool,
    /// What was wanted when the daemon was asked to end.
    kept: BTreeMap<InstanceId, SavedGoal>,
    over: bool,
}

/// What was so before a turn.
#[derive(Debug)]
pub(crate) struct Before {
    now: Time,
    /// Whether nothing was due, so that all that happens comes of the event.
    quiet: bool,
    /// How a request is to be taken in; none for other events.
    admission: Option<Admission>,
    /// Whom it means; empty where the event is no request by a selector.
    meant: BTreeSet<InstanceId>,
    /// Whether it has to be refused.
    refused: bool,
    /// The apps that were there.
    apps: BTreeSet<AppName>,
    /// The last run that was launched.
    last_run: RunId,
}

impl Laws {
    /// Books that begin with this fleet.
    pub(crate) fn of(fleet: &Fleet) -> Self {
        Self {
            journal: Journal::beginning_with(fleet.records()),
            disk: Disk::of(fleet.saved()),
            lives: BTreeMap::new(),
            last_run: RunId(0),
            listened: BTreeMap::new(),
            service: Service::default(),
            tallies: BTreeMap::new(),
            specs: BTreeMap::new(),
            tickets: Tickets::default(),
            turns: 0,
            ending: false,
            kept: BTreeMap::new(),
            over: false,
        }
    }

    /// How many turns there were.
    pub(crate) const fn turns(&self) -> u64 {
        self.turns
    }

    /// Another daemon begins with what the last one had saved.
    pub(crate) fn boot(&mut self, fleet: &Fleet, saved: &Saved) -> Outcome {
        law!(
            self.lives.is_empty(),
            "there was life after the end: {:?}",
            self.lives
        );
        law!(
            saved == self.disk.saved(),
            "what was sent to the disk is not what was at the end"
        );
        disk::restores(fleet, saved)?;
        *self = Self {
            last_run: self.last_run,
            turns: self.turns,
            specs: std::mem::take(&mut self.specs),
            ..Self::of(fleet)
        };
        Ok(())
    }

    /// To be asked before the fleet handles an event.
    pub(crate) fn before(&self, now: Time, event: &Event, fleet: &Fleet) -> Before {
        let request = match event {
            Event::Asked { id, request, .. } => Some((id, request)),
            _ => None,
        };
        let admission = request.map(|(id, _)| self.tickets.admission(id, now));
        let request = request.map(|(_, request)| request);
        Before {
            now,
            quiet: fleet.deadline().is_none_or(|(due, _)| due > now),
            admission,
            meant: request.map(|one| self.meant(one)).unwrap_or_default(),
            refused: request.is_some_and(|one| self.must_refuse(one)),
            apps: match request {
                None if !matches!(event, Event::DumpRead { .. }) => BTreeSet::new(),
                _ => self.journal.apps.keys().cloned().collect(),
            },
            last_run: self.last_run,
        }
    }

    /// To be told what the fleet did. Gives back the effects.
    pub(crate) fn turn(
        &mut self,
        before: &Before,
        event: &Event,
        turn: Turn,
        fleet: &Fleet,
    ) -> Result<Vec<Effect>, String> {
        let Turn {
            records, effects, ..
        } = turn;
        self.turns += 1;
        law!(!self.over, "there was a turn after the end");
        if matches!(event, Event::ShutDown { .. }) || is_new_kill(event, before) {
            self.begin_end();
        }
        let wrote = !records.is_empty();
        let was = self.ending_of(event);
        self.note_forgotten(&records);
        self.journal.append(records);
        self.tell_lives(before.now, event);
        self.disk.told(event);
        self.take_specs(before, event);
        for (at, effect) in effects.iter().enumerate() {
            self.life_law(before, event, &effects[..at], effect)?;
            self.disk.effect_law(effect, at)?;
        }
        self.death_law(before, event, was.as_ref(), &effects)?;
        self.orphans_law(event, &effects)?;
        self.lives_law(before.now, fleet, &effects)?;
        self.service_law(before.now, &effects)?;
        self.goal_law(before, event)?;
        self.tally_law(before, event, &effects)?;
        self.ticket_law(before, event, &effects, wrote)?;
        self.over = effects.contains(&Effect::Exit);
        law!(
            !self.over || self.lives.is_empty(),
            "it ended over {:?}",
            self.lives
        );
        Ok(effects)
    }
}

/// The runs that the journal holds of an instance: none, one, or the old and the new one.
fn runs_of(state: &LiveState) -> Vec<&LiveRun> {
    match state {
        LiveState::Idle | LiveState::Waiting { .. } | LiveState::Failed => Vec::new(),
        LiveState::Up { run } => vec![run],
        LiveState::Replacing { old, new } => vec![old, new],
    }
}

/// Whether the event is a request to end that is not known yet.
fn is_new_kill(event: &Event, before: &Before) -> bool {
    let kill = matches!(
        event,
        Event::Asked {
            request: Request::Kill,
            ..
        }
    );
    kill && before.admission == Some(Admission::New)
}
