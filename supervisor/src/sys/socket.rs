//! What sockets are asked and told for which there is no safe function, and in which groups a thread is.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};
use std::ptr;
use std::sync::OnceLock;

use nix::libc;
use rustix::net::{AddressFamily, SocketType};

/// As many connections may wait as the kernel allows.
pub(crate) const BACKLOG_MAX: i32 = i32::MAX;

/// An option of a socket whose value is one `int`: its level and its name.
pub(crate) type IntOption = (i32, i32);

/// What an option is.
///
/// Errors: `ENOPROTOOPT` where this socket has no such option.
pub(crate) fn option(socket: BorrowedFd<'_>, (level, name): IntOption) -> io::Result<i32> {
    let mut value: i32 = 0;
    let mut length = length_of::<i32>();
    // SAFETY: the kernel writes at most `length` bytes, the size of `value`.
    let answer = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            level,
            name,
            (&raw mut value).cast(),
            &raw mut length,
        )
    };
    super::done(answer.into())?;
    Ok(value)
}

/// Sets an option.
///
/// Errors: the kernel's.
pub(crate) fn set_option(
    socket: BorrowedFd<'_>,
    (level, name): IntOption,
    value: i32,
) -> io::Result<()> {
    // SAFETY: the kernel reads the `int` that is there.
    let answer = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            (&raw const value).cast(),
            length_of::<i32>(),
        )
    };
    super::done(answer.into())
}

/// The network that a socket belongs to: a number that no other has while the machine is up; 0
/// where the kernel does not tell (before 5.14).
pub(crate) fn network(socket: BorrowedFd<'_>) -> u64 {
    let mut value: u64 = 0;
    let mut length = length_of::<u64>();
    // SAFETY: the kernel writes at most `length` bytes, the size of `value`.
    let answer = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            SO_NETNS_COOKIE,
            (&raw mut value).cast(),
            &raw mut length,
        )
    };
    if answer == 0 { value } else { 0 }
}

/// The network of this process; 0 where the kernel does not tell.
pub(crate) fn own_network() -> u64 {
    static OWN: OnceLock<u64> = OnceLock::new();
    *OWN.get_or_init(|| {
        let own = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None);
        own.map_or(0, |own| network(own.as_fd()))
    })
}

/// Whether a socket belongs to the network of this process, so that from here one can connect to where
/// it is. Where the kernel does not tell, it is taken to.
pub(crate) fn is_near(socket: BorrowedFd<'_>) -> bool {
    let (here, there) = (own_network(), network(socket));
    here == there || here == 0 || there == 0
}

/// Source: asm-generic/socket.h.
const SO_NETNS_COOKIE: i32 = 71;

/// Lets a program decide which member of a group of sockets gets a new connection.
///
/// Source: socket(7), `SO_ATTACH_REUSEPORT_CBPF`. The program's answer is the member's index.
///
/// Errors: `EINVAL` where the socket is in no group or the kernel takes no such program.
pub(crate) fn attach_selector(
    member: BorrowedFd<'_>,
    program: &mut [libc::sock_filter],
) -> io::Result<()> {
    let program = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(io::Error::other)?,
        filter: program.as_mut_ptr(),
    };
    // SAFETY: the kernel copies the program, which lives until the call returns, with as many
    // instructions as it says.
    let answer = unsafe {
        libc::setsockopt(
            member.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_REUSEPORT_CBPF,
            (&raw const program).cast(),
            length_of::<libc::sock_fprog>(),
        )
    };
    super::done(answer.into())
}

/// Takes it away again: the kernel shares out new connections by itself.
///
/// Source: socket(7), `SO_DETACH_REUSEPORT_BPF`, which takes away programs of either kind. The value
/// says nothing.
///
/// Errors: `ENOENT` where there is no such program.
pub(crate) fn detach_selector(member: BorrowedFd<'_>) -> io::Result<()> {
    set_option(member, (libc::SOL_SOCKET, libc::SO_DETACH_REUSEPORT_BPF), 0)
}

/// Gives this thread alone these supplementary groups. The C library's function would give them to
/// all threads.
///
/// Errors: `EPERM` without `CAP_SETGID`.
pub(crate) fn set_thread_groups(groups: &[u32]) -> io::Result<()> {
    let list = if groups.is_empty() {
        ptr::null()
    } else {
        groups.as_ptr()
    };
    // SAFETY: setgroups(2) reads as many numbers as it is told, which are there.
    let answer = unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), list) };
    super::done(answer)
}

fn length_of<T>() -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use nix::sched::{CloneFlags, unshare};

    use super::*;

    #[test]
    fn a_socket_of_another_network_is_not_near() {
        let here = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(is_near(here.as_fd()));
        // Of this thread alone.
        let elsewhere = thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).ok()?;
            TcpListener::bind("0.0.0.0:0").ok()
        });
        match elsewhere.join().unwrap() {
            Some(there) => assert!(!is_near(there.as_fd())),
            None => println!("skipped: another network needs root"),
        }
    }
}
