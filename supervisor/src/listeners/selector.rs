//! The program that tells the kernel which member of a group gets a new connection.
//!
//! A classic BPF program whose answer is an index into the members in the kernel's own order. It is
//! exchanged in one system call, so that a group is steered from one connection to the next. It
//! sees the packet with which a connection begins, the headers included.

use std::net::{IpAddr, SocketAddr};

use nix::libc::{self, sock_filter};

use crate::sys::seccomp::instruction;

/// Whom the connections of a group go to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selector {
    /// The members by their index, in shares, ascending. Never empty when it is attached.
    pub(super) targets: Vec<u32>,
    /// Who connects from this address goes to this member, whatever the targets are.
    pub(super) probes: Vec<(SocketAddr, u32)>,
}

/// Where the network header begins, as a program addresses it. Source: `SKF_NET_OFF`.
const NETWORK_HEADER: u32 = libc::SKF_NET_OFF.cast_unsigned();

/// Where a program finds a random number. Source: `SKF_AD_OFF + SKF_AD_RANDOM`.
const RANDOM: u32 = (libc::SKF_AD_OFF + libc::SKF_AD_RANDOM).cast_unsigned();

/// Where the sender's address begins in a network header, and where its port stands behind one
/// without options, in bytes. Source: RFC 791, RFC 8200.
const SENDER_V4: u32 = 12;
const PORT_V4: u32 = 20;
const SENDER_V6: u32 = 8;
const PORT_V6: u32 = 40;

const LOAD_WORD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
const LOAD_HALF: u32 = libc::BPF_LD | libc::BPF_H | libc::BPF_ABS;
const LOAD_BYTE: u32 = libc::BPF_LD | libc::BPF_B | libc::BPF_ABS;
const SHIFT_RIGHT: u32 = libc::BPF_ALU | libc::BPF_RSH | libc::BPF_K;
const REMAINDER: u32 = libc::BPF_ALU | libc::BPF_MOD | libc::BPF_K;
const ADD: u32 = libc::BPF_ALU | libc::BPF_ADD | libc::BPF_K;
const IF_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
const ANSWER: u32 = libc::BPF_RET | libc::BPF_K;
const ANSWER_SUM: u32 = libc::BPF_RET | libc::BPF_A;

impl Selector {
    /// The program.
    pub(super) fn program(&self) -> Vec<sock_filter> {
        let probes = self.probes.iter();
        let mut program: Vec<_> = probes.flat_map(|(from, to)| probe(*from, *to)).collect();
        match self.targets.as_slice() {
            [] => program.push(plain(ANSWER, 0)),
            [only] => program.push(plain(ANSWER, *only)),
            [first, .., last] if span(*first, *last) == self.targets.len() => {
                program.extend(drawn(self.targets.len()));
                program.push(plain(ADD, *first));
                program.push(plain(ANSWER_SUM, 0));
            }
            several => {
                program.extend(drawn(several.len()));
                program.extend(jump_table(several));
            }
        }
        program
    }
}

/// From one address to one member; everybody else goes on behind it.
fn probe(from: SocketAddr, member: u32) -> Vec<sock_filter> {
    let (version, sender, port) = match from.ip() {
        IpAddr::V4(_) => (4, SENDER_V4, PORT_V4),
        IpAddr::V6(_) => (6, SENDER_V6, PORT_V6),
    };
    let mut steps = vec![
        plain(LOAD_BYTE, NETWORK_HEADER),
        plain(SHIFT_RIGHT, 4),
        plain(IF_EQUAL, version),
    ];
    for (at, word) in (sender..).step_by(4).zip(words(from.ip())) {
        steps.push(plain(LOAD_WORD, NETWORK_HEADER + at));
        steps.push(plain(IF_EQUAL, word));
    }
    steps.push(plain(LOAD_HALF, NETWORK_HEADER + port));
    steps.push(plain(IF_EQUAL, from.port().into()));
    steps.push(plain(ANSWER, member));
    let length = steps.len();
    for (index, step) in steps.iter_mut().enumerate() {
        if u32::from(step.code) == IF_EQUAL {
            step.jf = u8::try_from(length - index - 1).unwrap_or(u8::MAX);
        }
    }
    steps
}

/// An address as the kernel loads it: in words, the first bytes highest.
fn words(ip: IpAddr) -> Vec<u32> {
    let bytes = match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let (words, _) = bytes.as_chunks();
    words.iter().copied().map(u32::from_be_bytes).collect()
}

/// A number below `shares`, drawn anew for each connection.
fn drawn(shares: usize) -> [sock_filter; 2] {
    let shares = u32::try_from(shares).unwrap_or(u32::MAX);
    [plain(LOAD_WORD, RANDOM), plain(REMAINDER, shares)]
}

fn jump_table(targets: &[u32]) -> impl Iterator<Item = sock_filter> {
    let cases = (0..)
        .zip(targets)
        .flat_map(|(number, target)| [instruction(IF_EQUAL, number, 0, 1), plain(ANSWER, *target)]);
    // No number is left over; a program must end with an answer.
    cases.chain([plain(ANSWER, targets.first().copied().unwrap_or(0))])
}

/// How many indices there are from the first to the last.
fn span(first: u32, last: u32) -> usize {
    usize::try_from(u64::from(last.abs_diff(first)) + 1).unwrap_or(usize::MAX)
}

fn plain(code: u32, value: u32) -> sock_filter {
    instruction(code, value, 0, 0)
}
