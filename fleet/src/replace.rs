//! How one run of an instance makes way for the next: side by side, one after the other while
//! connections wait, or plainly one after the other.
//!
//! ```text
//! OVERLAP  Up{old} ──▶ Replacing{old Ready, new Launching…} ──new is ready──▶ {old Draining, new Ready}
//!            ▲                        │                                          │      │
//!            │◀── the new run failed ─┘◀───── the new run died: Serve ───────────┘      │ drained, late
//!            │                                                                          ▼
//!          Up{new} ◀────────────────── the old run is gone ────────────── {old Stopping, new Ready}
//!
//! QUEUE    Up{Ready} ─▶ Up{Watching} ─seen─▶ Up{Draining} ─drained─▶ Up{Stopping} ─gone─▶ Waiting ─▶ Up{next}
//! RESTART  Up{any} ────────────────────────────────────────────────▶ Up{Stopping} ─gone─▶ Waiting ─▶ Up{next}
//! ```
//!
//! A run that is watched serves. So nobody waits for connections that are silent, which would take as
//! long as it takes to know that they are: who waits, waits for requests under way.
//!
//! Where it turns out while the successor starts that the two cannot share a port, nobody could say who
//! gets the next connection: the successor is ended, and the run that serves makes way as in a queue.
//!
//! Where the old run dies by itself while its successor starts, the successor is an ordinary run from
//! then on. Where the successor dies when the old run was asked to end already, there is no way back:
//! the death counts, and the next launch waits until the old run is gone (`State::Leaving`).

use alloc::collections::BTreeSet;
use alloc::sync::Arc;

use config::handover::Handover;
use config::{Address, AppSpec, Span};
use protocol::notice::Cause;
use protocol::reply::{DeathBy, Reached};
use protocol::{Handed, Lack, LackOf, Mode, Notice, RunId, Tally, Time};

use crate::instance::{Instance, State};
use crate::run::Run;
use crate::turn::Turn;

/// A passage from one run to the next that is under way.
#[derive(Debug, Clone)]
pub(crate) struct Handing {
    /// The run that makes way.
    pub(crate) old: RunId,
    pub(crate) mode: Mode,
    /// Where the old run listened.
    pub(crate) at: BTreeSet<Address>,
    since: Time,
    lacks: BTreeSet<Lack>,
    tally: Tally,
    /// From the beginning to the end of the old run, once that has come.
    took: Span,
    /// How long connections had to wait, but for the wait that is not over.
    pub(crate) pause: Span,
    /// Since when they have to.
    pub(crate) waiting_since: Option<Time>,
}

/// What a run is to make way for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Reload,
    Restart,
}

/// What is to be done so that an instance has a run that was launched after it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// A successor is to be launched beside the run that serves.
    Successor,
    /// Nothing, or it has been done.
    UnderWay,
}

impl Handing {
    fn new(run: &Run, mode: Mode, now: Time) -> Self {
        Self {
            old: run.id(),
            mode,
            at: run.listens.clone(),
            since: now,
            lacks: BTreeSet::new(),
            tally: Tally::default(),
            took: Span::ZERO,
            pause: Span::ZERO,
            waiting_since: None,
        }
    }

    fn handed(self, now: Time) -> Handed {
        let waits = self.waiting_since.map_or(Span::ZERO, |at| now.since(at));
        Handed {
            mode: self.mode,
            lacks: self.lacks.into_iter().collect(),
            tally: self.tally,
            pause: Span(self.pause.0 + waits.0),
            took: self.took,
        }
    }
}

impl Instance {
    /// Ends what runs, then brings it up.
    pub(crate) fn restart(&mut self, spec: &AppSpec, turn: &mut Turn) {
        let is_new = |run: &Run| run.leaving() != Some(Cause::Restart);
        let overtakes = self.runs().any(is_new);
        self.start(turn);
        if overtakes {
            self.asks += 1;
        }
        self.make_way(Wish::Restart, spec, turn);
    }

    /// Does the next thing there is to do until it has a run that is not older than this one.
    pub(crate) fn renew(&mut self, from: RunId, spec: &AppSpec, turn: &mut Turn) -> Renewal {
        match &self.state {
            State::Up { run } if run.id() < from && run.leaving().is_none() => {
                if run.is_ready() && run.way(Wish::Reload, spec) == Mode::Overlap {
                    return Renewal::Successor;
                }
                self.make_way(Wish::Reload, spec, turn);
            }
            State::Failed => {
                turn.goals_changed = true;
                turn.touch(&self.app, self.id);
                self.start_afresh(turn);
            }
            State::Idle
            | State::Waiting { .. }
            | State::Up { .. }
            | State::Replacing { .. }
            | State::Leaving { .. } => {}
        }
        Renewal::UnderWay
    }

