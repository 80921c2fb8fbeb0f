//! All that is known of listeners: the runs whose calls arrive, what was said about apps, and the
//! groups.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use config::{Address, AppName};
use fleet::Event;
use nix::libc;
use nix::unistd::Pid;
use protocol::{CheckFailure, Lack, LackOf, RunId};
use rustix::net::sockopt::socket_cookie;

use super::census::Census;
use super::check::Check;
use super::group::{Group, Member};
use super::key::Key;
use super::parked::park;
use super::run::Run;
use super::steering::{Aim, Said, Seat};

/// The thread's knowledge.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) runs: BTreeMap<RunId, Run>,
    said: BTreeMap<AppName, Said>,
    pub(super) groups: BTreeMap<Key, Group>,
    pub(super) census: Census,
    /// What the loop is to be told, once the call that brought it is answered.
    pub(super) events: Vec<Event>,
}

impl Table {
    pub(super) fn new() -> Self {
        Self {
            runs: BTreeMap::new(),
            said: BTreeMap::new(),
            groups: BTreeMap::new(),
            census: Census::new(),
            events: Vec::new(),
        }
    }

    /// Lets new connections of an app go to these runs.
    pub(super) fn steer(&mut self, app: &AppName, said: Said) {
        for run in &said.to {
            if let Some(run) = self.runs.get_mut(run) {
                run.is_fresh = false;
            }
        }
        if said == Said::default() {
            self.said.remove(app);
        } else {
            self.said.insert(app.clone(), said);
        }
        for key in self.keys_of(app) {
            self.compare(&key);
            self.park_if_needed(&key);
            self.settle(&key);
        }
    }

    /// The leader of a run, and duplicates of its sockets.
    pub(super) fn sockets_of(&self, run: RunId) -> Option<(Pid, Vec<OwnedFd>)> {
        let leader = self.runs.get(&run)?.leader;
        let members = self.groups.values().flat_map(|it| &it.members);
        let own = members.filter(|it| it.run == Some(run));
        let sockets = own.filter_map(|it| it.socket.try_clone().ok());
        Some((leader, sockets.collect()))
    }

    /// Takes in that a run is ended for good.
    pub(super) fn retired(&mut self, run: RunId) {
        if let Some(run) = self.runs.get_mut(&run) {
            run.is_retired = true;
        }
    }

    /// Takes in that a run is gone: its sockets are held, or closed.
    pub(super) fn ended(&mut self, run: RunId) {
        let Some(gone) = self.runs.get_mut(&run) else {
            return;
        };
        gone.is_over = true;
        gone.bound.clear();
        let is_retired = gone.is_retired;
        let app = gone.of.who.app.clone();
        for key in self.keys_of(&app) {
            let members = self.groups.get_mut(&key).into_iter();
            let members = members.flat_map(|it| &mut it.members);
            for member in members.filter(|it| it.run == Some(run)) {
                member.run = None;
                member.holder = None;
                member.is_retired = is_retired;
            }
            self.settle(&key);
        }
        self.forget(run);
    }

    /// Lets a request go to this run alone, where it began to listen first.
    ///
    /// Errors: [`CheckFailure::NoPort`], and what the kernel refuses.
    pub(super) fn probe(&mut self, run: RunId) -> Result<(Key, Check), CheckFailure> {
        let told = self.runs.get(&run).map_or(&[][..], |run| &run.told);
        let first = told.iter().find_map(|key| {
            let group = self.groups.get(key)?;
            let member = group.members.iter().find(|it| it.run == Some(run))?;
            Some((*key, member.cookie))
        });
        let (key, cookie) = first.ok_or(CheckFailure::NoPort)?;
        let broken =
            |error: io::Error| CheckFailure::Broken(error.raw_os_error().unwrap_or(libc::EINVAL));
        let check = Check::of(&key).map_err(broken)?;
        if let Some(group) = self.groups.get_mut(&key) {
            group.probes.push((check.from, cookie));
        }
        match self.steer_group(&key) {
            Ok(_) => Ok((key, check)),
            Err(error) => {
                self.probed(&key, check.from);
                Err(broken(error))
            }
        }
    }

    /// Takes in that a request from there is over.
    pub(super) fn probed(&mut self, key: &Key, from: SocketAddr) {
        if let Some(group) = self.groups.get_mut(key) {
            group.probes.retain(|(it, _)| *it != from);
            self.aim(key);
        }
    }

    /// Closes what a run has left that is over.
    pub(super) fn release(&mut self, run: RunId) {
        let all = self.groups.iter();
        let left = all.flat_map(|(key, group)| {
            let members = group.members.iter();
            let left = members.filter(|it| it.run.is_none() && it.last == run);
            left.map(|it| (*key, it.cookie))
        });
        for (key, cookie) in left.collect::<Vec<_>>() {
            self.close(&key, cookie);
        }
    }

    /// Takes in that nobody is left who could call for a run. Its end is told later, or was.
    pub(super) fn silent(&mut self, run: RunId) {
        if let Some(run) = self.runs.get_mut(&run) {
            run.calls = None;
        }
        self.forget(run);
    }

    fn forget(&mut self, run: RunId) {
        let is_done = |run: &Run| run.is_over && run.calls.is_none();
        if self.runs.get(&run).is_some_and(is_done) {
            self.runs.remove(&run);
        }
    }

