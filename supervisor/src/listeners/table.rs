//! All that is known of listeners: the runs whose calls arrive, what was said about apps, and the
//! groups.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use config::AppName;
use fleet::Event;
use nix::libc;
use nix::unistd::Pid;
use protocol::{Lack, LackOf, RunId};
use rustix::net::sockopt::socket_cookie;

use super::census::Census;
use super::door::Door;
use super::files::Files;
use super::group::{Group, Member, Way};
use super::key::Key;
use super::order::KernelOrder;
use super::parked::park;
use super::run::Run;
use super::steering::{Aim, Said, Seat};
use super::stranded::take_over;
use crate::relay::Relay;

/// The thread's knowledge.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) runs: BTreeMap<RunId, Run>,
    pub(super) said: BTreeMap<AppName, Said>,
    pub(super) groups: BTreeMap<Key, Group>,
    pub(super) census: Census,
    /// The cookies of listeners that were left to their runs.
    pub(super) left: BTreeMap<u64, RunId>,
    /// None: the kernel watches too many already. Then a file that its program removes is gone.
    pub(super) files: Option<Files>,
    /// Where connections go that wait where nobody will come.
    relay: Relay,
    /// What the loop is to be told, once the call that brought it is answered.
    pub(super) events: Vec<Event>,
}

impl Table {
    pub(super) fn new(relay: Relay) -> Self {
        Self {
            runs: BTreeMap::new(),
            said: BTreeMap::new(),
            groups: BTreeMap::new(),
            census: Census::new(),
            left: BTreeMap::new(),
            files: Files::new().ok(),
            relay,
            events: Vec::new(),
        }
    }

    /// Lets new connections of an app go to these runs.
    pub(super) fn steer(&mut self, app: &AppName, said: Said) {
        self.forget_closed(app);
        for run in &said.to {
            if let Some(run) = self.runs.get_mut(run) {
                run.is_fresh = false;
            }
        }
        let is_stopped = said == Said::default();
        if is_stopped {
            self.said.remove(app);
        } else {
            self.said.insert(app.clone(), said);
        }
        for key in self.keys_of(app) {
            self.compare(&key);
            self.park_if_needed(&key);
            self.settle(&key);
            if is_stopped {
                self.let_go(&key);
            }
        }
    }

    /// Leaves listeners to the runs that were in service and are to end. Who ends in order closes its
    /// listener first: from there on clients are refused, and do not wait at a duplicate.
    fn let_go(&mut self, key: &Key) {
        let Some(group) = self.groups.get_mut(key) else {
            return;
        };
        let runs = &self.runs;
        let has_served = |run: RunId| runs.get(&run).is_some_and(|run| !run.is_fresh);
        for (cookie, run) in group.let_go(has_served) {
            self.left.insert(cookie, run);
        }
        if group.members.is_empty() {
            self.groups.remove(key);
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
        self.left.retain(|_, it| *it != run);
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
            self.compare(&key);
            self.settle(&key);
        }
        self.forget(run);
    }

