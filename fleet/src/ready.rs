//! How a run becomes ready: what it says, where it listens, whether it passes its check, how long it
//! has lived.
//!
//! A run that is started for itself is ready by its word, by listening where an earlier one did, or
//! by having lived; only one that has to say so can be late. A *successor*, whose old run serves,
//! has to do everything that is asked of it: listen wherever the old one does, say so where its rule
//! wants that, pass its check; and all that within one limit, or the old one serves on.
//!
//! A successor that is given all its addresses ([`crate::presence`]) cannot be seen to listen: it is
//! ready by its word, by its check, or by having lived.
//!
//! What happens may be told before the news of the launch; it is remembered in the run.

use alloc::string::String;

use config::{Address, AppSpec, Span};
use protocol::notice::ReadyBy;
use protocol::reply::DeathBy;
use protocol::{CheckFailure, Lack, Notice, Pid, RunId};

use crate::Effect;
use crate::instance::{Instance, State};
use crate::presence::Presence;
use crate::run::{LAUNCH_LIMIT, READY_AFTER, Run, Stage};
use crate::turn::Turn;

/// How far a run that is starting has come.
enum Readiness {
    /// Something is still to come.
    NotYet,
    /// All that it does by itself is done, and it is to be asked for this path.
    Check(String),
    Ready(ReadyBy),
}

impl Instance {
    /// The program is executing.
    pub(crate) fn launched(&mut self, run: RunId, pid: Pid, turn: &mut Turn) {
        let has_to_live = self.has_to_live();
        let Some(run) = self.run_mut(run) else {
            return;
        };
        match run.stage {
            Stage::Launching { said, .. } => {
                let by = turn.after(run.time_to_start(has_to_live));
                run.stage = Stage::Starting { pid, by, said };
            }
            Stage::Stopping {
                pid: ref mut unknown,
                ..
            } => *unknown = Some(pid),
            Stage::Starting { .. }
            | Stage::Checking { .. }
            | Stage::Ready { .. }
            | Stage::Watching { .. }
            | Stage::Draining { .. } => return,
        }
        let who = run.who.clone();
        turn.touch(&self.app, self.id);
        turn.note(Notice::Launched { who, pid });
        self.go_on(turn);
    }

    /// The program says that it is ready.
    pub(crate) fn said_ready(&mut self, run: RunId, by: ReadyBy, turn: &mut Turn) {
        let Some(run) = self.run_mut(run) else {
            return;
        };
        match &mut run.stage {
            Stage::Launching { said, .. }
            | Stage::Starting { said, .. }
            | Stage::Checking { said, .. } => {
                said.get_or_insert(by);
            }
            Stage::Ready { .. }
            | Stage::Watching { .. }
            | Stage::Draining { .. }
            | Stage::Stopping { .. } => return,
        }
        self.go_on(turn);
    }

    /// The run listens there.
    pub(crate) fn listening(&mut self, run: RunId, at: Address, turn: &mut Turn) {
        let had_to_live = self.has_to_live();
        let Some(run) = self.run_mut(run) else {
            return;
        };
        if !run.listens.insert(at.clone()) {
            return;
        }
        let who = run.who.clone();
        turn.touch(&self.app, self.id);
        turn.note(Notice::Listening { who, at });
        if had_to_live != self.has_to_live() {
            self.expect_anew(turn);
        }
        self.go_on(turn);
    }

    /// The run lacks something for a hand-over without loss.
    pub(crate) fn hindered(&mut self, run: RunId, lack: Lack, spec: &AppSpec, turn: &mut Turn) {
        let Some(run) = self.run_mut(run) else {
            return;
        };
        if run.lacks.insert(lack.clone()) {
            let who = run.who.clone();
            turn.note(Notice::Hindered { who, lack });
            self.part_ways(spec, turn);
        }
    }

    /// The run was asked for the path of its check.
    pub(crate) fn checked(
        &mut self,
        run: RunId,
        outcome: Result<(), CheckFailure>,
        turn: &mut Turn,
    ) {
        let listens = self.presence().is_enough();
        let Some(run) = self.run_mut(run) else {
            return;
        };
        if !matches!(run.stage, Stage::Checking { .. }) {
            return;
        }
        match outcome {
            Ok(()) if listens => self.become_ready(ReadyBy::Checked, turn),
            // The old run listens elsewhere too by now; where that is, it will be asked again.
            Ok(()) => run.uncheck(),
            Err(why) => run.fail(run.unchecked(why), turn),
        }
    }

    /// The time that the run which is starting had is over.
    pub(crate) fn starting_is_over(&mut self, turn: &mut Turn) {
        let is_successor = self.has_successor();
        let (presence, has_to_live) = (self.presence(), self.has_to_live());
        let Some(run) = self.starting_mut() else {
            return;
        };
        let within = run.spec.ready.listen_timeout;
        let how = match &run.stage {
            Stage::Launching { .. } => DeathBy::NotReady {
                within: LAUNCH_LIMIT,
            },
            Stage::Checking { .. } => run.unchecked(CheckFailure::Late(within)),
            Stage::Starting { .. } => match presence {
                Presence::Missing(at) if is_successor => DeathBy::NotListening { within, at },
                Presence::Missing(_)
                | Presence::Present
                | Presence::Given
                | Presence::Unexpected => {
                    if has_to_live {
                        return self.become_ready(ReadyBy::Lived, turn);
                    }
                    DeathBy::NotReady { within }
                }
            },
            Stage::Ready { .. }
            | Stage::Watching { .. }
            | Stage::Draining { .. }
            | Stage::Stopping { .. } => return,
        };
        run.fail(how, turn);
    }