    /// Launches a successor beside the run that serves.
    pub(crate) fn replace(&mut self, new: RunId, spec: &Arc<AppSpec>, turn: &mut Turn) {
        match core::mem::replace(&mut self.state, State::Idle) {
            State::Up { run: old } => {
                self.begin_handing(&old, Mode::Overlap, turn);
                let new = self.order(new, spec, turn);
                self.state = State::Replacing { old, new };
            }
            other @ (State::Idle
            | State::Waiting { .. }
            | State::Failed
            | State::Replacing { .. }
            | State::Leaving { .. }) => self.state = other,
        }
    }

    /// Brings the runs to their end, so that the next one can start: the one that serves by watching
    /// and draining it, where those who connect can wait.
    fn make_way(&mut self, wish: Wish, spec: &AppSpec, turn: &mut Turn) {
        self.backoff.reset();
        self.last_death = None;
        if self.runs().all(|run| run.leaving() == Some(Cause::Restart)) {
            return;
        }
        self.handing = None;
        let serving = self.run().filter(|run| run.leaving().is_none()).cloned();
        if let Some(run) = &serving {
            match (run.way(wish, spec), wish) {
                (Mode::Overlap | Mode::Queue, _) if run.is_ready() => {
                    self.begin_handing(run, Mode::Queue, turn);
                }
                (Mode::Overlap | Mode::Queue | Mode::Restart, Wish::Reload) => {
                    self.begin_handing(run, Mode::Restart, turn);
                }
                (Mode::Overlap | Mode::Queue | Mode::Restart, Wish::Restart) => {}
            }
        }
        self.end_for_next(turn);
    }

    /// Asks its runs to end; one that makes way as in a queue is watched first.
    fn end_for_next(&mut self, turn: &mut Turn) {
        let handing = self.handing.as_ref();
        let queues = handing.filter(|handing| handing.mode == Mode::Queue);
        let queues = queues.map(|handing| handing.old);
        for run in self.runs_mut() {
            if queues == Some(run.id()) {
                run.watch(Cause::Restart, turn);
            } else {
                run.end(Cause::Restart, turn);
            }
        }
    }

    /// Something that is missing was found out: a successor that has not taken over cannot, where two
    /// runs cannot share a port without it.
    pub(crate) fn part_ways(&mut self, spec: &AppSpec, turn: &mut Turn) {
        let State::Replacing { old, new } = &self.state else {
            return;
        };
        let cannot_share = || old.has_lack(forbids_sharing) || new.has_lack(forbids_sharing);
        if !old.is_ready() || new.leaving().is_some() || !cannot_share() {
            return;
        }
        let (old, lacks) = (old.clone(), new.lacks.clone());
        let mode = match old.way(Wish::Reload, spec) {
            Mode::Overlap | Mode::Queue => Mode::Queue,
            Mode::Restart => Mode::Restart,
        };
        self.begin_handing(&old, mode, turn);
        if let Some(handing) = &mut self.handing {
            handing.lacks = lacks;
        }
        self.end_for_next(turn);
    }

    fn begin_handing(&mut self, old: &Run, mode: Mode, turn: &mut Turn) {
        let who = old.who.clone();
        turn.note(Notice::Replacing { who, mode });
        self.handing = Some(Handing::new(old, mode, turn.now));
    }

    /// The successor is ready: from here on it serves, and the old run drains.
    pub(crate) fn take_over(&mut self, turn: &mut Turn) {
        let State::Replacing { old, new } = &mut self.state else {
            return;
        };
        if old.is_ready() && new.is_ready() {
            let who = new.who.clone();
            turn.note(Notice::TookOver { who });
            old.hand_over(turn);
        }
    }

    /// It is known of every connection of a run whether something is under way on it.
    pub(crate) fn watched(&mut self, run: RunId, turn: &mut Turn) {
        if let Some(run) = self.run_mut(run) {
            run.hold(turn);
        }
    }

    /// Nothing is under way any more on the connections of a run that drains.
    pub(crate) fn drained(&mut self, run: RunId, turn: &mut Turn) {
        if let Some(run) = self.run_mut(run)
            && let Some(cause) = run.draining()
        {
            run.retire(cause, turn);
        }
    }

    /// What became of the connections of a run that was retired.
    pub(crate) fn retired(&mut self, run: RunId, tally: Tally) {
        if let Some(handing) = &mut self.handing
            && handing.old == run
        {
            handing.tally = tally;
        }
    }

    /// The leader of one of two runs may have ended, which then serves no more.
    pub(crate) fn after_leader(&mut self, had_successor: bool, turn: &mut Turn) {
        let State::Replacing { old, new } = &mut self.state else {
            return;
        };
        if old.draining().is_some() && new.ending() == Some(Cause::LeaderGone) {
            old.serve(turn);
        } else if had_successor && !old.is_ready() {
            self.relax(turn);
        }
    }

