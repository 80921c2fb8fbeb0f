//! The filter on `bind` and `listen`, and the calls that it passes to us.
//!
//! The launcher installs the filter on itself and gives the daemon the descriptor that comes with
//! it. Whatever the launcher becomes, and all that this starts, then waits in these two calls until
//! they are answered.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

use nix::libc;

/// The machine's own system calls, as a filter is told of them. Source: linux/audit.h.
#[cfg(target_arch = "x86_64")]
const ARCH: Option<u32> = Some(0xc000_003e);
/// The machine's own system calls, as a filter is told of them. Source: linux/audit.h.
#[cfg(target_arch = "aarch64")]
const ARCH: Option<u32> = Some(0xc000_00b7);
/// A machine for which nobody has looked up its numbers.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const ARCH: Option<u32> = None;

/// From this number on, calls are those of the x32 interface, which share the machine's own
/// architecture. Source: `__X32_SYSCALL_BIT`.
const FOREIGN_FROM: u32 = 0x4000_0000;

/// Where a filter finds the number of the call and the architecture, in bytes. Source: `struct
/// seccomp_data`.
const NUMBER_AT: u32 = 0;
const ARCH_AT: u32 = 4;

/// One call that waits for an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    /// The kernel's name for it.
    pub(crate) id: u64,
    /// The thread that made it; 0 where it is outside our view.
    pub(crate) thread: i32,
    /// Which call.
    pub(crate) kind: Kind,
    /// Its arguments.
    pub(crate) arguments: [u64; 6],
}

/// The calls that are passed to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `bind(fd, address, length)`.
    Bind,
    /// `listen(fd, backlog)`.
    Listen,
    /// None that our filter passes on.
    Other,
}

/// What a call is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The kernel does what was asked, as if there were no filter.
    GoOn,
    /// It has been done.
    Done,
    /// It fails with this error number.
    Fail(i32),
}

/// Puts the filter on this process and all that comes of it; returns where the calls arrive. The
/// descriptor is close-on-exec.
///
/// Errors: `EACCES` where neither `no_new_privs` is set nor `CAP_SYS_ADMIN` given; `EBUSY` where a
/// filter with a descriptor is there already; `ENOSYS` where the kernel has none of it, or could not
/// answer a call by letting it go on.
pub(crate) fn install() -> io::Result<OwnedFd> {
    let arch = ARCH.ok_or_else(|| io::Error::from_raw_os_error(libc::ENOSYS))?;
    answers_are_possible()?;
    let wanted = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    // The newest flag keeps a caller that is sent many signals from restarting its call for ever.
    // Kernels before 5.19 do not know it.
    match install_with(arch, wanted | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => install_with(arch, wanted),
        installed => installed,
    }
}

/// Whether the kernel is one that lets a call go on and hands out descriptors of another process.
///
/// Descriptors came with 5.6, going on with 5.5. A sandbox that refuses the former is no reason not
/// to try.
fn answers_are_possible() -> io::Result<()> {
    let (no_process, no_descriptor) = (-1, -1);
    // SAFETY: pidfd_getfd(2) touches no memory, and -1 is no descriptor.
    let answer = unsafe { libc::syscall(libc::SYS_pidfd_getfd, no_process, no_descriptor, 0) };
    match super::done(answer) {
        Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => Err(error),
        Err(_) | Ok(()) => Ok(()),
    }
}

fn install_with(arch: u32, flags: libc::c_ulong) -> io::Result<OwnedFd> {
    let mut filter = filter(arch);
    let program = libc::sock_fprog {
        len: u16::try_from(filter.len()).unwrap_or(u16::MAX),
        filter: filter.as_mut_ptr(),
    };
    let mode = libc::SECCOMP_SET_MODE_FILTER;
    // SAFETY: seccomp(2) copies the program, which lives until the call returns, with as many
    // instructions as it says.
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program) };
    super::done(answer)?;
    let number = i32::try_from(answer).map_err(io::Error::other)?;
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Passes on `bind` and `listen` of the machine's own interface, and allows all else.
///
/// It looks at nothing but number and architecture, so the kernel knows the answer for every other
/// call beforehand and does not run it.
fn filter(arch: u32) -> [libc::sock_filter; 8] {
    let word = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let (equal, at_least) = (libc::BPF_JEQ, libc::BPF_JGE);
    let jump = |test, value, then, otherwise| {
        instruction(libc::BPF_JMP | libc::BPF_K | test, value, then, otherwise)
    };
    [
        instruction(word, ARCH_AT, 0, 0),
        jump(equal, arch, 0, 4),
        instruction(word, NUMBER_AT, 0, 0),
        jump(at_least, FOREIGN_FROM, 2, 0),
        jump(equal, number(libc::SYS_bind), 2, 0),
        jump(equal, number(libc::SYS_listen), 1, 0),
        instruction(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW, 0, 0),
        instruction(
            libc::BPF_RET | libc::BPF_K,
            libc::SECCOMP_RET_USER_NOTIF,
            0,
            0,
        ),
    ]
}

