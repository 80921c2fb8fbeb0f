//! The bytes that go to the kernel and come from it (`netlink(7)`, `sock_diag(7)`).
//!
//! Numbers are in the machine's order but for ports and addresses, which are as on the wire. What
//! is too short to be what it says it is ends the message: no byte is read beyond it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use rustix::io::Errno;

use super::{Family, Port, Row, State, States, Traffic};

/// The kernel's numbers of the states, also their places in the mask.
pub(super) const ESTABLISHED: u8 = 1;
pub(super) const SYN_RECV: u8 = 3;
pub(super) const CLOSE_WAIT: u8 = 8;
pub(super) const LISTEN: u8 = 10;

const BY_FAMILY: u16 = 20;
const ERROR: u16 = 2;
const DONE: u16 = 3;

/// This is a request, and for a dump.
const REQUEST_DUMP: u16 = 0x001 | 0x300;
/// What was dumped has changed meanwhile.
const INTERRUPTED: u16 = 0x010;

/// What else is asked for, as a bit, and told, as the kind of an attribute: `tcp_info`.
const INFO: u16 = 2;

const TCP: u8 = 6;
const INET: u8 = 2;
const INET6: u8 = 10;

const HEADER: usize = 16;
const REQUEST: usize = HEADER + 56;
/// Behind so many bytes of an `inet_diag_msg` are its attributes, which have so long a header each.
const ATTRIBUTES: usize = 72;
const ATTRIBUTE: usize = 4;

/// What one part of a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Here is a socket.
    Row(Row),
    /// The dump is inconsistent; its parts go on.
    Interrupted,
    /// There will be no dump, or no more of it.
    Failed(Errno),
    /// That was all.
    End,
}

/// Asks for a dump.
pub(super) fn request(port: Port, states: States, dump: u32) -> [u8; REQUEST] {
    let family = match port.family {
        Family::V4 => INET,
        Family::V6 => INET6,
    };
    let length = u32::try_from(REQUEST).unwrap_or(0);
    let mut bytes = [0; REQUEST];
    bytes[0..4].copy_from_slice(&length.to_ne_bytes());
    bytes[4..6].copy_from_slice(&BY_FAMILY.to_ne_bytes());
    bytes[6..8].copy_from_slice(&REQUEST_DUMP.to_ne_bytes());
    bytes[8..12].copy_from_slice(&dump.to_ne_bytes());
    bytes[16] = family;
    bytes[17] = TCP;
    if states.0 & States::OPEN.0 != 0 {
        bytes[18] = 1 << (INFO - 1);
    }
    bytes[20..24].copy_from_slice(&states.0.to_ne_bytes());
    bytes[24..26].copy_from_slice(&port.number.to_be_bytes());
    bytes
}

/// The parts of a message that belong to this dump.
pub(super) fn parts(message: &[u8], dump: u32) -> impl Iterator<Item = Part> {
    let mut rest = message;
    let each = std::iter::from_fn(move || {
        let length = usize::try_from(number(rest, 0)?).ok()?;
        let part = rest.get(..length).filter(|_| length >= HEADER)?;
        // Each begins at a multiple of four.
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or(&[]);
        Some(part)
    });
    each.filter(move |part| number(part, 8) == Some(dump))
        .flat_map(read)
}

/// What one part says, a mark of inconsistency first.
fn read(part: &[u8]) -> impl Iterator<Item = Part> {
    let half = |at: usize| Some(u16::from_ne_bytes(array(part, at)?));
    let interrupted = half(6).is_some_and(|flags| flags & INTERRUPTED != 0);
    let said = match half(4) {
        Some(BY_FAMILY) => part.get(HEADER..).and_then(row).map(Part::Row),
        Some(ERROR) => Some(Part::Failed(error(part).unwrap_or(Errno::IO))),
        Some(DONE) => Some(error(part).map_or(Part::End, Part::Failed)),
        Some(_) | None => None,
    };
    let mark = interrupted.then_some(Part::Interrupted);
    mark.into_iter().chain(said)
}

/// The error that a part ends with, if it is one.
fn error(part: &[u8]) -> Option<Errno> {
    let negative = i32::from_ne_bytes(array(part, HEADER)?);
    (negative < 0).then(|| Errno::from_raw_os_error(-negative))
}

/// The kernel's `inet_diag_msg`. Nothing for what is no socket of IPv4 or IPv6.
fn row(bytes: &[u8]) -> Option<Row> {
    let scope = number(bytes, 40)?;
    let address = |port: usize, at: usize| {
        let port = u16::from_be_bytes(array(bytes, port)?);
        match *bytes.first()? {
            INET => Some(SocketAddr::new(v4(bytes, at)?, port)),
            INET6 => Some(v6(bytes, at, port, scope)?.into()),
            _ => None,
        }
    };
    let cookie = u64::from(number(bytes, 44)?) | u64::from(number(bytes, 48)?) << 32;
    Some(Row {
        inode: number(bytes, 68)?.into(),
        cookie,
        local: address(4, 8)?,
        remote: address(6, 24)?,
        state: state(*bytes.get(1)?),
        waiting_in: number(bytes, 56)?,
        waiting_out: number(bytes, 60)?,
        uid: number(bytes, 64)?,
        traffic: attribute(bytes, INFO).and_then(Traffic::of),
    })
}

/// The attribute of this kind behind an `inet_diag_msg`.
fn attribute(bytes: &[u8], kind: u16) -> Option<&[u8]> {
    let mut rest = bytes.get(ATTRIBUTES..)?;
    loop {
        let length = usize::from(u16::from_ne_bytes(array(rest, 0)?));
        let part = rest.get(..length)?;
        let payload = part.get(ATTRIBUTE..)?;
        if u16::from_ne_bytes(array(part, 2)?) == kind {
            return Some(payload);
        }
        rest = rest.get(length.next_multiple_of(4)..)?;
    }
}

fn v4(bytes: &[u8], at: usize) -> Option<IpAddr> {
    Some(Ipv4Addr::from(array::<4>(bytes, at)?).into())
}

/// The interface counts only where addresses are of one link.
fn v6(bytes: &[u8], at: usize, port: u16, interface: u32) -> Option<SocketAddrV6> {
    let address = Ipv6Addr::from(array::<16>(bytes, at)?);
    let scope = if address.is_unicast_link_local() {
        interface
    } else {
        0
    };
    Some(SocketAddrV6::new(address, port, 0, scope))
}

fn state(number: u8) -> State {
    match number {
        ESTABLISHED => State::Established,
        CLOSE_WAIT => State::CloseWait,
        LISTEN => State::Listen,
        other => State::Other(other),
    }
}

/// The number at a place, in the machine's order.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(array(bytes, at)?))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}
