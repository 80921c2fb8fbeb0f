//! The answers to `bind` and `listen`.
//!
//! Nothing that was read before the call goes on is more than a hint: the kernel reads the caller's
//! memory anew, and the caller may have changed it. What counts is read off the socket at `listen`.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use config::handover::Backlog;
use nix::libc;
use protocol::{LackOf, RunId};
use rustix::net::sockopt::{
    set_socket_reuseport, socket_cookie, socket_domain, socket_protocol, socket_reuseport,
    socket_type,
};
use rustix::net::{AddressFamily, SocketType, ipproto, listen};

use super::caller::{Caller, Place};
use super::group::Member;
use super::key::Key;
use super::options;
use super::parked::{BACKLOG_MAX, open};
use super::table::Table;
use crate::sys::seccomp::{Answer, Call, Kind};

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
        let Place::At(at) = self.caller.place()? else {
            return Ok(Answer::GoOn);
        };
        let key = Key::of(socket.as_fd(), at)?;
        let is_shared = socket_reuseport(&socket)?;
        if self.is_taken(&key, is_shared) {
            return Ok(Answer::Fail(libc::EADDRINUSE));
        }
        if self.take_up(&key, &socket)? {
            return Ok(Answer::Done);
        }
        let socket = match kind {
            Kinship::Tcp => socket,
            Kinship::Multipath => self.make_plain(&key, &socket)?,
        };
        set_socket_reuseport(&socket, true)?;
        let cookie = socket_cookie(&socket)?;
        if let Some(run) = self.table.runs.get_mut(&self.run) {
            run.has_bound(cookie, is_shared);
        }
        Ok(Answer::GoOn)
    }

    /// Whether the kernel would refuse the address, if every socket had not been made to share it.
    fn is_taken(&mut self, key: &Key, is_shared: bool) -> bool {
        if !self.table.is_taken(key, self.run, is_shared) {
            return false;
        }
        self.table.forget_abandoned(key, self.run);
        self.table.is_taken(key, self.run, is_shared)
    }

    /// Gives the run the socket at which its connections wait already, if there is one.
    fn take_up(&mut self, key: &Key, fresh: &OwnedFd) -> io::Result<bool> {
        let (run, holder) = (self.run, self.caller.holder());
        let slot = self.table.runs.get(&run).map(|run| run.of.who.slot);
        let group = self.table.groups.get_mut(key);
        let Some((orphan, slot)) = group.and_then(|it| it.orphan()).zip(slot) else {
            return Ok(false);
        };
        if user(&orphan.socket)? != user(fresh)? {
            // Two users never share a port: this one stands in the way.
            let cookie = orphan.cookie;
            self.table.close(key, cookie);
            return Ok(false);
        }
        options::copy(fresh.as_fd(), orphan.socket.as_fd())?;
        self.caller.replace(orphan.socket.as_fd())?;
        orphan.run = Some(run);
        orphan.last = run;
        orphan.is_retired = false;
        orphan.slot = slot;
        orphan.holder = Some(holder);
        orphan.is_shared = socket_reuseport(fresh)?;
        Ok(true)
    }

    fn listen(&mut self) -> io::Result<Answer> {
        let Some((socket, _)) = self.socket()? else {
            return Ok(Answer::GoOn);
        };
        let cookie = socket_cookie(&socket)?;
        let Some(run) = self.table.runs.get(&self.run) else {
            return Ok(Answer::GoOn);
        };
        let slot = run.of.who.slot;
        let backlog = match run.of.spec.handover.backlog {
            Backlog::Max => BACKLOG_MAX,
            Backlog::App => self.caller.backlog(),
        };
        let bound = run.bound.get(&cookie).copied();
        let key = Key::of_bound(socket.as_fd())?;
        if self.table.is_run_of(&key, cookie, self.run) {
            listen(&socket, backlog)?;
            self.table.listens(self.run, &key);
            return Ok(Answer::Done);
        }
        let Some(is_shared) = bound else {
            return Ok(Answer::GoOn);
        };
        if self.is_taken(&key, is_shared) {
            return Ok(Answer::Fail(libc::EADDRINUSE));
        }
        if let Err(errno) = listen(&socket, backlog) {
            return Ok(Answer::Fail(errno.raw_os_error()));
        }
        let member = Member {
            socket,
            cookie,
            run: Some(self.run),
            last: self.run,
            slot,
            holder: Some(self.caller.holder()),
            is_shared,
            is_retired: false,
        };
        self.table.append(key, member);
        self.table.listens(self.run, &key);
        Ok(Answer::Done)
    }

    /// Gives the program a socket of plain TCP in the place of one for several paths, for whose groups
    /// the kernel takes no selector. Programs of Go ask for these without knowing it; clients that
    /// offer several paths are served over one.
    fn make_plain(&self, key: &Key, multipath: &OwnedFd) -> io::Result<OwnedFd> {
        let run = self.table.runs.get(&self.run);
        let plain = open(key, run.and_then(|run| run.of.spec.run_as.as_ref()))?;
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
}

fn kinship(socket: &OwnedFd) -> io::Result<Option<Kinship>> {
    let family = socket_domain(socket)?;
    let is_ip = family == AddressFamily::INET || family == AddressFamily::INET6;
    if !is_ip || socket_type(socket)? != SocketType::STREAM {
        return Ok(None);
    }
    Ok(match socket_protocol(socket)? {
        Some(ipproto::TCP) => Some(Kinship::Tcp),
        Some(ipproto::MPTCP) => Some(Kinship::Multipath),
        Some(_) | None => None,
    })
}

/// Whose a socket is, as the kernel compares it.
fn user(socket: &OwnedFd) -> io::Result<u32> {
    Ok(rustix::fs::fstat(socket)?.st_uid)
}
