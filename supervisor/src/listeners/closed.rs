//! Listeners that a living program has closed for good.
//!
//! Our duplicate keeps such a socket open, and clients would wait there for nobody. Nothing tells of
//! a close, so it is looked for when something else happens to the app: when one of its runs begins to
//! listen, when it is said who gets its connections, and when a run of it is launched.
//!
//! What was closed is let go of, without a shutdown: if somebody has it in spite of what was seen, it
//! goes on serving. Nothing is let go of whose program ends or was told to: what waits there is for
//! the next run.

use std::os::fd::AsFd as _;

use config::AppName;
use nix::unistd::Pid;
use protocol::RunId;

use super::group::Member;
use super::holder::find;
use super::key::Key;
use super::table::Table;
use crate::proc::Stat;

impl Table {
    /// Lets go of what the runs of an app have closed.
    pub(super) fn forget_closed(&mut self, app: &AppName) {
        for key in self.keys_of(app) {
            self.forget_closed_at(&key, |_| true);
        }
    }

    /// Lets go of what this run has closed.
    pub(super) fn forget_closed_by(&mut self, run: RunId) {
        let told = self.runs.get(&run).map(|run| run.told.clone());
        for key in told.unwrap_or_default() {
            self.forget_closed_at(&key, |it| it == run);
        }
    }

    fn forget_closed_at(&mut self, key: &Key, of: impl Fn(RunId) -> bool) {
        let Some(group) = self.groups.get_mut(key) else {
            return;
        };
        let served = self.said.get(&group.app).map_or(&[][..], |said| &said.to);
        let runs = &self.runs;
        let leader = |run: RunId| {
            let about = runs.get(&run)?;
            let serves = about.is_fresh || served.contains(&run);
            (serves && of(run) && !about.is_retired).then_some(about.leader)
        };
        let members = group.members.iter_mut();
        let closed: Vec<(u64, RunId)> = members
            .filter_map(|it| {
                let run = it.run?;
                let leader = leader(run)?;
                is_closed(it, leader).then_some((it.cookie, run))
            })
            .collect();
        for (cookie, run) in &closed {
            group.let_go_of(*cookie);
            let has_more = group.members.iter().any(|it| it.run == Some(*run));
            if let Some(run) = self.runs.get_mut(run)
                && !has_more
            {
                run.told.retain(|it| it != key);
            }
        }
        if !closed.is_empty() {
            self.compare(key);
            self.settle(key);
        }
    }
}

/// Whether its program has closed it and lives. Notes where it is otherwise.
fn is_closed(member: &mut Member, leader: Pid) -> bool {
    let Some(last) = member.holder else {
        return false;
    };
    let found = find(member.socket.as_fd(), last);
    member.holder = found.or(Some(last));
    // In this order: a program that lives now has not lost it by ending.
    found.is_none() && Stat::of(leader).is_some_and(|leader| !leader.is_ending())
}
