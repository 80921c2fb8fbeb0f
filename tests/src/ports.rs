//! Ports that nobody has, chosen by the kernel.

use std::net::{Ipv4Addr, TcpListener};

/// A port that is free.
///
/// # Panics
/// Where the machine has none.
#[must_use]
pub fn free() -> u16 {
    free_row(1)
}

/// The first of so many free ports in a row.
///
/// # Panics
/// Where the machine has none.
#[must_use]
pub fn free_row(count: u16) -> u16 {
    (0..100)
        .find_map(|_| row_at(free_now()?, count))
        .expect("a machine has free ports")
}

/// A port that was free a moment ago.
fn free_now() -> Option<u16> {
    Some(bound(0)?.local_addr().ok()?.port())
}

fn row_at(first: u16, count: u16) -> Option<u16> {
    let row: Option<Vec<TcpListener>> = (0..count)
        .map(|step| bound(first.checked_add(step)?))
        .collect();
    row.map(|_| first)
}

fn bound(port: u16) -> Option<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()
}