    /// Closes what a run has left that is over.
    pub(super) fn release(&mut self, run: RunId) {
        let all = self.groups.iter();
        let left = all.flat_map(|(key, group)| {
            let members = group.members.iter();
            let left = members.filter(|it| it.run.is_none() && it.last == run);
            left.map(|it| (key.clone(), it.cookie))
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

    /// Where this socket listens, if it is one of the run's own.
    pub(super) fn place_of(&self, cookie: u64, run: RunId) -> Option<Key> {
        let is_it = |it: &Member| it.cookie == cookie && it.run == Some(run);
        let mut groups = self.groups.iter();
        let (key, _) = groups.find(|(_, group)| group.members.iter().any(is_it))?;
        Some(key.clone())
    }

    /// Brings a group into line with what was said: who gets its connections, who is closed.
    pub(super) fn settle(&mut self, key: &Key) {
        let aim = self.aim(key);
        let Some(group) = self.groups.get_mut(key) else {
            return;
        };
        let said = self.said.get(&group.app).cloned().unwrap_or_default();
        if let Key::Port(port) = key {
            for member in group.stranded(&aim, &said) {
                take_over(member, port.at, &self.relay);
            }
        }
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
    pub(super) fn aim(&mut self, key: &Key) -> Aim {
        self.steer_group(key).unwrap_or_else(|error| {
            tracing::warn!(at = %key.address(), %error, "connections cannot be steered");
            for run in self.groups.get(key).map_or_else(Vec::new, Group::runs) {
                self.hindered(run, LackOf::Selector, &error);
            }
            Aim::Park
        })
    }

    pub(super) fn steer_group(&mut self, key: &Key) -> io::Result<Aim> {
        let Some(mut group) = self.groups.remove(key) else {
            return Ok(Aim::Nobody);
        };
        let said = self.said.get(&group.app).cloned().unwrap_or_default();
        let seats = self.seats(&group, &said);
        let steered = group.steer(&seats, &said);
        self.groups.insert(key.clone(), group);
        steered
    }

    fn seats(&self, group: &Group, said: &Said) -> Vec<Seat> {
        let in_service = said.to.iter().filter_map(|run| self.runs.get(run));
        // One that does not listen yet will, perhaps here: it gives nothing up.
        let listening = in_service.filter(|run| !run.is_over && !run.told.is_empty());
        let slots: BTreeSet<u32> = listening.map(|run| run.of.who.slot).collect();
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
        if !matches!(self.steer_group(key), Ok(Aim::Park)) {
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
        let user = owner.of.spec.run_as.as_ref();
        let parked = match (&group.way, key) {
            (Way::Path(door), _) => door
                .park(who.run)
                .map(|(socket, link)| (socket, Some(link))),
            (Way::Port(_), Key::Port(port)) => park(port, user).map(|socket| (socket, None)),
            (Way::Port(_), Key::Path(_)) => return,
        };
        let parked = parked.and_then(|(socket, link)| Ok((socket_cookie(&socket)?, socket, link)));
        match parked {
            Ok((cookie, socket, link)) => {
                if let Some(link) = &link {
                    watch(&mut self.files, link, key);
                }
                group.members.push(Member {
                    socket,
                    cookie,
                    run: None,
                    last: who.run,
                    slot: who.slot,
                    holder: None,
                    is_shared: false,
                    is_retired: false,
                    link,
                });
            }
            Err(error) => {
                tracing::warn!(at = %key.address(), %error, "connections cannot be held");
                for run in group.runs() {
                    self.hindered(run, LackOf::Hold, &error);
                }
            }
        }
    }

    /// Takes in a socket that has just begun to listen.
    pub(super) fn append(&mut self, key: &Key, mut member: Member) {
        let Some(run) = member.run.and_then(|run| self.runs.get(&run)) else {
            return;
        };
        let app = run.of.who.app.clone();
        let user = run.of.spec.run_as.as_ref();
        let way = || match key {
            Key::Port(_) => Way::Port(KernelOrder::new()),
            Key::Path(path) => Way::Path(Door::new(path.clone(), user.cloned())),
        };
        let group = self.groups.entry(key.clone());
        let group = group.or_insert_with(|| Group::new(app, way()));
        if let Way::Path(door) = &group.way
            && member.link.is_none()
        {
            let link = door.beside(member.last, group.members.len());
            // Without one, the file is lost where the program removes it.
            member.link = door.keep(&link).map(|()| link).ok();
        }
        if let Some(link) = &member.link {
            watch(&mut self.files, link, key);
        }
        group.members.push(member);
        self.compare(key);
        self.settle(key);
    }

    /// Puts socket files back that their programs have removed, as long as they are to serve.
    pub(super) fn files_changed(&mut self) {
        let changed = self.files.as_mut().map(Files::changed);
        for key in changed.unwrap_or_default() {
            let app = self.groups.get(&key).map(|group| &group.app);
            if app.is_some_and(|app| self.said.contains_key(app)) {
                self.settle(&key);
            }
        }
    }

    /// Tells, once, that a run listens there.
    pub(super) fn listens(&mut self, run: RunId, key: &Key) {
        let Some(told) = self.runs.get_mut(&run).map(|run| &mut run.told) else {
            return;
        };
        let at = key.address();
        let is_told = told.iter().any(|it| it.address() == at);
        if !told.contains(key) {
            told.push(key.clone());
        }
        if !is_told {
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

    pub(super) fn keys_of(&self, app: &AppName) -> Vec<Key> {
        let groups = self.groups.iter().filter(|(_, group)| group.app == *app);
        groups.map(|(key, _)| key.clone()).collect()
    }
}

fn watch(files: &mut Option<Files>, link: &Path, key: &Key) {
    if let Some(files) = files
        && let Err(error) = files.watch(link, key)
    {
        tracing::warn!(at = %key.address(), %error, "the socket file cannot be watched");
    }
}
