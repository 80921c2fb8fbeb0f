//! The connections of a run that live, as the kernel tells them, and whether anything is under way.
//!
//! The kernel lists the connections at a port, of all runs that share it, each with the inode of its
//! socket; a process's folder in `/proc` tells which of these it has. That folder is read only where
//! the list has something that nobody has looked for yet.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;

use config::Span;
use nix::unistd::Pid;
use protocol::{LackOf, Time};

use super::conversation::{Conversation, Standing};
use super::draining::{Draining, Patience};
use crate::connections::{Connections, Row, State, States, Traffic};
use crate::seats::{self, Number};

/// How long a connection may take to be made that was begun before new ones went elsewhere: longer than
/// a server that wants data first (`TCP_DEFER_ACCEPT`) leaves one half made that sends none.
const MAKING: Span = Span::secs(3);

/// Where a request was under way so lately the kernel need not be asked.
const LATELY: Span = Span::millis(30);

/// What is known of where connections are.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// Those of this run, by inode: which process had each under which number when last looked for.
    seats: BTreeMap<u64, (Pid, Number)>,
    /// Those that were looked for once and not found: they may have been on their way.
    doubtful: BTreeSet<u64>,
    /// Those that were looked for again and not found: another run's.
    foreign: BTreeSet<u64>,
    /// The other sides of those that were being made when new ones began to go elsewhere.
    begun: BTreeSet<SocketAddr>,
    /// Until when these are waited for.
    made_by: Time,
}

/// A connection that lives, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Live {
    pub(super) inode: u64,
    pub(super) process: Pid,
    pub(super) number: Number,
    /// Whether something has come that the program has not read.
    pub(super) has_waiting: bool,
    /// Whether something was written that the client has not got yet.
    is_sending: bool,
    /// Whether the client has ended its half.
    pub(super) is_half_closed: bool,
    /// What the kernel says has come and gone.
    traffic: Option<Traffic>,
}

/// How thoroughly it is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Where something was, it still is.
    Quick,
    /// Everything is looked for.
    Thorough,
}

impl Draining {
    /// Remembers which connections are being made.
    pub(super) fn see_begun(&mut self, now: Time, kernel: &mut Connections) {
        let begun = kernel.at(&self.doors.ports(), States::BEGUN);
        let begun = begun.unwrap_or_default();
        self.sight.begun = begun.iter().map(|row| row.remote).collect();
        self.sight.made_by = now + MAKING;
    }

    /// Whether those that were being made are made, or given up.
    fn are_made(&mut self, now: Time, kernel: &mut Connections) -> bool {
        if self.sight.begun.is_empty() || self.sight.made_by <= now {
            return true;
        }
        let begun = kernel.at(&self.doors.ports(), States::BEGUN);
        let begun = begun.unwrap_or_default();
        let remotes: BTreeSet<SocketAddr> = begun.iter().map(|row| row.remote).collect();
        self.sight.begun.retain(|remote| remotes.contains(remote));
        self.sight.begun.is_empty()
    }

    /// Whether nothing is under way.
    pub(super) fn is_calm(&mut self, now: Time, kernel: &mut Connections) -> bool {
        let mut known = self.conversations.values();
        if now < self.settled || known.any(|it| it.was_busy(now, LATELY)) {
            return false;
        }
        // In this order: what is made waits to be accepted, what is accepted is a connection.
        if !self.are_made(now, kernel) || !self.doors.are_quiet() {
            return false;
        }
        let Some(live) = self.look(now, kernel, Look::Quick) else {
            return false;
        };
        let is_silent = |it: &Live| match self.standing(it, now) {
            Standing::Silent => !it.has_waiting,
            Standing::Quiet => self.patience == Patience::Answers && !it.has_waiting,
            Standing::Streaming => self.patience == Patience::Answers,
            Standing::Busy => false,
        };
        live.iter().all(is_silent) && self.sends.is_empty()
    }

    /// Whether each connection is known to be silent or to have something under way, or cannot be
    /// known.
    pub(super) fn knows_all(&mut self, now: Time, kernel: &mut Connections) -> bool {
        let Some(live) = self.look(now, kernel, Look::Quick) else {
            return false;
        };
        let is_known = |it: &Live| self.standing(it, now) != Standing::Quiet;
        !self.untraced.is_empty() || live.iter().all(is_known)
    }

