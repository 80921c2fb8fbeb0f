//! The answers to `bind` and `listen`.
//!
//! Nothing that was read before the call goes on is more than a hint: the kernel reads the caller's
//! memory anew, and the caller may have changed it. What counts is read off the socket at `listen`.

use std::ffi::OsStr;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use config::handover::Backlog;
use nix::libc;
use protocol::{LackOf, RunId};
use rustix::net::sockopt::{
    set_socket_reuseport, socket_cookie, socket_domain, socket_protocol, socket_reuseport,
    socket_type,
};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, getsockname, ipproto, listen};

use super::caller::{Caller, Place};
use super::group::{Member, Way};
use super::key::{Key, Port};
use super::options;
use super::parked::open;
use super::run::Bound;
use super::table::Table;
use crate::sys::seccomp::{Answer, Call, Kind};
use crate::sys::socket::BACKLOG_MAX;

/// One call of a run.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) table: &'a mut Table,
    pub(super) run: RunId,
    pub(super) caller: Caller<'a>,
}

/// Answers a call. Whatever fails, it goes on as if there were no filter.
pub(super) fn answer(table: &mut Table, run: RunId, calls: BorrowedFd<'_>, call: Call) -> Answer {
    let is_over = table.runs.get(&run).is_none_or(|run| run.is_over);
    if is_over || call.kind == Kind::Other {
        return Answer::GoOn;
    }
    let answered = Caller::of(calls, call).and_then(|caller| {
        let mut asked = Asked { table, run, caller };
        match call.kind {
            Kind::Bind => asked.bind(),
            Kind::Listen => asked.listen(),
            Kind::Other => Ok(Answer::GoOn),
        }
    });
    answered.unwrap_or_else(|error| {
        tracing::debug!(%run, %error, kind = ?call.kind, "a call goes on unseen");
        Answer::GoOn
    })
}

