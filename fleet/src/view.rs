//! What is shown of the fleet.

use alloc::vec::Vec;

use config::Span;
use protocol::Time;
use protocol::view::{AppView, InstanceView, StateView};

use crate::app::App;
use crate::instance::{After, Instance, State};
use crate::run::{Run, Stage};

impl App {
    /// The app with all its instances, as it is shown.
    pub(crate) fn view(&self, now: Time) -> AppView {
        let spec = &self.spec;
        AppView {
            name: spec.name.clone(),
            namespace: spec.namespace.clone(),
            exec: spec.exec.clone(),
            mode: spec.mode,
            cwd: spec.cwd.clone(),
            uid: spec.run_as.as_ref().map(|user| user.uid),
            instance_var: spec.instance_var.clone(),
            increment_var: spec.increment_var.clone(),
            restart: spec.restart.clone(),
            stop: spec.stop.clone(),
            ready: spec.ready.clone(),
            handover: spec.handover.clone(),
            stamp: spec.logs.stamp.clone(),
            origin: spec.origin.clone(),
            instances: self
                .instances
                .values()
                .map(|one| one.view(&self.spec, now))
                .collect(),
        }
    }
}

impl Instance {
    /// The instance as it is shown.
    pub(crate) fn view(&self, spec: &config::AppSpec, now: Time) -> InstanceView {
        let run = self.run();
        let beside = self.runs().find(|one| Some(one.id()) != run.map(Run::id));
        InstanceView {
            id: self.id,
            app: self.app.clone(),
            slot: self.slot,
            state: self.word(),
            pid: run.and_then(Run::pid),
            run: run.map(Run::id),
            uptime: run.map(|run| now.since(run.born)),
            restarts: self.restarts,
            unstable: (self.backoff.count(), spec.restart.max_restarts),
            failures: self.backoff.failures,
            next_in: self.next_in(now),
            last_death: self.last_death.as_ref().map(|(_, death)| death.clone()),
            last_exit: self.last_exit,
            listens: run.map_or_else(Vec::new, |run| run.listens.iter().cloned().collect()),
            lacks: run.map_or_else(Vec::new, |run| run.lacks.iter().cloned().collect()),
            beside: beside.map(Run::id),
            next_mode: run.and_then(|run| run.next_mode(spec)),
            logs: spec.log_paths(self.id.0),
            pid_file: spec.pid_file(self.id.0),
        }
    }

    const fn word(&self) -> StateView {
        match &self.state {
            State::Idle => StateView::Stopped,
            State::Failed => StateView::Errored,
            State::Waiting {
                after: After::Ask, ..
            } => StateView::Launching,
            State::Waiting {
                after: After::Death,
                ..
            } => StateView::WaitingRestart,
            State::Up { run } | State::Leaving { run, .. } => run.word(),
            State::Replacing { old, .. } if old.is_serving() => old.word(),
            State::Replacing { new, .. } => new.word(),
        }
    }

    const fn next_in(&self, now: Time) -> Option<Span> {
        match &self.state {
            State::Waiting {
                until,
                after: After::Death,
            } => Some(until.since(now)),
            State::Waiting {
                after: After::Ask, ..
            }
            | State::Idle
            | State::Failed
            | State::Up { .. }
            | State::Replacing { .. }
            | State::Leaving { .. } => None,
        }
    }
}

impl Run {
    const fn word(&self) -> StateView {
        match self.stage {
            Stage::Launching { .. } | Stage::Starting { .. } | Stage::Checking { .. } => {
                StateView::Launching
            }
            Stage::Ready { .. } | Stage::Watching { .. } => StateView::Online,
            Stage::Draining { .. } | Stage::Stopping { .. } => StateView::Stopping,
        }
    }
}