    /// What a connection is to a run that is to end.
    pub(super) fn standing(&self, live: &Live, now: Time) -> Standing {
        let known = self.conversations.get(&live.inode);
        known.map_or(Standing::Busy, |it| it.standing(now, self.idle))
    }

    /// The connections that live. None where nobody can tell right now.
    pub(super) fn look(
        &mut self,
        now: Time,
        kernel: &mut Connections,
        how: Look,
    ) -> Option<Vec<Live>> {
        let live = match kernel.at(&self.doors.ports(), States::OPEN) {
            Ok(rows) => self.listed(rows, how),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
            Err(error) => {
                self.hinder(LackOf::Diagnosis, &error);
                self.found(&BTreeMap::new())
            }
        };
        let inodes: BTreeSet<u64> = live.iter().map(|it| it.inode).collect();
        self.conversations.retain(|inode, _| inodes.contains(inode));
        for it in &live {
            let unknown = || Conversation::unknown(now);
            let known = self.conversations.entry(it.inode).or_insert_with(unknown);
            if it.has_waiting || it.is_sending {
                known.stirred(now);
            }
            if let Some(traffic) = it.traffic {
                known.counted(now, traffic);
            }
        }
        Some(live)
    }

    /// Those of the list that are this run's, and what came in by a file, which is in no list.
    fn listed(&mut self, rows: Vec<Row>, how: Look) -> Vec<Live> {
        // Without an inode it waits to be accepted.
        let rows = rows.into_iter().filter(|row| row.inode != 0);
        let rows: BTreeMap<u64, Row> = rows.map(|row| (row.inode, row)).collect();
        if how == Look::Thorough || self.doors.has_files() {
            return self.found(&rows);
        }
        if !self.sight.knows_all(&rows) {
            let found = self.found(&rows);
            self.sight.learn(&rows, &found);
        }
        let seats = self.sight.seats.iter();
        seats
            .filter_map(|(inode, seat)| Some(Live::of(*inode, *seat, Some(rows.get(inode)?))))
            .collect()
    }

    /// Looks into all processes.
    fn found(&mut self, rows: &BTreeMap<u64, Row>) -> Vec<Live> {
        let traced = self.tracees.processes().map(|(pid, _)| pid);
        let processes: Vec<Pid> = traced.chain(self.untraced.iter().copied()).collect();
        let mut live = BTreeMap::new();
        for process in processes {
            for (number, inode) in seats::sockets(process).unwrap_or_default() {
                let row = rows.get(&inode);
                if row.is_some() || self.is_unlisted(process, number, rows) {
                    let seat = (process, number);
                    let it = || Live::of(inode, seat, row);
                    live.entry(inode).or_insert_with(it);
                }
            }
        }
        live.into_values().collect()
    }

    /// Whether this is a connection that is in no list: it came in by a file, or there is no list.
    fn is_unlisted(&mut self, process: Pid, number: Number, rows: &BTreeMap<u64, Row>) -> bool {
        (self.doors.has_files() || rows.is_empty()) && self.connection(process, number).is_some()
    }
}

impl Sight {
    /// Whether nothing is in the list that might be this run's and is not known.
    fn knows_all(&mut self, rows: &BTreeMap<u64, Row>) -> bool {
        self.seats.retain(|inode, _| rows.contains_key(inode));
        self.doubtful.retain(|inode| rows.contains_key(inode));
        self.foreign.retain(|inode| rows.contains_key(inode));
        let is_known = |inode| self.seats.contains_key(inode) || self.foreign.contains(inode);
        rows.keys().all(is_known)
    }

    /// Takes in what was found of the list.
    fn learn(&mut self, rows: &BTreeMap<u64, Row>, found: &[Live]) {
        let seat = |it: &Live| (it.inode, (it.process, it.number));
        self.seats = found.iter().map(seat).collect();
        for inode in rows.keys().filter(|it| !self.seats.contains_key(it)) {
            if !self.doubtful.insert(*inode) {
                self.foreign.insert(*inode);
            }
        }
    }
}

impl Live {
    fn of(inode: u64, (process, number): (Pid, Number), row: Option<&Row>) -> Self {
        Self {
            inode,
            process,
            number,
            has_waiting: row.is_some_and(|row| row.waiting_in > 0),
            is_sending: row.is_some_and(|row| row.waiting_out > 0),
            is_half_closed: row.is_some_and(|row| row.state == State::CloseWait),
            traffic: row.and_then(|row| row.traffic),
        }
    }
}
