//! The only unsafe code, here and in the files below: system calls that the crates we use do not
//! offer as safe functions.
//!
//! Each function here is safe to call whatever its arguments are. What a signal may be sent to is
//! not decided here: `children` and `sweep` see to it that a process is signalled through its
//! descriptor, and a group only while its number cannot have passed to another.
#![expect(
    unsafe_code,
    reason = "the one place where system calls are made without a safe wrapper"
)]

pub(crate) mod seccomp;
pub(crate) mod socket;
pub(crate) mod trace;

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::ptr;

use config::Signal;
use nix::libc;
use nix::unistd::Pid;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Sends a signal through a pidfd.
///
/// The wrappers in nix and rustix know the named signals only; an app may be sent a real-time one.
///
/// Errors: `ESRCH` where the process is gone, which is never worth a word; `EPERM` where it has
/// become another user's.
pub(crate) fn signal_process(process: BorrowedFd<'_>, signal: Signal) -> io::Result<()> {
    send_through(process, signal.number())
}

/// Whether signals to this process are allowed. To one that is gone they are.
pub(crate) fn may_signal(process: BorrowedFd<'_>) -> bool {
    let refused = send_through(process, 0).err();
    refused.is_none_or(|error| error.raw_os_error() != Some(libc::EPERM))
}

fn send_through(process: BorrowedFd<'_>, number: i32) -> io::Result<()> {
    let no_info = ptr::null::<libc::siginfo_t>();
    // SAFETY: pidfd_send_signal(2) reads nothing of ours when `info` is null, and a descriptor that
    // is no pidfd is an error.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            process.as_raw_fd(),
            number,
            no_info,
            0,
        )
    };
    done(answer)
}

/// Sends a signal to all of a process group.
///
/// The caller holds the leader unreaped, so the number is that of its group and of no other.
///
/// Errors: `ESRCH` where the group has no member.
pub(crate) fn signal_group(leader: Pid, signal: Signal) -> io::Result<()> {
    // SAFETY: kill(2) touches no memory of ours.
    let answer = unsafe { libc::kill(-leader.as_raw(), signal.number()) };
    done(answer.into())
}

/// Watches a descriptor for being readable, within the runtime.
///
/// Nobody may put another descriptor in its place through [`AsyncFd::get_mut`].
///
/// Errors: the kernel watches too many already.
pub(crate) fn watch(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the descriptor is owned by what is returned, so it stays open and the same.
    let watched = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
    Ok(watched?)
}

/// Puts every signal back to its default action, also those that whoever started us had ignored: an
/// ignored signal stays ignored across an exec.
pub(crate) fn default_signals() {
    for number in 1..=64 {
        default_signal(number);
    }
}

/// Puts one signal back to its default action.
///
/// Past the C library, which keeps two signals for itself and leaves them ignored where they were.
/// SIGKILL and SIGSTOP are refused by the kernel, and need nothing.
pub(crate) fn default_signal(number: i32) {
    // The kernel's `sigaction`: handler, flags, restorer, mask, where 0 is the default action, no
    // flag, no function and no signal.
    let default: [u64; 4] = [0; 4];
    let previous = ptr::null_mut::<u64>();
    let mask_bytes: usize = 8;
    // SAFETY: rt_sigaction(2) reads at most these 32 bytes, and the default action runs no code of
    // ours.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            number,
            &raw const default,
            previous,
            mask_bytes,
        )
    };
}

/// Closes every descriptor from `first` on.
///
/// Only for a program that has opened none itself yet: whatever is there was inherited by accident.
pub(crate) fn close_from(first: u32) {
    // SAFETY: close_range(2) touches no memory; no value of ours owns one of these descriptors.
    let answer = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) };
    if answer != 0 {
        close_each_from(first);
    }
}

/// The same for kernels before 5.9, which have no close_range(2).
fn close_each_from(first: u32) {
    let Ok(folder) = fs::read_dir("/proc/self/fd") else {
        return;
    };
    // Collected first, so that the folder's own descriptor is closed by its owner.
    let inherited: Vec<RawFd> = folder
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|number| u32::try_from(*number).is_ok_and(|number| number >= first))
        .collect();
    for number in inherited {
        // SAFETY: close(2) touches no memory; no value of ours owns this descriptor.
        unsafe { libc::close(number) };
    }
}

/// The process that sent a signal; 0 for the kernel and for what is outside our view.
pub(crate) fn sender_of(info: &libc::siginfo_t) -> u32 {
    // SAFETY: the signals that we handle are sent by processes or by a terminal, and for these the
    // kernel fills in the field.
    let pid = unsafe { info.si_pid() };
    u32::try_from(pid).unwrap_or(0)
}

fn done(answer: libc::c_long) -> io::Result<()> {
    if answer < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets the test binary start itself as the launcher or the probe, as the daemon does: before
    /// the test harness reads its arguments. Only these have an empty environment. Whatever else the
    /// daemon does before it has threads is done here as well.
    #[used]
    #[unsafe(link_section = ".init_array")]
    static LAUNCH: extern "C" fn() = {
        extern "C" fn launch() {
            let life = std::env::args().nth(1).unwrap_or_default();
            let live = match life.as_str() {
                "launch" => Some(crate::launch::launch_main as fn() -> _),
                "probe" => Some(crate::launch::probe_main as fn() -> _),
                _ => None,
            };
            if let Some(live) = live.filter(|_| std::env::vars_os().next().is_none()) {
                live();
                // SAFETY: nothing of this process is left to be done.
                unsafe { libc::_exit(1) };
            }
            // As in `main`, before any thread is begun.
            crate::drain::hold_child_signals().unwrap();
        }
        launch
    };

    #[test]
    fn close_each_closes_what_was_inherited_and_nothing_below() {
        // In a process of its own, because it closes what other tests have open.
        let script = "exec 9</dev/null; exec \"$0\" --exact sys::tests::closing --ignored";
        let ours = std::env::current_exe().unwrap();
        let status = std::process::Command::new("sh")
            .args(["-c", script])
            .arg(ours)
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
    }

    #[test]
    #[ignore = "run by close_each_closes_what_was_inherited_and_nothing_below"]
    fn closing() {
        assert!(fs::exists("/proc/self/fd/9").unwrap());
        close_each_from(9);
        assert!(!fs::exists("/proc/self/fd/9").unwrap());
        assert!(fs::exists("/proc/self/fd/1").unwrap());
    }
}
