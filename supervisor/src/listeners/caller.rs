//! The process behind a call: its descriptors, its memory.
//!
//! A call names the thread that made it by number. What is found by that number is the caller's only
//! if the call still waits afterwards, so that is asked each time before what was found is used.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::libc;
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use super::holder::Holder;
use crate::proc::Status;
use crate::sys::seccomp::{self, Call};

/// Names a thread, not a process, whose descriptors might be its own. Since Linux 6.9.
const PIDFD_THREAD: PidfdFlags = PidfdFlags::from_bits_retain(libc::O_EXCL.cast_unsigned());

/// The longest address of a socket, in bytes. Source: `struct sockaddr_storage`.
const ADDRESS_BYTES_MAX: usize = 128;

/// Who made a call.
#[derive(Debug)]
pub(super) struct Caller<'a> {
    calls: BorrowedFd<'a>,
    call: Call,
    /// The process that has the descriptors.
    process: Pid,
    handle: OwnedFd,
}

/// Where a program binds a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// An IP address, with a port that is not 0.
    At(SocketAddr),
    /// A socket file, as the caller names it.
    Path(PathBuf),
    /// Something that is left to the kernel.
    Other,
}

impl<'a> Caller<'a> {
    /// Takes hold of who made this call.
    ///
    /// Errors: it is gone, or outside our view.
    pub(super) fn of(calls: BorrowedFd<'a>, call: Call) -> io::Result<Self> {
        let thread = Pid::from_raw(call.thread).ok_or(io::ErrorKind::NotFound)?;
        let (process, handle) = open(thread)?;
        let caller = Self {
            calls,
            call,
            process,
            handle,
        };
        caller.still_waits()?;
        Ok(caller)
    }

    /// The socket that the call is about.
    ///
    /// Errors: `EPERM` where we may not have descriptors of this process; the caller is gone.
    pub(super) fn duplicate(&self) -> io::Result<OwnedFd> {
        let socket = pidfd_getfd(&self.handle, self.number(), PidfdGetfdFlags::empty())?;
        self.still_waits()?;
        Ok(socket)
    }

    /// The socket's number there.
    pub(super) fn number(&self) -> i32 {
        // The kernel, too, takes the lower half of the register.
        let [lower, _] = halves(self.call.arguments[0]);
        lower.cast_signed()
    }

    /// Where the socket is.
    pub(super) fn holder(&self) -> Holder {
        Holder {
            process: nix::unistd::Pid::from_raw(self.process.as_raw_nonzero().get()),
            number: self.number(),
        }
    }

    /// How many connections may wait, as `listen` is told it.
    pub(super) fn backlog(&self) -> i32 {
        let [lower, _] = halves(self.call.arguments[1]);
        lower.cast_signed()
    }

    /// Where `bind` is told to bind. A hint only: the kernel reads it again.
    ///
    /// Errors: it cannot be read; the caller is gone.
    pub(super) fn place(&self) -> io::Result<Place> {
        let [_, address, length, ..] = self.call.arguments;
        let length = usize::try_from(halves(length)[0]).unwrap_or(0);
        let mut bytes = [0; ADDRESS_BYTES_MAX];
        let bytes = &mut bytes[..length.min(ADDRESS_BYTES_MAX)];
        let remote = RemoteIoVec {
            base: usize::try_from(address).map_err(io::Error::other)?,
            len: bytes.len(),
        };
        let thread = nix::unistd::Pid::from_raw(self.call.thread);
        let taken = process_vm_readv(thread, &mut [IoSliceMut::new(bytes)], &[remote])?;
        self.still_waits()?;
        Ok(Place::read(&bytes[..taken]))
    }

    /// Puts a socket of ours in the place of the caller's.
    ///
    /// Errors: the caller is gone; the kernel knows no such thing.
    pub(super) fn replace(&self, by: BorrowedFd<'_>) -> io::Result<()> {
        let number = self.number();
        let is_close_on_exec = self.is_close_on_exec(number)?;
        let place = (number.cast_unsigned(), is_close_on_exec);
        seccomp::replace(self.calls, self.call.id, by, place)
    }

    fn is_close_on_exec(&self, number: i32) -> io::Result<bool> {
        let path = Path::new("/proc")
            .join(self.process.to_string())
            .join("fdinfo")
            .join(number.to_string());
        let text = fs::read_to_string(path)?;
        self.still_waits()?;
        let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
        let flags = flags.and_then(|octal| i32::from_str_radix(octal.trim(), 8).ok());
        let flags = flags.ok_or(io::ErrorKind::InvalidData)?;
        Ok(flags & libc::O_CLOEXEC != 0)
    }

