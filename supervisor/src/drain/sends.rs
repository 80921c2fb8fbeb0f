//! What waits for room in a connection: writes whose program waits with them, and what is owed.

use std::collections::BTreeMap;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use nix::unistd::Pid;
use protocol::Time;
use rustix::io::Errno;
use rustix::net::{SendFlags, Shutdown, send, shutdown};

use super::conversation::Conversation;
use super::tracees::Tracees;
use super::writing::{Progress, Taken, Writing};

/// All of one run.
#[derive(Debug, Default)]
pub(super) struct Sends {
    /// Writes to sockets that wait, by the thread that stands before its call, with the inode.
    waiting: BTreeMap<Pid, (u64, Writing)>,
    /// Bytes that must go out before anything else of their connection, by its inode.
    owed: BTreeMap<u64, Owed>,
    /// Threads that stand before a call until a debt is paid, with the inode.
    behind: BTreeMap<Pid, u64>,
}

#[derive(Debug)]
struct Owed {
    socket: OwnedFd,
    bytes: Vec<u8>,
}

impl Sends {
    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.owed.is_empty() && self.behind.is_empty()
    }

    /// Whether this thread waits before its call.
    pub(super) fn has_thread(&self, thread: Pid) -> bool {
        self.waiting.contains_key(&thread) || self.behind.contains_key(&thread)
    }

    /// Whether something of this connection waits.
    pub(super) fn has(&self, inode: u64) -> bool {
        self.owed.contains_key(&inode) || self.waiting.values().any(|(it, _)| *it == inode)
    }

    /// A write that waits, with its thread.
    pub(super) fn wait(&mut self, thread: Pid, inode: u64, writing: Writing) {
        self.waiting.insert(thread, (inode, writing));
    }

    /// A thread that stands before a call until a debt is paid.
    pub(super) fn queue(&mut self, thread: Pid, inode: u64) {
        self.behind.insert(thread, inode);
    }

    /// The threads whose debts are paid, each once.
    pub(super) fn freed(&mut self) -> Vec<Pid> {
        let Self {
            waiting,
            owed,
            behind,
        } = self;
        let is_free = |_: &Pid, inode: &mut u64| {
            !owed.contains_key(inode) && waiting.values().all(|(it, _)| it != inode)
        };
        behind
            .extract_if(.., is_free)
            .map(|(thread, _)| thread)
            .collect()
    }

    /// What is owed to a connection from here on.
    pub(super) fn owe(&mut self, inode: u64, socket: OwnedFd, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.owed.insert(inode, Owed { socket, bytes });
        }
    }

    /// The sockets that wait for room.
    pub(super) fn sockets(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let waiting = self.waiting.values().map(|(_, writing)| writing.socket());
        waiting.chain(self.owed.values().map(|owed| owed.socket.as_fd()))
    }

    /// Pays what is owed to a connection; whether nothing is any more, and nobody waits with a write.
    pub(super) fn pay(&mut self, inode: u64) -> bool {
        if self.owed.get_mut(&inode).is_some_and(Owed::pay) {
            self.owed.remove(&inode);
        }
        !self.has(inode)
    }

    /// Sends what there is room for, and answers the threads whose writes have come to their end.
    pub(super) fn push(
        &mut self,
        tracees: &mut Tracees,
        conversations: &mut BTreeMap<u64, Conversation>,
        now: Time,
    ) {
        self.owed.retain(|_, owed| !owed.pay());
        let Self { waiting, owed, .. } = self;
        waiting.retain(|thread, (inode, writing)| {
            if owed.contains_key(inode) || writing.push() == Progress::Full {
                return true;
            }
            let taken = writing.taken();
            if let Some(conversation) = conversations.get_mut(inode) {
                conversation.told(now, taken.left);
            }
            tracees.answer(*thread, value(&taken));
            false
        });
    }

    /// Ends the writes that wait where they are: their threads are told what was sent so far.
    pub(super) fn finish(&mut self, tracees: &mut Tracees) {
        for (thread, (inode, writing)) in std::mem::take(&mut self.waiting) {
            let taken = writing.taken();
            if taken.own == 0 && taken.owed.is_empty() {
                tracees.resume(thread, 0);
            } else {
                tracees.answer(thread, value(&taken));
                self.owe(inode, writing.into_socket(), taken.owed);
            }
        }
    }

    /// Cuts the connections to which something is owed: what would follow it cannot be read right.
    pub(super) fn give_up(&mut self) {
        self.behind.clear();
        for owed in std::mem::take(&mut self.owed).into_values() {
            // One that is gone is cut already.
            shutdown(&owed.socket, Shutdown::Both).ok();
        }
    }
}

impl Owed {
    /// Sends it; whether nothing is left to be sent, or nobody to send it to.
    fn pay(&mut self) -> bool {
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        while !self.bytes.is_empty() {
            match send(&self.socket, &self.bytes, flags) {
                Ok(sent) => drop(self.bytes.drain(..sent)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return false,
                Err(_) => return true,
            }
        }
        true
    }
}

/// What a call returns that has taken so many of the program's bytes.
pub(super) fn value(taken: &Taken) -> i64 {
    i64::try_from(taken.own).unwrap_or(i64::MAX)
}
