//! Who else listens at an address.
//!
//! A process of the same user that asks for it joins a group without a word to us, and a program may
//! end a listener by a shutdown. Either way the kernel's order is no longer ours, so it is compared
//! before it matters.

use std::net::SocketAddr;

use super::key::Port;
use crate::connections::{self, Connections, Family, States};
use crate::sys::socket::own_network;

/// The way to know it.
#[derive(Debug)]
pub(super) struct Census {
    /// Opened when it is first needed; none: the kernel does not tell.
    kernel: Option<Connections>,
}

impl Census {
    pub(super) fn new() -> Self {
        Self {
            kernel: Connections::open().ok(),
        }
    }

    /// The cookies of all that listens at this address; none where that cannot be known.
    pub(super) fn at(&mut self, place: &Port) -> Option<Vec<u64>> {
        if place.network != own_network() {
            return None;
        }
        let family = match place.at {
            SocketAddr::V4(_) => Family::V4,
            SocketAddr::V6(_) => Family::V6,
        };
        let number = place.at.port();
        let rows = self
            .kernel
            .as_mut()?
            .at(&[connections::Port { family, number }], States::LISTEN)
            .ok()?;
        let here = rows.iter().filter(|row| row.local.ip() == place.at.ip());
        Some(here.map(|row| row.cookie).collect())
    }
}