    /// Where a path of the caller's leads, with all links in its folder resolved.
    ///
    /// Errors: the folder is not there; the caller sees other files than we do.
    pub(super) fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let caller = Path::new("/proc").join(self.process.to_string());
        let is_same = |one: &Path, other: &str| {
            let (one, other) = (fs::metadata(one)?, fs::metadata(other)?);
            io::Result::Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
        };
        if !is_same(&caller.join("root"), "/")?
            || !is_same(&caller.join("ns/mnt"), "/proc/self/ns/mnt")?
        {
            return Err(Errno::XDEV.into());
        }
        let path = fs::read_link(caller.join("cwd"))?.join(path);
        self.still_waits()?;
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        Ok(fs::canonicalize(folder)?.join(name))
    }

    /// Which permissions the caller's new files do not get.
    pub(super) fn mask(&self) -> io::Result<u32> {
        let status = Status::of(self.process)?;
        self.still_waits()?;
        let mask = status.field("Umask:");
        let mask = mask.and_then(|octal| u32::from_str_radix(octal, 8).ok());
        Ok(mask.ok_or(io::ErrorKind::InvalidData)?)
    }

    fn still_waits(&self) -> io::Result<()> {
        if seccomp::still_waits(self.calls, self.call.id) {
            Ok(())
        } else {
            Err(Errno::NOENT.into())
        }
    }
}

/// The thread by itself where the kernel can, else the process that it is of.
fn open(thread: Pid) -> io::Result<(Pid, OwnedFd)> {
    if let Ok(handle) = pidfd_open(thread, PIDFD_THREAD) {
        return Ok((thread, handle));
    }
    match pidfd_open(thread, PidfdFlags::empty()) {
        Ok(handle) => Ok((thread, handle)),
        Err(Errno::INVAL | Errno::NOENT) => {
            let process = process_of(thread)?;
            Ok((process, pidfd_open(process, PidfdFlags::empty())?))
        }
        Err(errno) => Err(errno.into()),
    }
}

fn process_of(thread: Pid) -> io::Result<Pid> {
    let process = Status::of(thread)?.process("Tgid:");
    let process = process.and_then(|process| Pid::from_raw(process.as_raw()));
    Ok(process.ok_or(io::ErrorKind::InvalidData)?)
}

/// The lower and the upper half of a register.
fn halves(register: u64) -> [u32; 2] {
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(0);
    [half(register), half(register >> 32)]
}

impl Place {
    /// Reads an address in the form in which programs hand it to the kernel.
    fn read(bytes: &[u8]) -> Self {
        let at = Self::read_ip(bytes).filter(|at| at.port() != 0);
        let path = || Self::read_path(bytes).map(Self::Path);
        at.map(Self::At).or_else(path).unwrap_or(Self::Other)
    }

    /// The path of a socket file; names without a file begin with a zero byte. Source: unix(7).
    fn read_path(bytes: &[u8]) -> Option<PathBuf> {
        let (family, rest) = bytes.split_first_chunk()?;
        if i32::from(u16::from_ne_bytes(*family)) != libc::AF_UNIX {
            return None;
        }
        let path = rest.split(|byte| *byte == 0).next()?;
        (!path.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(path)))
    }

    fn read_ip(bytes: &[u8]) -> Option<SocketAddr> {
        let (family, rest) = bytes.split_first_chunk()?;
        let (port, rest) = rest.split_first_chunk()?;
        let port = u16::from_be_bytes(*port);
        match i32::from(u16::from_ne_bytes(*family)) {
            libc::AF_INET => {
                let (ip, _) = rest.split_first_chunk::<4>()?;
                Some(SocketAddrV4::new((*ip).into(), port).into())
            }
            libc::AF_INET6 => {
                let (flow, rest) = rest.split_first_chunk()?;
                let (ip, rest) = rest.split_first_chunk::<16>()?;
                // Programs may leave the scope out. Source: ipv6(7), the length of RFC 2133.
                let scope = rest
                    .first_chunk()
                    .map_or(0, |scope| u32::from_ne_bytes(*scope));
                let flow = u32::from_be_bytes(*flow);
                Some(SocketAddrV6::new((*ip).into(), port, flow, scope).into())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(family: i32, rest: &[u8]) -> Place {
        let family = u16::try_from(family).unwrap().to_ne_bytes();
        Place::read(&[&family, rest].concat())
    }

    #[test]
    fn an_address_is_read_as_the_kernel_reads_it() {
        let v4 = [31, 144, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        let at = |text: &str| Place::At(text.parse().unwrap());
        assert_eq!(read(libc::AF_INET, &v4), at("127.0.0.1:8080"));
        assert_eq!(read(libc::AF_INET, &v4[..6]), at("127.0.0.1:8080"));
        assert_eq!(read(libc::AF_INET, &v4[..5]), Place::Other);

        let mut v6 = vec![31, 144, 0, 0, 0, 0];
        v6.extend(std::net::Ipv6Addr::LOCALHOST.octets());
        assert_eq!(read(libc::AF_INET6, &v6), at("[::1]:8080"));
        v6.extend(3_u32.to_ne_bytes());
        assert_eq!(read(libc::AF_INET6, &v6), at("[::1%3]:8080"));

        let file = Place::Path("/run/app.sock".into());
        assert_eq!(read(libc::AF_UNIX, b"/run/app.sock"), file);
        assert_eq!(read(libc::AF_UNIX, b"/run/app.sock\0rest"), file);
    }

    #[test]
    fn what_the_kernel_chooses_and_what_is_no_ip_address_is_left_to_it() {
        assert_eq!(read(libc::AF_INET, &[0; 14]), Place::Other);
        assert_eq!(read(libc::AF_UNIX, b"\0app"), Place::Other);
        assert_eq!(read(libc::AF_UNIX, b""), Place::Other);
        assert_eq!(Place::read(&[]), Place::Other);
        assert_eq!(Place::read(&[2]), Place::Other);
    }
}
