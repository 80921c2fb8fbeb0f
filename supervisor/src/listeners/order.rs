//! The kernel's own order of the sockets that share a port, and the selector that is told by it.
//!
//! The order is known as long as each who comes or goes is known, one by one. Where it is not, nothing
//! is steered. A selector that was told before goes on meaning the same members, for whoever joins
//! comes last; but once one of ours leaves, another takes its place. So the selector is taken away
//! then, and the kernel shares out connections as if there had been none.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd as _;

use super::group::Member;
use super::selector::Selector;
use crate::sys::socket::{attach_selector, detach_selector};

/// What is known of the order, and what the kernel was told.
#[derive(Debug)]
pub(super) struct KernelOrder {
    /// What it was told last; none: what it was told may no longer be right.
    attached: Option<Selector>,
    /// Who connects from this address goes to the member with this cookie.
    probes: Vec<(SocketAddr, u64)>,
    company: Company,
}

/// Who is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Company {
    /// Our members alone.
    Own,
    /// Our members alone, of which several left at once: the kernel's order is not known.
    Disordered,
    /// Somebody else is in it, or was: the kernel's order is not known.
    Mixed,
}

impl KernelOrder {
    pub(super) const fn new() -> Self {
        Self {
            attached: None,
            probes: Vec::new(),
            company: Company::Own,
        }
    }

    pub(super) const fn company(&self) -> Company {
        self.company
    }

    /// Drops members that the kernel does not name, and notices whom we do not know.
    pub(super) fn compare(&mut self, members: &mut Vec<Member>, here: &[u64]) -> Company {
        let gone: Vec<u64> = members
            .iter()
            .map(|it| it.cookie)
            .filter(|it| !here.contains(it))
            .collect();
        for cookie in &gone {
            if let Some(left) = members.iter().position(|it| it.cookie == *cookie) {
                members.swap_remove(left);
                self.attached = None;
            }
        }
        if here.len() > members.len() {
            self.company = Company::Mixed;
        } else if members.len() < 2 {
            self.company = Company::Own;
        } else if gone.len() > 1 && self.company == Company::Own {
            // Who of them left first is not known, and so neither who took whose place.
            self.company = Company::Disordered;
        }
        if !gone.is_empty() && self.company != Company::Own {
            self.detach(members);
        }
        self.company
    }

    /// Takes in that some of these members are given up that are still there.
    pub(super) fn forget(&mut self, members: &[Member]) {
        self.company = Company::Mixed;
        self.detach(members);
    }

    pub(super) fn probe(&mut self, from: SocketAddr, to: Option<u64>) {
        self.probes.retain(|(it, _)| *it != from);
        self.probes.extend(to.map(|to| (from, to)));
    }

    /// Lets connections go to these members.
    pub(super) fn steer(&mut self, members: &[Member], targets: &[usize]) -> io::Result<()> {
        let probes = self.probes.iter().filter_map(|(from, to)| {
            let to = members.iter().position(|it| it.cookie == *to)?;
            Some((*from, index(to)))
        });
        let selector = Selector {
            targets: targets.iter().copied().map(index).collect(),
            probes: probes.collect(),
        };
        self.attach(members, selector)
    }

    /// Makes sure that no connection is lost while a member leaves.
    ///
    /// Its place is taken by the last one. While that moves, nothing may be said to go to either
    /// index, or a connection would reach a socket that nobody means. Nor may anything be said any more
    /// when it is the last one, to somebody whom we do not know yet.
    pub(super) fn prepare_removal(&mut self, members: &[Member], leaving: usize) {
        if self.company != Company::Own || members.len() == 1 {
            return self.detach(members);
        }
        let Some(mut selector) = self.attached.take() else {
            return;
        };
        let is_unmoved = |it: &u32| *it != index(leaving) && *it != index(members.len() - 1);
        let before = selector.targets.len();
        selector.targets.retain(is_unmoved);
        if !selector.targets.is_empty() && selector.targets.len() < before {
            self.attach(members, selector).ok();
        }
        self.attached = None;
    }

    fn attach(&mut self, members: &[Member], selector: Selector) -> io::Result<()> {
        if self.attached.as_ref() == Some(&selector) {
            return Ok(());
        }
        let Some(first) = members.first() else {
            return Ok(());
        };
        attach_selector(first.socket.as_fd(), &mut selector.program())?;
        self.attached = Some(selector);
        Ok(())
    }

    /// Lets the kernel share out connections by itself.
    fn detach(&mut self, members: &[Member]) {
        self.attached = None;
        if let Some(first) = members.first() {
            // Where there is none, there is nothing to be taken away.
            detach_selector(first.socket.as_fd()).ok();
        }
    }
}

fn index(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}
