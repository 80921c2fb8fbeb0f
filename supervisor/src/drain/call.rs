//! System calls, as far as a drain must understand them: what they do to a connection.

use nix::libc;

use crate::seats::Number;

/// What a thread is about to do, or has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// To read; what it returns, where more than 0, is what was read.
    Read(Number),
    /// To write bytes that stand in its memory.
    Write(Write),
    /// To move bytes within the kernel, as `sendfile` does.
    Move {
        /// From here, where that is a descriptor that may be read from.
        from: Option<Number>,
        /// To here.
        to: Number,
    },
    /// To accept a connection; what it returns is its number.
    Accept,
    /// To close a descriptor, or to put another in its place.
    Close(Number),
    /// To close all of them from the first to the last.
    CloseRange(Number, Number),
    /// To end one direction of a connection or both.
    Shutdown(Number),
    /// To become another program, after which what is close-on-exec is closed.
    Execute,
    /// Something else.
    Other,
}

/// A write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Write {
    /// Where to.
    pub(super) to: Number,
    /// Where the bytes are.
    pub(super) place: Place,
    /// The flags of `send`; 0 for `write`.
    pub(super) flags: i32,
}

/// Where the bytes of a write are, as addresses in the process that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// So many bytes from here on.
    Plain { at: u64, length: u64 },
    /// In so many pieces, which are listed here.
    Pieces { at: u64, count: u64 },
    /// A `msghdr` is here.
    Message { at: u64 },
    /// In a way that nobody looks at.
    Unseen,
}

impl Call {
    /// What a call by this number and with these arguments is.
    pub(super) fn of(number: i64, arguments: [u64; 6]) -> Self {
        let [a, b, c, d, e, _] = arguments;
        let write = |place, flags| {
            let to = low(a);
            Self::Write(Write { to, place, flags })
        };
        match number {
            libc::SYS_read
            | libc::SYS_readv
            | libc::SYS_recvfrom
            | libc::SYS_recvmsg
            | libc::SYS_recvmmsg
            | libc::SYS_preadv2 => Self::Read(low(a)),
            libc::SYS_write => write(Place::Plain { at: b, length: c }, 0),
            libc::SYS_writev => write(Place::Pieces { at: b, count: c }, 0),
            // An address is nothing that a connected socket needs.
            libc::SYS_sendto if e == 0 => write(Place::Plain { at: b, length: c }, low(d)),
            libc::SYS_sendmsg => write(Place::Message { at: b }, low(c)),
            libc::SYS_sendto | libc::SYS_sendmmsg | libc::SYS_pwritev2 => write(Place::Unseen, 0),
            libc::SYS_sendfile => Self::Move {
                from: None,
                to: low(a),
            },
            libc::SYS_splice => Self::Move {
                from: Some(low(a)),
                to: low(c),
            },
            libc::SYS_accept | libc::SYS_accept4 => Self::Accept,
            libc::SYS_close => Self::Close(low(a)),
            libc::SYS_dup3 => Self::Close(low(b)),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_dup2 => Self::Close(low(b)),
            libc::SYS_close_range => Self::CloseRange(number_or_last(a), number_or_last(b)),
            libc::SYS_shutdown => Self::Shutdown(low(a)),
            libc::SYS_execve | libc::SYS_execveat => Self::Execute,
            _ => Self::Other,
        }
    }
}

/// The lower half of a register, which is all that the kernel looks at where it expects an `int`.
const fn low(register: u64) -> i32 {
    let [a, b, c, d, ..] = register.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

/// The same where the kernel expects an unsigned one: what no descriptor can have is the last.
fn number_or_last(register: u64) -> Number {
    Number::try_from(low(register).cast_unsigned()).unwrap_or(Number::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_is_the_lower_half_of_its_register() {
        let call = Call::of(libc::SYS_read, [0xdead_beef_0000_0007, 0, 0, 0, 0, 0]);
        assert_eq!(call, Call::Read(7));
    }

    #[test]
    fn what_is_sent_to_an_address_is_not_looked_at() {
        let sendto = |address| Call::of(libc::SYS_sendto, [7, 100, 3, 0x4000, address, 16]);
        let seen = Place::Plain { at: 100, length: 3 };
        for (address, place) in [(0, seen), (5000, Place::Unseen)] {
            let flags = if address == 0 { 0x4000 } else { 0 };
            let to = 7;
            assert_eq!(sendto(address), Call::Write(Write { to, place, flags }));
        }
    }
}