impl Asked<'_> {
    fn bind(&mut self) -> io::Result<Answer> {
        let Some((socket, kind)) = self.socket()? else {
            return Ok(Answer::GoOn);
        };
        match self.caller.place()? {
            Place::At(at) => self.bind_port(socket, kind, at),
            Place::Path(path) => self.bind_path(&socket, &path),
            Place::Other => Ok(Answer::GoOn),
        }
    }

    fn bind_port(&mut self, socket: OwnedFd, kind: Kinship, at: SocketAddr) -> io::Result<Answer> {
        let port = Port::of(socket.as_fd(), at)?;
        let key = Key::Port(port);
        let is_shared = socket_reuseport(&socket)?;
        if self.is_taken(&key, is_shared) {
            return Ok(Answer::Fail(libc::EADDRINUSE));
        }
        if self.take_up(&key, &socket)? {
            return Ok(Answer::Done);
        }
        let socket = match kind {
            Kinship::Multipath => self.make_plain(&port, &socket)?,
            Kinship::Tcp | Kinship::Local => socket,
        };
        set_socket_reuseport(&socket, true)?;
        self.has_bound(
            &socket,
            Bound {
                key,
                is_shared,
                link: None,
            },
        )?;
        Ok(Answer::GoOn)
    }

    fn bind_path(&mut self, socket: &OwnedFd, path: &Path) -> io::Result<Answer> {
        let path = self.caller.resolve(path)?;
        let key = Key::Path(path);
        if self.is_foreign(&key) {
            return Ok(Answer::GoOn);
        }
        self.table.forget_abandoned(&key, self.run);
        if self.take_up(&key, socket)? {
            // The program may have removed the file, so as to bind it anew.
            self.table.settle(&key);
            return Ok(Answer::Done);
        }
        let link = self.bind_beside(&key, socket)?;
        let answer = link.as_ref().map_or(Answer::GoOn, |_| Answer::Done);
        self.has_bound(
            socket,
            Bound {
                key: key.clone(),
                is_shared: false,
                link,
            },
        )?;
        self.table.settle(&key);
        Ok(answer)
    }

    /// Binds a socket to a name of its own, where others of the app have the file; none where it can
    /// have the file itself.
    fn bind_beside(&self, key: &Key, socket: &OwnedFd) -> io::Result<Option<PathBuf>> {
        let Some(group) = self.table.groups.get(key) else {
            return Ok(None);
        };
        let Way::Path(door) = &group.way else {
            return Ok(None);
        };
        let mode = rustix::fs::fstat(socket)?.st_mode & 0o777 & !self.caller.mask()?;
        let own = group.members.iter().filter(|it| it.last == self.run);
        let name = door.beside(self.run, own.count());
        door.bind(socket, &name, mode)?;
        Ok(Some(name))
    }

    fn has_bound(&mut self, socket: &OwnedFd, bound: Bound) -> io::Result<()> {
        let cookie = socket_cookie(socket)?;
        if let Some(run) = self.table.runs.get_mut(&self.run) {
            run.has_bound(cookie, bound);
        }
        Ok(())
    }

    /// Whether the kernel would refuse the address, if every socket had not been made to share it.
    fn is_taken(&mut self, key: &Key, is_shared: bool) -> bool {
        if !self.table.is_taken(key, self.run, is_shared) {
            return false;
        }
        self.table.forget_abandoned(key, self.run);
        self.table.is_taken(key, self.run, is_shared)
    }

    /// Whether another app has this very place.
    fn is_foreign(&self, key: &Key) -> bool {
        let app = self.table.runs.get(&self.run).map(|run| &run.of.who.app);
        let group = self.table.groups.get(key);
        group.is_some_and(|group| Some(&group.app) != app)
    }

    /// Gives the run the socket at which its connections wait already, if there is one.
    fn take_up(&mut self, key: &Key, fresh: &OwnedFd) -> io::Result<bool> {
        let (run, holder) = (self.run, self.caller.holder());
        let slot = self.table.runs.get(&run).map(|run| run.of.who.slot);
        let group = self.table.groups.get_mut(key);
        let Some((orphan, slot)) = group.and_then(|it| it.orphan()).zip(slot) else {
            return Ok(false);
        };
        // Two users never share a port: where it is another's, it stands in the way.
        let is_given = user(&orphan.socket)? == user(fresh)? && {
            options::copy(fresh.as_fd(), orphan.socket.as_fd())?;
            is_known(self.caller.replace(orphan.socket.as_fd()))?
        };
        if !is_given {
            let cookie = orphan.cookie;
            self.table.close(key, cookie);
            return Ok(false);
        }
        orphan.run = Some(run);
        orphan.last = run;
        orphan.is_retired = false;
        orphan.slot = slot;
        orphan.holder = Some(holder);
        orphan.is_shared = socket_reuseport(fresh)?;
        Ok(true)
    }

    fn listen(&mut self) -> io::Result<Answer> {
        let Some((socket, kind)) = self.socket()? else {
            return Ok(Answer::GoOn);
        };
        let cookie = socket_cookie(&socket)?;
        if let Some(key) = self.table.place_of(cookie, self.run) {
            listen(&socket, self.backlog())?;
            self.table.listens(self.run, &key);
            // A run that was slow to listen may be in service already: then nothing is held here.
            self.table.settle(&key);
            return Ok(Answer::Done);
        }
        let run = self.table.runs.get(&self.run);
        let Some(mut bound) = run.and_then(|run| run.bound.get(&cookie)).cloned() else {
            return Ok(Answer::GoOn);
        };
        if kind == Kinship::Local {
            if !self.is_at(&socket, &bound)? || self.is_foreign(&bound.key) {
                return Ok(Answer::GoOn);
            }
        } else {
            bound.key = Key::Port(Port::of_bound(socket.as_fd())?);
            if self.is_taken(&bound.key, bound.is_shared) {
                return Ok(Answer::Fail(libc::EADDRINUSE));
            }
        }
        if let Err(errno) = listen(&socket, self.backlog()) {
            return Ok(Answer::Fail(errno.raw_os_error()));
        }
        let key = bound.key.clone();
        self.keep(socket, cookie, bound);
        self.table.listens(self.run, &key);
        self.table.forget_closed_by(self.run);
        Ok(Answer::Done)
    }

    /// Whether a socket was bound to the file that it was thought to be bound to.
    fn is_at(&self, socket: &OwnedFd, bound: &Bound) -> io::Result<bool> {
        let name = SocketAddrUnix::try_from(getsockname(socket)?)?;
        let name = name.path_bytes().unwrap_or_default();
        let name = self.caller.resolve(Path::new(OsStr::from_bytes(name)))?;
        let link = bound.link.clone().map(Key::Path);
        let meant = link.as_ref().unwrap_or(&bound.key);
        Ok(Key::Path(name) == *meant)
    }

    fn keep(&mut self, socket: OwnedFd, cookie: u64, bound: Bound) {
        let Some(run) = self.table.runs.get(&self.run) else {
            return;
        };
        let member = Member {
            socket,
            cookie,
            run: Some(self.run),
            last: self.run,
            slot: run.of.who.slot,
            holder: Some(self.caller.holder()),
            is_shared: bound.is_shared,
            is_retired: false,
            link: bound.link,
        };
        self.table.append(&bound.key, member);
    }

    fn backlog(&self) -> i32 {
        let run = self.table.runs.get(&self.run);
        match run.map(|run| run.of.spec.handover.backlog) {
            Some(Backlog::App) => self.caller.backlog(),
            Some(Backlog::Max) | None => BACKLOG_MAX,
        }
    }

    /// Gives the program a socket of plain TCP in the place of one for several paths, for whose groups
    /// the kernel takes no selector. Programs of Go ask for these without knowing it; clients that
    /// offer several paths are served over one.
    fn make_plain(&self, port: &Port, multipath: &OwnedFd) -> io::Result<OwnedFd> {
        let run = self.table.runs.get(&self.run);
        let plain = open(port, run.and_then(|run| run.of.spec.run_as.as_ref()))?;
        options::copy(multipath.as_fd(), plain.as_fd())?;
        self.caller.replace(plain.as_fd())?;
        Ok(plain)
    }

    /// The socket in question; none where it is of a kind that is left to the app.
    fn socket(&mut self) -> io::Result<Option<(OwnedFd, Kinship)>> {
        match self.caller.duplicate() {
            Ok(socket) => Ok(kinship(&socket)?.map(|kind| (socket, kind))),
            Err(error) => {
                if error.raw_os_error() == Some(libc::EPERM) {
                    self.table.hindered(self.run, LackOf::Duplicate, &error);
                }
                Err(error)
            }
        }
    }
}

