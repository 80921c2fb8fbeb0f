//! Tracing other processes' threads: ptrace(2), and waitid(2) for what it reports.
//!
//! A tracer is a thread: only the thread that seized may do the rest. Each function concerns a thread
//! that the caller has seized; for any other the kernel answers `ESRCH` and nothing happens.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use nix::libc;
use nix::unistd::Pid;

/// The requests, by the kernel's numbers, which are the same on all architectures (ptrace.h).
mod request {
    use nix::libc::c_long;

    pub(super) const DETACH: c_long = 17;
    pub(super) const SYSCALL: c_long = 24;
    pub(super) const GETREGSET: c_long = 0x4204;
    pub(super) const SETREGSET: c_long = 0x4205;
    pub(super) const SEIZE: c_long = 0x4206;
    pub(super) const INTERRUPT: c_long = 0x4207;
    pub(super) const LISTEN: c_long = 0x4208;
    pub(super) const GET_SYSCALL_INFO: c_long = 0x420e;
}

/// Stops at system calls are told apart from signals; threads, and children of fork(2), are traced from
/// birth. Children of vfork(2) are not: they are about to become other programs, some of which may
/// gain privileges that a traced one does not get.
const OPTIONS: usize = 0x1 | 0x2 | 0x8;

/// How a stop is told: waitid's status is the signal, the event in the second byte.
const EVENT_STOP: i32 = 128;
/// What `OPTIONS` adds to SIGTRAP at a system call.
const AT_CALL: i32 = libc::SIGTRAP | 0x80;

/// Only what this thread has seized, whether thread or process.
const OURS: libc::c_int = libc::__WALL | libc::__WNOTHREAD | libc::WNOHANG;

/// Why a thread has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Before or behind a system call.
    AtCall,
    /// A signal is about to be delivered.
    Signal(i32),
    /// It was interrupted, or was just born.
    Interrupted,
    /// It belongs to a process that was stopped, by SIGSTOP for example.
    Group,
    /// It has made a thread or a process.
    Parent,
}

/// Where a thread that stopped at a system call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Before it: its number and arguments.
    Entry {
        /// The number, as this architecture numbers them.
        number: i64,
        /// The arguments, the unused ones too.
        arguments: [u64; 6],
    },
    /// Behind it: what it returns, an error number negated.
    Exit {
        /// What it returns.
        value: i64,
    },
    /// At none; or at one of another architecture's, which is nobody's business here.
    Elsewhere,
}

/// Begins to trace a thread, without stopping it.
///
/// Errors: `EPERM` where that is not allowed or another traces it; `ESRCH` where it is gone.
pub(crate) fn seize(thread: Pid) -> io::Result<()> {
    ask(
        request::SEIZE,
        thread,
        0,
        ptr::without_provenance_mut(OPTIONS),
    )
}

/// Has a thread stop soon.
pub(crate) fn interrupt(thread: Pid) -> io::Result<()> {
    ask(request::INTERRUPT, thread, 0, ptr::null_mut())
}

/// Lets a stopped thread run to its next system call, or out of this one, with a signal unless 0.
pub(crate) fn resume(thread: Pid, signal: i32) -> io::Result<()> {
    ask(request::SYSCALL, thread, 0, number(signal))
}

/// Leaves a thread of a stopped process stopped, as it would be untraced.
pub(crate) fn listen(thread: Pid) -> io::Result<()> {
    ask(request::LISTEN, thread, 0, ptr::null_mut())
}

/// Lets go of a stopped thread, with a signal unless 0.
pub(crate) fn detach(thread: Pid, signal: i32) -> io::Result<()> {
    ask(request::DETACH, thread, 0, number(signal))
}

fn number(signal: i32) -> *mut libc::c_void {
    ptr::without_provenance_mut(usize::try_from(signal).unwrap_or(0))
}

/// The next thread that has stopped and was not told yet, and why.
pub(crate) fn next_stop() -> Option<(Pid, Stop)> {
    let info = wait(libc::P_ALL, 0, libc::WSTOPPED)?;
    // SAFETY: waitid(2) has filled in what a SIGCHLD has.
    let thread = unsafe { info.si_pid() };
    // SAFETY: the same.
    let status = unsafe { info.si_status() };
    let stop = match (status >> 8, status & 0xff) {
        (EVENT_STOP, libc::SIGTRAP) => Stop::Interrupted,
        (EVENT_STOP, _) => Stop::Group,
        (0, AT_CALL) => Stop::AtCall,
        (0, signal) => Stop::Signal(signal),
        (_, _) => Stop::Parent,
    };
    Some((Pid::from_raw(thread), stop))
}

/// Whether something that this thread traces has ended and waits to be reaped. Where something has
/// stopped that was not told yet, this may not be seen; to be asked again when that was.
pub(crate) fn has_ended() -> bool {
    ended(libc::P_ALL, 0)
}

/// Reaps a thread that has ended; false where it has not.
///
/// Not for a child of this process, whose parent reaps it. Another's child is its parent's to be
/// reaped after this.
pub(crate) fn reap(thread: Pid) -> bool {
    let number = thread.as_raw().unsigned_abs();
    ended(libc::P_PID, number) && wait(libc::P_PID, number, libc::WEXITED).is_some()
}

