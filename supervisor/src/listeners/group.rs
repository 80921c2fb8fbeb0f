//! The listeners of one app at one place, and who of them gets a new connection.
//!
//! For a port the kernel keeps the members in an order of its own: a socket that starts to listen
//! comes last, and when one leaves, the last moves into its place. Our list follows it step by step,
//! so that an index means the same to both. A socket file has no group in the kernel: its clients find
//! the one listener that has its name.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use config::AppName;
use protocol::RunId;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{Shutdown, shutdown};

use super::door::Door;
use super::holder::Holder;
use super::order::{Company, KernelOrder};
use super::steering::{Aim, Said, Seat, aim};

/// A listening socket.
#[derive(Debug)]
pub(super) struct Member {
    /// Our duplicate, which keeps it open.
    pub(super) socket: OwnedFd,
    /// The kernel's name for it, the same for every duplicate.
    pub(super) cookie: u64,
    /// The run that serves it; none: that run is gone, or the socket is ours.
    pub(super) run: Option<RunId>,
    /// The last run that served it, or that it stands in for.
    pub(super) last: RunId,
    /// The number of that run's instance.
    pub(super) slot: u32,
    /// Who had it when it was last looked for; none for a socket of ours.
    pub(super) holder: Option<Holder>,
    /// Whether the app itself had asked to share its port.
    pub(super) is_shared: bool,
    /// Whether its run is gone and was ended in order, so that nobody need take up what it left.
    pub(super) is_retired: bool,
    /// For a socket file, a name of its own that leads to it; none where it could not be made.
    pub(super) link: Option<PathBuf>,
}

/// The listeners of one app at one place.
#[derive(Debug)]
pub(super) struct Group {
    /// The app whose they are.
    pub(super) app: AppName,
    /// For a port, in the kernel's own order. Never empty between two orders.
    pub(super) members: Vec<Member>,
    /// How their connections are steered.
    pub(super) way: Way,
    /// The member at which connections were held last.
    holds: Option<u64>,
}

/// How connections are steered.
#[derive(Debug)]
pub(super) enum Way {
    /// By a selector, among sockets that share a port.
    Port(KernelOrder),
    /// By the name of a file.
    Path(Door),
}

impl Group {
    /// A group without members, which must get one at once.
    pub(super) const fn new(app: AppName, way: Way) -> Self {
        Self {
            app,
            members: Vec::new(),
            way,
            holds: None,
        }
    }

    /// The member that the next run takes up: what is held first.
    pub(super) fn orphan(&mut self) -> Option<&mut Member> {
        let holds = self.holds;
        let is_orphan = |it: &&mut Member| it.run.is_none();
        let orphans = self.members.iter_mut().filter(is_orphan);
        orphans.max_by_key(|it| holds == Some(it.cookie))
    }

    /// The runs that have a socket here.
    pub(super) fn runs(&self) -> Vec<RunId> {
        self.members.iter().filter_map(|it| it.run).collect()
    }

    /// Takes in who the kernel says is in it, by their cookies. Members that are not have left it by
    /// themselves.
    pub(super) fn compare(&mut self, here: &[u64]) -> Company {
        let Way::Port(order) = &mut self.way else {
            return Company::Own;
        };
        order.compare(&mut self.members, here)
    }

    /// Sends who connects from this address to one member, or, without one, where everybody goes.
    /// Holds from the next time on that the group is steered.
    pub(super) fn probe(&mut self, from: SocketAddr, to: Option<u64>) {
        if let Way::Port(order) = &mut self.way {
            order.probe(from, to);
        }
    }

    /// Lets its connections go where they should; see [`aim`]. `seats` are its members. `Park` and
    /// `Nobody` change nothing. Where the kernel's order is not known nothing is steered, but who
    /// should serve or hold goes on listening.
    ///
    /// Errors: the kernel takes no selector, the file no name.
    pub(super) fn steer(&mut self, seats: &[Seat], said: &Said) -> io::Result<Aim> {
        let holds = self.holds.and_then(|it| self.index(it));
        let aim = aim(seats, said, holds);
        if let Aim::These(targets) = &aim {
            self.holds = self.held_by(targets, said);
            match &mut self.way {
                Way::Port(order) if order.company() != Company::Own => {}
                Way::Port(order) => order.steer(&self.members, targets)?,
                Way::Path(door) => door.steer(&self.members, targets)?,
            }
        }
        Ok(aim)
    }