    /// The old run died by itself: its successor is the next one, as after any death.
    pub(crate) fn lost_old(&mut self, old: &Run, new: Run, how: DeathBy, turn: &mut Turn) {
        let served = old.is_ready();
        self.state = State::Up { run: new };
        self.handing = None;
        self.restarts = self.restarts.saturating_add(1);
        self.ended_beside(old, how, Some(Span::ZERO), turn);
        if served {
            self.relax(turn);
        }
    }

    /// The successor is gone, and the old run has not been asked to end: it serves on.
    pub(crate) fn lost_new(
        &mut self,
        mut old: Run,
        new: &Run,
        how: DeathBy,
        turn: &mut Turn,
    ) -> Reached {
        old.serve(turn);
        let reached = self.kept(&old, new, how, turn);
        self.state = State::Up { run: old };
        reached
    }

    /// The old run is gone after its successor has taken over.
    pub(crate) fn replaced(&mut self, turn: &mut Turn) {
        if self.run().is_some_and(Run::is_ready) {
            self.restarts = self.restarts.saturating_add(1);
            self.backoff.reset();
            self.last_death = None;
            turn.goals_changed = true;
        }
    }

    /// The run that makes way is gone.
    pub(crate) fn handing_is_over(&mut self, run: &Run, turn: &Turn) {
        if let Some(handing) = &mut self.handing
            && handing.old == run.id()
        {
            handing.took = turn.now.since(handing.since);
            handing.lacks.extend(run.lacks.iter().cloned());
        }
    }

    /// Ends a passage whose next run has become ready, alone.
    pub(crate) fn complete_handing(&mut self, turn: &mut Turn) {
        let State::Up { run } = &self.state else {
            return;
        };
        let is_next = |handing: &mut Handing| run.is_ready() && handing.old != run.id();
        if let Some(handing) = self.handing.take_if(is_next) {
            let (who, handed) = (run.who.clone(), handing.handed(turn.now));
            self.handed = Some((run.id(), handed.clone()));
            turn.note(Notice::Replaced { who, handed });
        }
    }

    /// How its run came from the one before it, for who reached this.
    pub(crate) fn handed_to(&self, reached: &Reached) -> Option<Handed> {
        let (to, handed) = self.handed.as_ref()?;
        let is_new = *reached == Reached::Done && self.run().map(Run::id) == Some(*to);
        is_new.then(|| handed.clone())
    }
}

impl Run {
    /// In which way a reload would replace it; none where it is leaving. One that is not ready has
    /// no clients yet.
    pub(crate) fn next_mode(&self, spec: &AppSpec) -> Option<Mode> {
        let way = || self.way(Wish::Reload, spec);
        let mode = self.is_ready().then(way).unwrap_or(Mode::Restart);
        self.leaving().is_none().then_some(mode)
    }

    /// In which way it can make way for a run of this specification.
    fn way(&self, wish: Wish, spec: &AppSpec) -> Mode {
        let is_off = spec.handover.mode == Handover::Off;
        if is_off || self.listens.is_empty() || self.has_lack(forbids_holding) {
            return Mode::Restart;
        }
        // A group of sockets belongs to one user.
        let is_other = self.spec.run_as.as_ref().map(|user| user.uid)
            != spec.run_as.as_ref().map(|user| user.uid);
        let queues = match spec.handover.mode {
            Handover::Queue => true,
            Handover::Auto | Handover::Overlap | Handover::Off => false,
        };
        if queues || is_other || wish == Wish::Restart || self.has_lack(forbids_sharing) {
            return Mode::Queue;
        }
        Mode::Overlap
    }

    pub(crate) fn has_lack(&self, is: impl Fn(&LackOf) -> bool) -> bool {
        self.lacks.iter().any(|lack| is(&lack.of))
    }
}

/// Whether nobody can be made to wait without this.
pub(crate) const fn forbids_holding(lack: &LackOf) -> bool {
    match lack {
        LackOf::Filter | LackOf::Privileged { .. } | LackOf::Unwanted | LackOf::Duplicate => true,
        LackOf::Trace
        | LackOf::Diagnosis
        | LackOf::Stranger
        | LackOf::Selector
        // What the app leaves when it is gone still holds them.
        | LackOf::Hold => false,
    }
}

/// Whether two runs cannot share a port without this.
const fn forbids_sharing(lack: &LackOf) -> bool {
    match lack {
        LackOf::Stranger | LackOf::Selector => true,
        LackOf::Filter
        | LackOf::Privileged { .. }
        | LackOf::Unwanted
        | LackOf::Duplicate
        | LackOf::Trace
        | LackOf::Diagnosis
        | LackOf::Hold => false,
    }
}