/// Looks without taking: whoever asks a tracer's threads for an end is told their stops as well.
fn ended(kind: libc::idtype_t, whom: libc::id_t) -> bool {
    let info = wait(kind, whom, libc::WEXITED | libc::WNOWAIT);
    let ends = [libc::CLD_EXITED, libc::CLD_KILLED, libc::CLD_DUMPED];
    info.is_some_and(|info| ends.contains(&info.si_code))
}

fn wait(kind: libc::idtype_t, whom: libc::id_t, what: libc::c_int) -> Option<libc::siginfo_t> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: waitid(2) writes at most one siginfo there.
    let answer = unsafe { libc::waitid(kind, whom, info.as_mut_ptr(), what | OURS) };
    // SAFETY: a siginfo that is all zero is one, too.
    let info = unsafe { info.assume_init() };
    // SAFETY: zero where there is nothing to be told, else filled in.
    let found = unsafe { info.si_pid() };
    (answer == 0 && found != 0).then_some(info)
}

/// Where a thread that has stopped at a system call stands.
///
/// Errors: `ESRCH` where it does not stand still any more, because it was killed.
pub(crate) fn place(thread: Pid) -> io::Result<Place> {
    let mut info = [0_u64; 12];
    let size = size_of_val(&info);
    ask(
        request::GET_SYSCALL_INFO,
        thread,
        size,
        info.as_mut_ptr().cast(),
    )?;
    // What it is in the first byte, the architecture in the upper half of the first word;
    // instruction and stack; then number and arguments, or the value. Source: ptrace(2).
    let [about, _, _, first, a, b, c, d, e, f, ..] = info;
    let [operation, ..] = about.to_ne_bytes();
    let is_native = about >> 32 == registers::ARCHITECTURE;
    Ok(match operation {
        1 if is_native => Place::Entry {
            number: first.cast_signed(),
            arguments: [a, b, c, d, e, f],
        },
        2 if is_native => Place::Exit {
            value: first.cast_signed(),
        },
        _ => Place::Elsewhere,
    })
}

/// Answers a system call in the kernel's place: the thread, which stands before it, will not make
/// it.
///
/// Errors: `ESRCH` where the thread was killed.
pub(crate) fn answer(thread: Pid, value: i64) -> io::Result<()> {
    let mut general = [0_u64; registers::COUNT];
    register_set(request::GETREGSET, thread, registers::GENERAL, &mut general)?;
    registers::put(&mut general, value);
    register_set(request::SETREGSET, thread, registers::GENERAL, &mut general)?;
    registers::skip(thread)
}

fn register_set(
    request: libc::c_long,
    thread: Pid,
    kind: usize,
    set: &mut [u64],
) -> io::Result<()> {
    let mut place = libc::iovec {
        iov_base: set.as_mut_ptr().cast(),
        iov_len: size_of_val(set),
    };
    ask(request, thread, kind, (&raw mut place).cast())
}

/// `data` is a number or points to what the request reads or fills in, which is no more than the
/// caller says: in `address`, or in the iovec.
fn ask(
    request: libc::c_long,
    thread: Pid,
    address: usize,
    data: *mut libc::c_void,
) -> io::Result<()> {
    // SAFETY: ptrace(2) writes at most the bytes that the caller has there, as said above; what it
    // does to the other process's memory is that one's.
    let answer =
        unsafe { libc::syscall(libc::SYS_ptrace, request, thread.as_raw(), address, data) };
    super::done(answer)
}

/// The registers in which a system call's number and answer stand.
#[cfg(target_arch = "x86_64")]
mod registers {
    use super::{Pid, io};

    /// What the kernel calls this architecture (audit.h).
    pub(super) const ARCHITECTURE: u64 = 0xc000_003e;
    /// The set of the general registers.
    pub(super) const GENERAL: usize = 1;
    /// How many there are.
    pub(super) const COUNT: usize = 27;

    /// Which of them is the answer, and which the number, where -1 is no call (user_64.h).
    const RAX: usize = 10;
    const ORIG_RAX: usize = 15;

    pub(super) fn put(general: &mut [u64; COUNT], value: i64) {
        general[RAX] = value.cast_unsigned();
        general[ORIG_RAX] = u64::MAX;
    }

    /// The number is among the general registers.
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it is a call")]
    pub(super) fn skip(_thread: Pid) -> io::Result<()> {
        Ok(())
    }
}

/// The registers in which a system call's number and answer stand.
#[cfg(target_arch = "aarch64")]
mod registers {
    use super::{Pid, io, register_set, request};

    /// What the kernel calls this architecture (audit.h).
    pub(super) const ARCHITECTURE: u64 = 0xc000_00b7;
    /// The set of the general registers.
    pub(super) const GENERAL: usize = 1;
    /// How many there are: x0 to x30, stack, instruction, flags.
    pub(super) const COUNT: usize = 34;
    /// The set that is the number alone.
    const SYSTEM_CALL: usize = 0x404;

    pub(super) fn put(general: &mut [u64; COUNT], value: i64) {
        general[0] = value.cast_unsigned();
    }

    pub(super) fn skip(thread: Pid) -> io::Result<()> {
        // The kernel takes the first four bytes, as an int, where -1 is no call.
        register_set(request::SETREGSET, thread, SYSTEM_CALL, &mut [u64::MAX])
    }
}
