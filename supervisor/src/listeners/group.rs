//! The sockets that share one port, and who of them gets a new connection.
//!
//! The kernel keeps the members of a group in an order of its own: a socket that starts to listen
//! comes last, and when one leaves, the last moves into its place. Our list follows it step by step,
//! so that an index means the same to both.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, OwnedFd};

use config::AppName;
use protocol::RunId;
use rustix::net::{Shutdown, shutdown};

use super::holder::Holder;
use super::selector::Selector;
use super::steering::{Aim, Said, Seat, aim};
use crate::sys::socket::{attach_selector, waiting};

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
}

/// The sockets of one app that share one port.
#[derive(Debug)]
pub(super) struct Group {
    /// The app whose they are.
    pub(super) app: AppName,
    /// In the kernel's own order. Never empty between two orders.
    pub(super) members: Vec<Member>,
    /// What the kernel was told last; none: what it was told may no longer be right.
    attached: Option<Selector>,
    /// Who connects from this address goes to the member with this cookie.
    pub(super) probes: Vec<(SocketAddr, u64)>,
    /// The member at which connections were held last.
    holds: Option<u64>,
    /// Whether the kernel's order is known.
    company: Company,
}

/// Who is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Company {
    /// Our members alone.
    Own,
    /// Somebody else is in it, or was: the kernel's order is not known.
    Mixed,
}

impl Group {
    /// A group without members, which must get one at once.
    pub(super) const fn new(app: AppName) -> Self {
        Self {
            app,
            members: Vec::new(),
            attached: None,
            probes: Vec::new(),
            holds: None,
            company: Company::Own,
        }
    }

    /// The member with this cookie.
    pub(super) fn find(&mut self, cookie: u64) -> Option<&mut Member> {
        self.members.iter_mut().find(|it| it.cookie == cookie)
    }

    /// The member that the next run takes up: what is held first.
    pub(super) fn orphan(&mut self) -> Option<&mut Member> {
        let holds = self.holds;
        let is_orphan = |it: &&mut Member| it.run.is_none();
        let orphans = self.members.iter_mut().filter(is_orphan);
        orphans.max_by_key(|it| holds == Some(it.cookie))
    }

    /// Takes in who the kernel says is in it, by their cookies. Members that are not have left it by
    /// themselves.
    pub(super) fn compare(&mut self, here: &[u64]) -> Company {
        let ours = self.members.iter().map(|it| it.cookie);
        let (present, gone): (Vec<u64>, Vec<u64>) = ours.partition(|it| here.contains(it));
        for cookie in gone {
            if let Some(left) = self.index(cookie) {
                self.members.swap_remove(left);
                self.attached = None;
            }
        }
        if here.len() > present.len() {
            self.company = Company::Mixed;
        } else if present.len() < 2 {
            self.company = Company::Own;
        }
        self.company
    }

    /// Lets its connections go where they should; see [`aim`]. `seats` are its members. `Park` and
    /// `Nobody` change nothing. In mixed company nothing is steered, and nobody is waited for.
    ///
    /// Errors: the kernel takes no selector.
    pub(super) fn steer(&mut self, seats: &[Seat], said: &Said) -> io::Result<Aim> {
        if self.company == Company::Mixed {
            return Ok(Aim::Nobody);
        }
        let holds = self.holds.and_then(|it| self.index(it));
        let aim = aim(seats, said, holds);
        if let Aim::These(targets) = &aim {
            self.holds = self.held_by(targets, said);
            let probes = self.probes.iter();
            let probes = probes.filter_map(|(from, to)| Some((*from, index(self.index(*to)?))));
            self.attach(Selector {
                targets: targets.iter().copied().map(index).collect(),
                probes: probes.collect(),
            })?;
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

    /// Takes a member out, and closes it, so that whoever waits there is refused.
    ///
    /// Its place is taken by the last one. While that moves, nothing may be said to go to either
    /// index, or a connection would reach a socket that nobody means. Afterwards the group must be
    /// steered anew.
    pub(super) fn remove(&mut self, cookie: u64) {
        let Some(leaving) = self.index(cookie) else {
            return;
        };
        if let Some(mut selector) = self.attached.take() {
            let unmoved = |it: &u32| *it != index(leaving) && *it != index(self.members.len() - 1);
            let before = selector.targets.len();
            selector.targets.retain(unmoved);
            if !selector.targets.is_empty() && selector.targets.len() < before {
                self.attach(selector).ok();
            }
        }
        self.attached = None;
        let member = self.members.swap_remove(leaving);
        // A process that outlives its run may hold it, too; a shutdown ends it for all.
        shutdown(&member.socket, Shutdown::Both).ok();
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
            is_wanted && waiting(it.socket.as_fd()).unwrap_or(0) > 0
        };
        let all = self.members.iter().enumerate();
        let useless =
            all.filter(|(index, it)| it.run.is_none() && !is_target(*index) && !is_awaited(it));
        useless.map(|(_, it)| it.cookie).collect()
    }

    fn attach(&mut self, selector: Selector) -> io::Result<()> {
        if self.attached.as_ref() == Some(&selector) {
            return Ok(());
        }
        let Some(first) = self.members.first() else {
            return Ok(());
        };
        attach_selector(first.socket.as_fd(), &mut selector.program())?;
        self.attached = Some(selector);
        Ok(())
    }

    fn index(&self, cookie: u64) -> Option<usize> {
        self.members.iter().position(|it| it.cookie == cookie)
    }
}

fn index(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}