    /// The cookie of the member that holds connections, where they are held.
    fn held_by(&self, targets: &[usize], said: &Said) -> Option<u64> {
        let is_in_service = |run: &RunId| said.to.contains(run);
        let mut hit = targets.iter().filter_map(|it| self.members.get(*it));
        hit.next()
            .filter(|it| said.held && !it.run.as_ref().is_some_and(is_in_service))
            .map(|it| it.cookie)
    }

    /// Takes a member out, and closes it, so that whoever waits there is refused. Afterwards the
    /// group must be steered anew.
    pub(super) fn remove(&mut self, cookie: u64) {
        if let Some(member) = self.take_out(cookie) {
            // A process that outlives its run may hold it, too; a shutdown ends it for all.
            shutdown(&member.socket, Shutdown::Both).ok();
        }
    }

    /// Takes a member out that nobody else has. Afterwards the group must be steered anew.
    pub(super) fn let_go_of(&mut self, cookie: u64) {
        drop(self.take_out(cookie));
    }

    fn take_out(&mut self, cookie: u64) -> Option<Member> {
        let leaving = self.index(cookie)?;
        match &mut self.way {
            Way::Port(order) => order.prepare_removal(&self.members, leaving),
            Way::Path(door) => door.remove(&self.members[leaving]),
        }
        Some(self.members.swap_remove(leaving))
    }

    /// Gives up the members of these runs, without closing them for anybody else. Nobody knows the
    /// kernel's order until they are gone.
    pub(super) fn let_go(&mut self, of: impl Fn(RunId) -> bool) -> Vec<(u64, RunId)> {
        let is_left = |it: &Member| it.run.is_some_and(&of);
        if let Way::Port(order) = &mut self.way
            && self.members.iter().any(is_left)
        {
            order.forget(&self.members);
        }
        let left = self.members.extract_if(.., |it| is_left(it));
        let left: Vec<Member> = left.collect();
        if let Way::Path(door) = &self.way {
            left.iter().for_each(|it| door.remove(it));
        }
        left.iter()
            .filter_map(|it| Some((it.cookie, it.run?)))
            .collect()
    }

    /// The members at which connections wait that no run will take up: one that is in service here is
    /// of their instance.
    pub(super) fn stranded(&self, aim: &Aim, said: &Said) -> impl Iterator<Item = &Member> {
        let is_target =
            |index: usize| matches!(aim, Aim::These(targets) if targets.contains(&index));
        let all = self.members.iter().enumerate();
        let served: Vec<u32> = all
            .clone()
            .filter(|(index, it)| {
                is_target(*index) && it.run.is_some_and(|run| said.to.contains(&run))
            })
            .map(|(_, it)| it.slot)
            .collect();
        let orphans = self.members.iter().filter(|it| it.run.is_none());
        orphans.filter(move |it| served.contains(&it.slot) && it.is_waited_at())
    }

    /// The members that nobody serves and that get no connections.
    ///
    /// One at which connections wait is left for the next run to take up, where that is wanted.
    pub(super) fn useless(&self, aim: &Aim, said: &Said) -> Vec<u64> {
        let is_target = |index: usize| match aim {
            Aim::These(targets) => targets.contains(&index),
            Aim::Park | Aim::Nobody => false,
        };
        let is_awaited = |it: &Member| {
            let is_wanted = said.held && !it.is_retired && *aim != Aim::Nobody;
            is_wanted && it.is_waited_at()
        };
        let all = self.members.iter().enumerate();
        let useless =
            all.filter(|(index, it)| it.run.is_none() && !is_target(*index) && !is_awaited(it));
        useless.map(|(_, it)| it.cookie).collect()
    }

    fn index(&self, cookie: u64) -> Option<usize> {
        self.members.iter().position(|it| it.cookie == cookie)
    }
}

impl Member {
    /// Whether connections wait here to be accepted.
    fn is_waited_at(&self) -> bool {
        let mut awaited = [PollFd::new(&self.socket, PollFlags::IN)];
        let at_once = Timespec::default();
        poll(&mut awaited, Some(&at_once)).is_ok_and(|ready| ready > 0)
    }
}