/// How a socket speaks that we keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kinship {
    Tcp,
    /// TCP over several paths at once.
    Multipath,
    /// By a socket file, perhaps.
    Local,
}

fn kinship(socket: &OwnedFd) -> io::Result<Option<Kinship>> {
    let family = socket_domain(socket)?;
    if socket_type(socket)? != SocketType::STREAM {
        return Ok(None);
    }
    match family {
        AddressFamily::UNIX => return Ok(Some(Kinship::Local)),
        AddressFamily::INET | AddressFamily::INET6 => {}
        _ => return Ok(None),
    }
    Ok(match socket_protocol(socket)? {
        Some(ipproto::TCP) => Some(Kinship::Tcp),
        Some(ipproto::MPTCP) => Some(Kinship::Multipath),
        Some(_) | None => None,
    })
}

/// Whether the kernel knows how to put a socket in the place of another; not before Linux 5.9.
///
/// Errors: any but `EINVAL`, by which it says that it does not.
fn is_known(replaced: io::Result<()>) -> io::Result<bool> {
    match replaced {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(false),
        replaced => replaced.map(|()| true),
    }
}

/// Whose a socket is, as the kernel compares it.
fn user(socket: &OwnedFd) -> io::Result<u32> {
    Ok(rustix::fs::fstat(socket)?.st_uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_that_gives_no_socket_is_no_error_and_a_caller_that_is_gone_is() {
        let failed = |errno| is_known(Err(io::Error::from_raw_os_error(errno)));
        assert!(is_known(Ok(())).unwrap());
        assert!(!failed(libc::EINVAL).unwrap());
        let gone = failed(libc::ENOENT).unwrap_err();
        assert_eq!(gone.raw_os_error(), Some(libc::ENOENT));
    }
}