    /// The old run serves no more: its successor is from here on a run that is started for itself.
    pub(crate) fn relax(&mut self, turn: &mut Turn) {
        let Some(run) = self.starting_mut() else {
            return;
        };
        run.uncheck();
        if let Stage::Starting { by, .. } = &mut run.stage
            && !run.spec.ready.wait_ready
        {
            *by = turn.after(READY_AFTER);
        }
        self.go_on(turn);
    }

    /// What is expected of a successor has changed with where it or the old run listens: its time
    /// begins anew.
    fn expect_anew(&mut self, turn: &Turn) {
        let has_to_live = self.has_to_live();
        if let Some(run) = self.starting_mut() {
            let limit = run.time_to_start(has_to_live);
            if let Stage::Starting { by, .. } = &mut run.stage {
                *by = turn.after(limit);
            }
        }
    }

    /// Whether the run that is starting becomes ready by having lived, if by nothing before that.
    fn has_to_live(&self) -> bool {
        let Some(run) = self.starting() else {
            return false;
        };
        let is_given = || matches!(self.presence(), Presence::Given);
        let is_alone = !self.has_successor();
        !run.spec.ready.wait_ready && (is_alone || run.spec.handover.check.is_none() && is_given())
    }

    /// Something became known of the run that is starting: it may be ready with that.
    fn go_on(&mut self, turn: &mut Turn) {
        match self.readiness() {
            Readiness::NotYet => {}
            Readiness::Ready(by) => self.become_ready(by, turn),
            Readiness::Check(path) => self.begin_check(path, turn),
        }
    }

    fn readiness(&self) -> Readiness {
        let Some(run) = self.starting() else {
            return Readiness::NotYet;
        };
        let Stage::Starting { said, .. } = run.stage else {
            return Readiness::NotYet;
        };
        let presence = self.presence();
        let is_silent = !run.spec.ready.wait_ready;
        let listens =
            (is_silent && matches!(presence, Presence::Present)).then_some(ReadyBy::Listening);
        if !self.has_successor() {
            return said.or(listens).map_or(Readiness::NotYet, Readiness::Ready);
        }
        if !presence.is_enough() {
            return Readiness::NotYet;
        }
        let by = listens.or(said);
        match &run.spec.handover.check {
            Some(path) if is_silent || by.is_some() => Readiness::Check(path.clone()),
            Some(_) => Readiness::NotYet,
            None => by.map_or(Readiness::NotYet, Readiness::Ready),
        }
    }

    fn begin_check(&mut self, path: String, turn: &mut Turn) {
        let Some(run) = self.starting_mut() else {
            return;
        };
        let Stage::Starting { pid, by, said } = run.stage else {
            return;
        };
        // Where no time is left, it is late already, as will be seen with this turn.
        if by <= turn.now {
            return;
        }
        run.stage = Stage::Checking { pid, by, said };
        let check = Effect::Check {
            run: run.id(),
            path,
            within: by.since(turn.now),
        };
        turn.effects.push(check);
        turn.touch(&self.app, self.id);
    }

    fn become_ready(&mut self, by: ReadyBy, turn: &mut Turn) {
        let Some(run) = self.starting_mut() else {
            return;
        };
        let Some(pid) = run.pid() else {
            return;
        };
        run.stage = Stage::Ready { pid };
        let (who, after) = (run.who.clone(), turn.now.since(run.born));
        turn.touch(&self.app, self.id);
        turn.note(Notice::Ready { who, by, after });
        self.take_over(turn);
    }

    /// Whether there is a successor of a run that serves.
    pub(crate) const fn has_successor(&self) -> bool {
        matches!(&self.state, State::Replacing { old, .. } if old.is_ready())
    }

    /// The run that may be starting.
    pub(crate) const fn starting(&self) -> Option<&Run> {
        match &self.state {
            State::Up { run } | State::Replacing { new: run, .. } => Some(run),
            State::Idle | State::Waiting { .. } | State::Failed | State::Leaving { .. } => None,
        }
    }

    const fn starting_mut(&mut self) -> Option<&mut Run> {
        match &mut self.state {
            State::Up { run } | State::Replacing { new: run, .. } => Some(run),
            State::Idle | State::Waiting { .. } | State::Failed | State::Leaving { .. } => None,
        }
    }
}

impl Run {
    /// How long it may take to become ready, or has to live for that.
    fn time_to_start(&self, has_to_live: bool) -> Span {
        if has_to_live {
            READY_AFTER
        } else {
            self.spec.ready.listen_timeout
        }
    }

    /// Its check means nothing any more, if it is under way.
    fn uncheck(&mut self) {
        if let Stage::Checking { pid, by, said } = self.stage {
            self.stage = Stage::Starting { pid, by, said };
        }
    }

    fn unchecked(&self, why: CheckFailure) -> DeathBy {
        let path = self.spec.handover.check.clone().unwrap_or_default();
        DeathBy::Unchecked { path, why }
    }
}
