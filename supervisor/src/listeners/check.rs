//! One request to one run, which its clients do not reach yet.
//!
//! The request leaves from a port of its own, and the selector of the group sends what comes from
//! there to the run that is asked. Everybody else goes where they went before. It is asked from a
//! thread that lives as long as the answer takes, because an app may take long.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;

use config::Span;
use nix::libc;
use protocol::{CheckFailure, Time};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::socket_error;
use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, connect, getsockname, socket_with,
};

use super::key::Port;
use crate::clock;
use crate::sys::socket::network;

/// The statuses that pass.
const GOOD: std::ops::RangeInclusive<u16> = 200..=399;

/// The statuses that announce another answer. 101 is an answer.
const INTERIM: [u16; 3] = [100, 102, 103];

/// How much is read in search of a status, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// A request that is to be made.
#[derive(Debug)]
pub(super) struct Check {
    /// Bound, and not connected yet.
    socket: OwnedFd,
    /// Where it will come from.
    pub(super) from: SocketAddr,
    /// Where it goes.
    at: SocketAddr,
}

/// What came of reading an answer so far.
#[derive(Debug, PartialEq, Eq)]
enum Reading {
    More,
    Status(u16),
    NotHttp,
}

impl Check {
    /// Makes ready for a request to this listener.
    ///
    /// Errors: no descriptor, or no port to be had; `EXDEV` where it is in another network than ours.
    pub(super) fn of(port: &Port) -> io::Result<Self> {
        let ip = port.at.ip().to_canonical();
        let ip: IpAddr = if !ip.is_unspecified() {
            ip
        } else if ip.is_ipv6() && !port.is_dual {
            Ipv6Addr::LOCALHOST.into()
        } else {
            Ipv4Addr::LOCALHOST.into()
        };
        let mut at = port.at;
        at.set_ip(ip);
        let family = if ip.is_ipv4() {
            AddressFamily::INET
        } else {
            AddressFamily::INET6
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(family, SocketType::STREAM, flags, None)?;
        if network(socket.as_fd()) != port.network {
            // Whoever is at this address here is somebody else.
            return Err(Errno::XDEV.into());
        }
        // From the address itself, which is one of ours.
        let mut from = at;
        from.set_port(0);
        bind(&socket, &from)?;
        let from = SocketAddr::try_from(getsockname(&socket)?)?;
        Ok(Self { socket, from, at })
    }

    /// Asks for this path; waits for the answer at most so long.
    pub(super) fn ask(self, path: &str, within: Span) -> Result<(), CheckFailure> {
        let status = self.status(path, Limit::of(within))?;
        if GOOD.contains(&status) {
            Ok(())
        } else {
            Err(CheckFailure::Status(status))
        }
    }

    fn status(self, path: &str, limit: Limit) -> Result<u16, CheckFailure> {
        self.connect(limit)?;
        let broken = |error| limit.broken(error);
        let mut stream = TcpStream::from(self.socket);
        stream.set_nonblocking(false).map_err(broken)?;
        let left = limit.left()?;
        stream.set_write_timeout(Some(left)).map_err(broken)?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:{}\r\nUser-Agent: wsd\r\nAccept: */*\r\n\
             Connection: close\r\n\r\n",
            self.at.port()
        );
        stream.write_all(request.as_bytes()).map_err(broken)?;
        let mut head = vec![0; HEAD_BYTES_MAX];
        let mut length = 0;
        loop {
            let left = limit.left()?;
            stream.set_read_timeout(Some(left)).map_err(broken)?;
            let taken = stream.read(&mut head[length..]).map_err(broken)?;
            length += taken;
            match read(&head[..length]) {
                Reading::Status(status) => return Ok(status),
                Reading::More if taken > 0 => {}
                Reading::More if length == 0 => return Err(CheckFailure::Broken(libc::ECONNRESET)),
                Reading::More | Reading::NotHttp => return Err(CheckFailure::NotHttp),
            }
        }
    }

    fn connect(&self, limit: Limit) -> Result<(), CheckFailure> {
        match connect(&self.socket, &self.at) {
            Ok(()) => return Ok(()),
            Err(Errno::INPROGRESS) => {}
            Err(errno) => return Err(limit.broken(errno.into())),
        }
        let mut connected = [PollFd::new(&self.socket, PollFlags::OUT)];
        let left = Timespec::try_from(limit.left()?).ok();
        match poll(&mut connected, left.as_ref()) {
            Ok(0) => Err(limit.late()),
            Ok(_) => {
                let outcome = socket_error(&self.socket).and_then(|outcome| outcome);
                outcome.map_err(|errno| limit.broken(errno.into()))
            }
            Err(errno) => Err(limit.broken(errno.into())),
        }
    }
}

/// How long an answer may take.
#[derive(Debug, Clone, Copy)]
struct Limit {
    by: Time,
    within: Span,
}

impl Limit {
    fn of(within: Span) -> Self {
        let by = clock::boot() + within;
        Self { by, within }
    }

    /// How much time is left; more than none.
    fn left(self) -> Result<Duration, CheckFailure> {
        match self.by.since(clock::boot()).as_millis() {
            0 => Err(self.late()),
            left => Ok(Duration::from_millis(left)),
        }
    }

    const fn late(self) -> CheckFailure {
        CheckFailure::Late(self.within)
    }

    #[expect(clippy::needless_pass_by_value, reason = "errors are mapped by it")]
    fn broken(self, error: io::Error) -> CheckFailure {
        match error.raw_os_error() {
            Some(libc::EAGAIN) => self.late(),
            errno => CheckFailure::Broken(errno.unwrap_or(libc::ECONNRESET)),
        }
    }
}

/// Looks for the status of an answer, past those that only announce it.
fn read(mut text: &[u8]) -> Reading {
    loop {
        let Some(end) = text.windows(2).position(|it| it == b"\r\n") else {
            let could_be = b"HTTP/1.";
            let begin = &text[..text.len().min(could_be.len())];
            return if could_be.starts_with(begin) && text.len() < HEAD_BYTES_MAX {
                Reading::More
            } else {
                Reading::NotHttp
            };
        };
        let Some(status) = status(&text[..end]) else {
            return Reading::NotHttp;
        };
        if !INTERIM.contains(&status) {
            return Reading::Status(status);
        }
        let Some(end) = text.windows(4).position(|it| it == b"\r\n\r\n") else {
            return Reading::More;
        };
        text = &text[end + 4..];
    }
}

/// The status in `HTTP/1.1 200 OK`.
fn status(line: &[u8]) -> Option<u16> {
    let rest = line.strip_prefix(b"HTTP/1.")?;
    let number = rest.split(|byte| *byte == b' ').nth(1)?;
    let number = std::str::from_utf8(number).ok()?;
    number.parse().ok().filter(|it| (100..1000).contains(it))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_port_of_another_network_is_not_asked_here() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut port = Port::of_bound(listener.as_fd()).unwrap();
        assert!(Check::of(&port).is_ok());
        port.network += 1;
        let error = Check::of(&port).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EXDEV));
    }

    #[test]
    fn the_status_is_that_of_the_first_answer_which_is_one() {
        let table: [(&[u8], Reading); 10] = [
            (b"", Reading::More),
            (b"HTT", Reading::More),
            (b"HTTP/1.1 20", Reading::More),
            (b"HTTP/1.1 204 No Content\r\n", Reading::Status(204)),
            (b"HTTP/1.0 500 \r\n", Reading::Status(500)),
            (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n", Reading::More),
            (
                b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 No\r\n",
                Reading::Status(404),
            ),
            (b"HTTP/1.1 101 Switching\r\n", Reading::Status(101)),
            (b"SSH-2.0", Reading::NotHttp),
            (b"HTTP/1.1 x\r\n", Reading::NotHttp),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), expected, "{}", String::from_utf8_lossy(text));
        }
    }
}
