//! Who has an address already.
//!
//! Every socket here shares its port, so the kernel would let a second app take part of what comes to
//! the first. What it would have refused otherwise is refused here.

use std::os::fd::AsFd as _;

use protocol::{LackOf, RunId};

use super::group::Member;
use super::holder::find;
use super::key::{Key, Port};
use super::order::Company;
use super::table::Table;

impl Table {
    /// Whether another app has this address, or this run itself; see [`Table::forget_abandoned`].
    pub(super) fn is_taken(&self, key: &Key, by_run: RunId, shares: bool) -> bool {
        let Some(run) = self.runs.get(&by_run) else {
            return false;
        };
        let mut others = self.groups.iter().filter(|(other, _)| other.overlaps(key));
        others.any(|(_, group)| {
            let is_in_the_way = |it: &Member| it.run == Some(by_run) && !(shares && it.is_shared);
            group.app != run.of.who.app || group.members.iter().any(is_in_the_way)
        })
    }

    /// Forgets sockets in the way of this address that their runs have closed or shut down. One that
    /// somebody has in spite of what was seen goes on serving.
    pub(super) fn forget_abandoned(&mut self, key: &Key, by_run: RunId) {
        let app = self.runs.get(&by_run).map(|run| run.of.who.app.clone());
        let near = self.groups.keys().filter(|it| it.overlaps(key));
        let near: Vec<Key> = near.cloned().collect();
        for key in near {
            self.compare(&key);
            let Some(group) = self.groups.get_mut(&key) else {
                continue;
            };
            let is_foreign = Some(&group.app) != app.as_ref();
            let concerned = |it: &&Member| is_foreign || it.run == Some(by_run);
            let abandoned = |it: &&Member| {
                let holder = it.run.and(it.holder);
                holder.is_some_and(|last| find(it.socket.as_fd(), last).is_none())
            };
            let members = group.members.iter().filter(concerned).filter(abandoned);
            let gone: Vec<u64> = members.map(|it| it.cookie).collect();
            for cookie in gone {
                group.let_go_of(cookie);
            }
            self.settle(&key);
        }
    }

    /// Brings a group into line with what the kernel says who is in it.
    pub(super) fn compare(&mut self, key: &Key) {
        let Some(port) = key.port() else {
            return;
        };
        let Some(mut here) = self.census.at(port) else {
            return;
        };
        // Groups at one address may differ in more than that.
        let is_at = |other: &Port| other.at == port.at && other != port;
        let others = self.groups.iter();
        let known: Vec<u64> = others
            .filter(|(other, _)| other.port().is_some_and(is_at))
            .flat_map(|(_, group)| group.members.iter().map(|it| it.cookie))
            .collect();
        here.retain(|cookie| !known.contains(cookie));
        let Some(group) = self.groups.get_mut(key) else {
            return;
        };
        let is_ours = |cookie| group.members.iter().any(|it| it.cookie == cookie);
        if port.network == 0 && !here.iter().copied().any(is_ours) {
            // The kernel may speak of another network than the group's.
            return;
        }
        let is_left = |cookie: &u64| self.left.contains_key(cookie);
        let are_all_known = here.iter().all(|it| is_ours(*it) || is_left(it));
        let of = match group.compare(&here) {
            Company::Mixed if !are_all_known => LackOf::Stranger,
            Company::Disordered => LackOf::Selector,
            Company::Own | Company::Mixed => return,
        };
        for run in group.runs() {
            self.lacks(run, of.clone(), 0);
        }
    }
}
