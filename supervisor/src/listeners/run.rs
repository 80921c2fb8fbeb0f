//! What is known of one run.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use fleet::LaunchOrder;
use nix::unistd::Pid;
use protocol::Lack;

use super::key::Key;

/// How many sockets of one run are remembered that were bound and do not listen yet.
const BOUND_MAX: usize = 1024;

/// A run.
#[derive(Debug)]
pub(super) struct Run {
    /// What was launched.
    pub(super) of: LaunchOrder,
    /// The process that was.
    pub(super) leader: Pid,
    /// Where they arrive; none: nobody is left who could call.
    pub(super) calls: Option<Arc<OwnedFd>>,
    /// Whether nothing of it is left that we know of. Something that it left may go on calling.
    pub(super) is_over: bool,
    /// Whether all that it had is gone but what waits to be accepted, which will be cut.
    pub(super) is_retired: bool,
    /// Whether nobody has said yet that it gets connections.
    pub(super) is_fresh: bool,
    /// Sockets that it bound where it chose, by their cookies.
    pub(super) bound: BTreeMap<u64, Bound>,
    /// Where it is known to listen, in the order in which it began to.
    pub(super) told: Vec<Key>,
    /// What it is known to lack.
    pub(super) lacks: BTreeSet<Lack>,
}

/// A socket that was bound and does not listen yet.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    /// To what, as far as is known: the caller may have meant something else.
    pub(super) key: Key,
    /// Whether the app itself had asked to share its port.
    pub(super) is_shared: bool,
    /// For a socket file, the name that we bound it to; none: it was bound to the file itself.
    pub(super) link: Option<PathBuf>,
}

impl Run {
    pub(super) const fn new(of: LaunchOrder, leader: Pid, calls: Option<Arc<OwnedFd>>) -> Self {
        Self {
            of,
            leader,
            calls,
            is_over: false,
            is_retired: false,
            is_fresh: true,
            bound: BTreeMap::new(),
            told: Vec::new(),
            lacks: BTreeSet::new(),
        }
    }

    /// Remembers a socket that was bound.
    pub(super) fn has_bound(&mut self, cookie: u64, bound: Bound) {
        if self.bound.len() >= BOUND_MAX {
            // The oldest: cookies are counted up.
            self.bound.pop_first();
        }
        self.bound.insert(cookie, bound);
    }
}