/// One instruction of a classic BPF program: what to do, with which value, and how many
/// instructions to skip if a test holds and if not.
pub(crate) fn instruction(code: u32, value: u32, then: u8, otherwise: u8) -> libc::sock_filter {
    libc::sock_filter {
        code: u16::try_from(code).unwrap_or(u16::MAX),
        jt: then,
        jf: otherwise,
        k: value,
    }
}

fn number(call: libc::c_long) -> u32 {
    u32::try_from(call).unwrap_or(u32::MAX)
}

/// Takes the next call. Does not wait where poll(2) has said that there is one.
///
/// Errors: `ENOENT` where the caller was killed meanwhile.
pub(crate) fn receive(calls: BorrowedFd<'_>) -> io::Result<Call> {
    let mut call = MaybeUninit::<libc::seccomp_notif>::zeroed();
    // SAFETY: the kernel wants zeroes here and writes one `seccomp_notif`.
    let answer = unsafe {
        libc::ioctl(
            calls.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_RECV,
            call.as_mut_ptr(),
        )
    };
    super::done(answer.into())?;
    // SAFETY: it consists of whole numbers only, for which zeroes are values too.
    let call = unsafe { call.assume_init() };
    let kind = match libc::c_long::from(call.data.nr) {
        libc::SYS_bind => Kind::Bind,
        libc::SYS_listen => Kind::Listen,
        _ => Kind::Other,
    };
    Ok(Call {
        id: call.id,
        thread: i32::try_from(call.pid).unwrap_or(0),
        kind,
        arguments: call.data.args,
    })
}

/// Whether the call still waits. Only if so was what was looked up meanwhile by the number of its
/// thread the caller's.
pub(crate) fn still_waits(calls: BorrowedFd<'_>, id: u64) -> bool {
    // SAFETY: the kernel reads one u64.
    let answer = unsafe {
        libc::ioctl(
            calls.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_ID_VALID,
            &raw const id,
        )
    };
    answer == 0
}

/// Answers a call.
///
/// Errors: `ENOENT` where the caller was killed or interrupted meanwhile.
pub(crate) fn answer(calls: BorrowedFd<'_>, id: u64, with: Answer) -> io::Result<()> {
    let (error, flags) = match with {
        Answer::GoOn => (0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE),
        Answer::Done => (0, 0),
        Answer::Fail(errno) => (-errno, 0),
    };
    let response = libc::seccomp_notif_resp {
        id,
        val: 0,
        error,
        flags: u32::try_from(flags).unwrap_or(0),
    };
    // SAFETY: the kernel reads one `seccomp_notif_resp`.
    let answer = unsafe {
        libc::ioctl(
            calls.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_SEND,
            &raw const response,
        )
    };
    super::done(answer.into())
}

/// Puts a duplicate of `ours` where the caller has its descriptor `number`, which is closed there.
///
/// Errors: `ENOENT` where the caller was killed or interrupted meanwhile; `EINVAL` before Linux 5.9.
pub(crate) fn replace(
    calls: BorrowedFd<'_>,
    id: u64,
    ours: BorrowedFd<'_>,
    (number, is_close_on_exec): (u32, bool),
) -> io::Result<()> {
    let flags = if is_close_on_exec { libc::O_CLOEXEC } else { 0 };
    let placed = libc::seccomp_notif_addfd {
        id,
        flags: u32::try_from(libc::SECCOMP_ADDFD_FLAG_SETFD).unwrap_or(0),
        srcfd: ours.as_raw_fd().unsigned_abs(),
        newfd: number,
        newfd_flags: flags.unsigned_abs(),
    };
    // SAFETY: the kernel reads one `seccomp_notif_addfd`.
    let answer = unsafe {
        libc::ioctl(
            calls.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_ADDFD,
            &raw const placed,
        )
    };
    super::done(answer.into())
}
