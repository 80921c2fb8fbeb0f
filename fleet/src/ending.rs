//! How a run is brought to its end: asked at once, or drained first; and killed where it does not heed.
//!
//! These are the passages out of service. Why a run has to go, and what comes after it, is decided
//! elsewhere.

use config::handover::KeepAlive;
use config::spec::Scope;
use config::{Signal, Span};
use protocol::notice::Cause;
use protocol::reply::DeathBy;
use protocol::{ExitStatus, Notice};

use crate::Effect;
use crate::run::{KILL_AGAIN, Killed, Run, Stage};
use crate::turn::Turn;

impl Run {
    /// Asks it to end, at once even where it drains; one that is ending already ends for this cause
    /// from here on.
    pub(crate) fn end(&mut self, cause: Cause, turn: &mut Turn) {
        turn.touch(&self.who.app, self.who.id);
        match &mut self.stage {
            Stage::Launching { .. }
            | Stage::Starting { .. }
            | Stage::Checking { .. }
            | Stage::Ready { .. } => {
                let rule = &self.spec.stop;
                turn.signal(self.who.run, rule.signal, rule.scope);
                self.stopping(cause, turn);
            }
            Stage::Draining { .. } => self.retire(cause, turn),
            Stage::Stopping { cause: earlier, .. } => *earlier = cause,
        }
    }

    /// Asks it to end because it failed to become ready in this way.
    pub(crate) fn fail(&mut self, how: DeathBy, turn: &mut Turn) {
        self.end(Cause::NotReady, turn);
        if let Stage::Stopping { fault, .. } = &mut self.stage {
            *fault = Some(how);
        }
    }

    /// Takes it out of service, if it is: what it has begun may end within the limit.
    pub(crate) fn drain(&mut self, cause: Cause, limit: Span, turn: &mut Turn) {
        let Stage::Ready { pid } = self.stage else {
            return;
        };
        let by = turn.after(limit);
        self.stage = Stage::Draining { pid, by, cause };
        turn.touch(&self.who.app, self.who.id);
        turn.effects.push(Effect::Drain {
            run: self.who.run,
            settle: self.spec.handover.settle,
            idle: self.spec.handover.drain_idle,
        });
    }

    /// Takes it back into service, if it drains.
    pub(crate) fn serve(&mut self, turn: &mut Turn) {
        let Stage::Draining { pid, .. } = self.stage else {
            return;
        };
        self.stage = Stage::Ready { pid };
        turn.touch(&self.who.app, self.who.id);
        turn.effects.push(Effect::Serve { run: self.who.run });
    }

    /// Asks it to end after it has drained, or because that takes too long.
    pub(crate) fn retire(&mut self, cause: Cause, turn: &mut Turn) {
        let rule = &self.spec.stop;
        // Silent connections are kept for a run that comes next, where one does.
        let keepalive = match cause {
            Cause::Restart | Cause::Replaced | Cause::LeaderGone => self.spec.handover.keepalive,
            Cause::Operator | Cause::ShutDown | Cause::NotReady => KeepAlive::Close,
        };
        turn.effects.push(Effect::Retire {
            run: self.who.run,
            signal: rule.signal,
            to: rule.scope,
            keepalive,
        });
        self.stopping(cause, turn);
    }

    fn stopping(&mut self, cause: Cause, turn: &mut Turn) {
        turn.touch(&self.who.app, self.who.id);
        self.stage = Stage::Stopping {
            pid: self.pid(),
            cause,
            fault: None,
            kill_at: turn.after(self.spec.stop.timeout),
            killed: Killed::NotYet,
            leader: None,
        };
        let who = self.who.clone();
        turn.note(Notice::Stopping { who, cause });
    }

    /// Its leader has ended, and what it had started has not: that is asked to end as well.
    pub(crate) fn leader_exited(&mut self, status: ExitStatus, turn: &mut Turn) {
        turn.touch(&self.who.app, self.who.id);
        match self.leaving() {
            None => self.end(Cause::LeaderGone, turn),
            Some(cause) => match self.stage {
                Stage::Draining { .. } => self.retire(cause, turn),
                Stage::Stopping {
                    killed: Killed::Already,
                    ..
                } => turn.signal(self.who.run, Signal::KILL, Scope::Tree),
                Stage::Launching { .. }
                | Stage::Starting { .. }
                | Stage::Checking { .. }
                | Stage::Ready { .. }
                | Stage::Stopping { .. } => {}
            },
        }
        if let Stage::Stopping { leader, .. } = &mut self.stage {
            *leader = Some((status, turn.now));
        }
    }

    /// The time to end is over.
    pub(crate) fn kill(&mut self, turn: &mut Turn) {
        let Stage::Stopping {
            kill_at, killed, ..
        } = &mut self.stage
        else {
            return;
        };
        let first = *killed == Killed::NotYet;
        *killed = Killed::Already;
        *kill_at = turn.after(KILL_AGAIN);
        let rule = &self.spec.stop;
        turn.signal(self.who.run, Signal::KILL, rule.scope);
        turn.touch(&self.who.app, self.who.id);
        if first {
            turn.note(Notice::Killing {
                who: self.who.clone(),
                after: rule.timeout,
            });
        }
    }
}
