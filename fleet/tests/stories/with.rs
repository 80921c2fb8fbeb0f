//! Changes to a plain specification, one word each.

use config::handover::Handover;
use config::spec::{AppSpec, RestartDelay, RunAs, Scope};
use config::{Namespace, Span};

/// A specification with one thing changed.
pub(crate) trait With: Sized {
    fn with(self, change: impl FnOnce(&mut AppSpec)) -> Self;

    fn with_instances(self, count: u32) -> Self {
        self.with(|spec| spec.instances = count)
    }

    fn in_namespace(self, name: &str) -> Self {
        self.with(|spec| spec.namespace = Namespace::new(name).expect("the name is valid"))
    }

    fn with_argument(self, argument: &str) -> Self {
        self.with(|spec| spec.exec.args.push(argument.to_owned()))
    }

    fn with_max_restarts(self, max: u32) -> Self {
        self.with(|spec| spec.restart.max_restarts = max)
    }

    fn with_delay(self, ms: u64) -> Self {
        self.with(|spec| spec.restart.delay = RestartDelay::Fixed(Span::millis(ms)))
    }

    fn with_backoff(self, ms: u64) -> Self {
        self.with(|spec| spec.restart.delay = RestartDelay::Backoff(Span::millis(ms)))
    }

    fn with_stop_codes(self, codes: &[i32]) -> Self {
        self.with(|spec| spec.restart.stop_exit_codes = codes.to_vec())
    }

    fn without_autorestart(self) -> Self {
        self.with(|spec| spec.restart.autorestart = false)
    }

    fn without_autostart(self) -> Self {
        self.with(|spec| spec.autostart = false)
    }

    fn with_wait_ready(self) -> Self {
        self.with(|spec| spec.ready.wait_ready = true)
    }

    fn with_handover(self, mode: Handover) -> Self {
        self.with(|spec| spec.handover.mode = mode)
    }

    fn with_check(self, path: &str) -> Self {
        self.with(|spec| spec.handover.check = Some(path.to_owned()))
    }

    fn with_batch(self, batch: u32) -> Self {
        self.with(|spec| spec.handover.batch = batch)
    }

    fn with_leader_only(self) -> Self {
        self.with(|spec| spec.stop.scope = Scope::Leader)
    }

    fn with_user(self, uid: u32) -> Self {
        let user = RunAs {
            uid,
            gid: uid,
            groups: vec![uid],
            name: None,
            home: None,
        };
        self.with(|spec| spec.run_as = Some(user))
    }
}

impl With for AppSpec {
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}