    /// Closes a socket that stands in the way.
    pub(super) fn close(&mut self, key: &Key, cookie: u64) {
        if let Some(group) = self.groups.get_mut(key) {
            group.remove(cookie);
        }
        self.settle(key);
    }

    /// Whether this socket is one of the run's own in this group.
    pub(super) fn is_run_of(&mut self, key: &Key, cookie: u64, run: RunId) -> bool {
        let member = self.groups.get_mut(key).and_then(|it| it.find(cookie));
        member.is_some_and(|it| it.run == Some(run))
    }

    /// Brings a group into line with what was said: who gets its connections, who is closed.
    pub(super) fn settle(&mut self, key: &Key) {
        let aim = self.aim(key);
        let Some(group) = self.groups.get_mut(key) else {
            return;
        };
        let said = self.said.get(&group.app).cloned().unwrap_or_default();
        let useless = group.useless(&aim, &said);
        for cookie in &useless {
            group.remove(*cookie);
        }
        if group.members.is_empty() {
            self.groups.remove(key);
        } else if !useless.is_empty() {
            self.aim(key);
        }
    }

    /// Steers a group, and returns where its connections go.
    fn aim(&mut self, key: &Key) -> Aim {
        self.steer_group(key).unwrap_or_else(|error| {
            tracing::warn!(at = %key.at, %error, "connections cannot be steered");
            let members = self.groups.get(key).into_iter();
            let members = members.flat_map(|group| &group.members);
            let runs: Vec<RunId> = members.filter_map(|it| it.run).collect();
            for run in runs {
                self.hindered(run, LackOf::Selector, &error);
            }
            Aim::Park
        })
    }

    fn steer_group(&mut self, key: &Key) -> io::Result<Aim> {
        let Some(mut group) = self.groups.remove(key) else {
            return Ok(Aim::Nobody);
        };
        let said = self.said.get(&group.app).cloned().unwrap_or_default();
        let seats = self.seats(&group, &said);
        let steered = group.steer(&seats, &said);
        self.groups.insert(*key, group);
        steered
    }

    fn seats(&self, group: &Group, said: &Said) -> Vec<Seat> {
        let in_service = said.to.iter().filter_map(|run| self.runs.get(run));
        let alive = in_service.filter(|run| !run.is_over);
        let slots: BTreeSet<u32> = alive.map(|run| run.of.who.slot).collect();
        let seat = |member: &Member| Seat {
            run: member.run,
            is_served: slots.contains(&member.slot),
            is_fresh: member
                .run
                .and_then(|run| self.runs.get(&run))
                .is_some_and(|run| run.is_fresh),
        };
        group.members.iter().map(seat).collect()
    }

    /// Makes a socket that holds connections, where nothing else can.
    fn park_if_needed(&mut self, key: &Key) {
        if self.aim(key) != Aim::Park {
            return;
        }
        let Some(group) = self.groups.get_mut(key) else {
            return;
        };
        let owner = group.members.iter().find_map(|it| it.run);
        let Some(owner) = owner.and_then(|run| self.runs.get(&run)) else {
            return;
        };
        let who = &owner.of.who;
        let parked = park(key, owner.of.spec.run_as.as_ref());
        match parked.and_then(|socket| Ok((socket_cookie(&socket)?, socket))) {
            Ok((cookie, socket)) => group.members.push(Member {
                socket,
                cookie,
                run: None,
                last: who.run,
                slot: who.slot,
                holder: None,
                is_shared: false,
                is_retired: false,
            }),
            Err(error) => {
                tracing::warn!(at = %key.at, %error, "connections cannot be held");
            }
        }
    }

    /// Takes in a socket that has just begun to listen.
    pub(super) fn append(&mut self, key: Key, member: Member) {
        let Some(run) = member.run.and_then(|run| self.runs.get(&run)) else {
            return;
        };
        let app = run.of.who.app.clone();
        let group = self.groups.entry(key).or_insert_with(|| Group::new(app));
        group.members.push(member);
        self.compare(&key);
        self.settle(&key);
    }

    /// Tells, once, that a run listens there.
    pub(super) fn listens(&mut self, run: RunId, key: &Key) {
        let Some(told) = self.runs.get_mut(&run).map(|run| &mut run.told) else {
            return;
        };
        let is_told = told.iter().any(|it| it.at == key.at);
        if !told.contains(key) {
            told.push(*key);
        }
        if !is_told {
            let at = Address::Tcp(key.at);
            self.events.push(Event::Listening { run, at });
        }
    }

    /// Tells, once, that a run lacks something, and the kernel's answer.
    pub(super) fn hindered(&mut self, run: RunId, of: LackOf, error: &io::Error) {
        self.lacks(run, of, error.raw_os_error().unwrap_or(libc::EINVAL));
    }

    pub(super) fn lacks(&mut self, run: RunId, of: LackOf, errno: i32) {
        let lack = Lack { of, errno };
        let known = self.runs.get_mut(&run).map(|run| &mut run.lacks);
        if known.is_some_and(|lacks| lacks.insert(lack.clone())) {
            self.events.push(Event::Hindered { run, lack });
        }
    }

    fn keys_of(&self, app: &AppName) -> Vec<Key> {
        let groups = self.groups.iter().filter(|(_, group)| group.app == *app);
        groups.map(|(key, _)| *key).collect()
    }
}
