//! How a run is brought to its end: asked at once, or drained first, or watched before that; and
//! killed where it does not heed.
//!
//! These are the passages out of service. Why a run has to go, and what comes after it, is decided
//! elsewhere.

use config::handover::KeepAlive;
use config::spec::Scope;
use config::{Signal, Span};
use protocol::notice::Cause;
use protocol::reply::DeathBy;
use protocol::{ExitStatus, Notice, Pid};

use crate::Effect;
use crate::run::{KILL_AGAIN, Killed, Run, Stage};
use crate::turn::Turn;

impl Run {
    /// Asks it to end, at once even where it drains or is watched; one that is ending already ends for this cause
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
            Stage::Watching { .. } | Stage::Draining { .. } => self.retire(cause, turn),
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

    /// Takes it out of service, as its successor serves: what it has begun may end.
    pub(crate) fn hand_over(&mut self, turn: &mut Turn) {
        if let Stage::Ready { pid } = self.stage {
            let rule = &self.spec.handover;
            let (limit, idle) = (rule.drain_timeout, rule.drain_idle);
            self.drain(pid, Cause::Replaced, (limit, idle), turn);
        }
    }

    /// Looks at what is under way on its connections, to make clients wait for no more than that.
    pub(crate) fn watch(&mut self, cause: Cause, turn: &mut Turn) {
        let Stage::Ready { pid } = self.stage else {
            return;
        };
        let idle = self.spec.handover.drain_idle;
        let by = turn.after(idle);
        self.stage = Stage::Watching { pid, by, cause };
        if idle == Span::ZERO {
            return self.hold(turn);
        }
        turn.touch(&self.who.app, self.who.id);
        let run = self.who.run;
        turn.effects.push(Effect::Watch { run, idle });
    }

    /// Takes it out of service, if it is watched: clients wait until what it has begun has ended.
    pub(crate) fn hold(&mut self, turn: &mut Turn) {
        if let Stage::Watching { pid, cause, .. } = self.stage {
            let limit = self.spec.handover.queue_pause;
            self.drain(pid, cause, (limit, Span::ZERO), turn);
        }
    }

    fn drain(&mut self, pid: Pid, cause: Cause, (limit, idle): (Span, Span), turn: &mut Turn) {
        let by = turn.after(limit);
        self.stage = Stage::Draining { pid, by, cause };
        turn.touch(&self.who.app, self.who.id);
        turn.effects.push(Effect::Drain {
            run: self.who.run,
            settle: self.spec.handover.settle,
            idle,
        });
    }

    /// Takes it back into service, if it drains or is watched.
    pub(crate) fn serve(&mut self, turn: &mut Turn) {
        let (Stage::Watching { pid, .. } | Stage::Draining { pid, .. }) = self.stage else {
            return;
        };
        self.stage = Stage::Ready { pid };
        turn.touch(&self.who.app, self.who.id);
        turn.effects.push(Effect::Serve { run: self.who.run });
    }

    /// Asks it to end after it has drained, or because that takes too long or is cut short.
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
                Stage::Watching { .. } | Stage::Draining { .. } => self.retire(cause, turn),
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
