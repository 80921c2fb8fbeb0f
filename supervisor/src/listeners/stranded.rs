//! Connections that wait at a listener which no run will take up, because the run that would have is
//! there already, with a socket of its own.
//!
//! Nobody has read of them, so they are as good as new: they are accepted here and given to the relay,
//! which makes their requests of the run that serves.

use std::iter;
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::net::{SocketFlags, accept_with};

use super::group::Member;
use crate::relay::{Adopted, Relay};
use crate::sys::socket::is_near;

/// Takes over what waits there, for whoever serves at `at`. The relay reaches nobody in another
/// network than ours.
pub(super) fn take_over(member: &Member, at: SocketAddr, relay: &Relay) {
    if !is_near(member.socket.as_fd()) {
        return;
    }
    let waiting: Vec<Adopted> = accepted(&member.socket)
        .map(|socket| Adopted { socket, local: at })
        .collect();
    if !waiting.is_empty() {
        tracing::info!(%at, run = %member.last, count = waiting.len(), "connections pass to the relay");
        relay.adopt(waiting);
    }
}

fn accepted(listener: &OwnedFd) -> impl Iterator<Item = OwnedFd> {
    // Its program may have made it wait, and something that this left may accept, too.
    let flags = fcntl_getfl(listener).unwrap_or_else(|_| OFlags::empty());
    let never_waits = fcntl_setfl(listener, flags | OFlags::NONBLOCK).is_ok();
    let accept = move || accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK).ok();
    iter::from_fn(move || never_waits.then(accept).flatten())
}
