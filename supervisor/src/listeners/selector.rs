//! The program that tells the kernel which member of a group gets a new connection.
//!
//! A classic BPF program whose answer is an index into the members in the kernel's own order. It is
//! exchanged in one system call, so that a group is steered from one connection to the next. It
//! sees the packet with which a connection begins, the headers included.

use nix::libc::{self, sock_filter};

use crate::sys::seccomp::instruction;

/// Whom the connections of a group go to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selector {
    /// The members by their index, in shares, ascending. Never empty when it is attached.
    pub(super) targets: Vec<u32>,
    /// Whoever connects from this port goes to this member, whatever the targets are.
    pub(super) probe: Option<(u16, u32)>,
}

/// Where the network header begins, as a program addresses it. Source: `SKF_NET_OFF`.
const NETWORK_HEADER: u32 = libc::SKF_NET_OFF.cast_unsigned();

/// Where a program finds a random number. Source: `SKF_AD_OFF + SKF_AD_RANDOM`.
const RANDOM: u32 = (libc::SKF_AD_OFF + libc::SKF_AD_RANDOM).cast_unsigned();

/// How long the headers before the ports are, in bytes. Whoever probes sends no options.
const HEADER_V4_BYTES: u32 = 20;
const HEADER_V6_BYTES: u32 = 40;

const LOAD_WORD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
const LOAD_HALF: u32 = libc::BPF_LD | libc::BPF_H | libc::BPF_ABS;
const LOAD_BYTE: u32 = libc::BPF_LD | libc::BPF_B | libc::BPF_ABS;
const SHIFT_RIGHT: u32 = libc::BPF_ALU | libc::BPF_RSH | libc::BPF_K;
const REMAINDER: u32 = libc::BPF_ALU | libc::BPF_MOD | libc::BPF_K;
const ADD: u32 = libc::BPF_ALU | libc::BPF_ADD | libc::BPF_K;
const IF_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
const SKIP: u32 = libc::BPF_JMP | libc::BPF_JA;
const ANSWER: u32 = libc::BPF_RET | libc::BPF_K;
const ANSWER_SUM: u32 = libc::BPF_RET | libc::BPF_A;

impl Selector {
    /// The program.
    pub(super) fn program(&self) -> Vec<sock_filter> {
        let mut program = self.probe.map(to_probed).unwrap_or_default();
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

/// From one port to one member; goes on behind itself for everybody else.
fn to_probed((port, member): (u16, u32)) -> Vec<sock_filter> {
    vec![
        plain(LOAD_BYTE, NETWORK_HEADER),
        plain(SHIFT_RIGHT, 4),
        instruction(IF_EQUAL, 4, 0, 2),
        plain(LOAD_HALF, NETWORK_HEADER + HEADER_V4_BYTES),
        plain(SKIP, 1),
        plain(LOAD_HALF, NETWORK_HEADER + HEADER_V6_BYTES),
        instruction(IF_EQUAL, port.into(), 0, 1),
        plain(ANSWER, member),
    ]
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
