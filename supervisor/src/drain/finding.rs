//! Which processes of a run are traced: those that have its listeners or connections, and those that
//! may be given some. A program that the run merely uses is left alone.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::iter;
use std::os::unix::fs::MetadataExt as _;

use nix::unistd::Pid;
use protocol::{LackOf, RunId};

use super::Drain;
use super::doors::Doors;
use super::draining::Draining;
use crate::connections::{Connections, States};
use crate::seats;
use crate::sweep::{Mark, Processes, Tree};

impl Draining {
    /// Traces them, as far as that is allowed.
    pub(super) fn trace(&mut self, members: &[Pid], kernel: &mut Connections) {
        let (holders, others): (Vec<Pid>, Vec<Pid>) = {
            let connected = self.connected(kernel);
            let is_here = |inode| {
                self.doors.has_files() || self.doors.has(inode) || connected.contains(&inode)
            };
            let holds = |process: &Pid| {
                let sockets = seats::sockets(*process).unwrap_or_default();
                sockets.iter().any(|(_, inode)| is_here(*inode))
            };
            members.iter().partition(|it| holds(it))
        };
        // Workers execute what their parent does, and may be handed a connection at any time.
        let programs: Vec<_> = holders.iter().filter_map(|it| program(*it)).collect();
        let is_kin = |it: &Pid| program(*it).is_some_and(|it| programs.contains(&it));
        let kin = others.into_iter().filter(is_kin);
        for process in holders.iter().copied().chain(kin) {
            if let Err(error) = self.tracees.seize(process) {
                self.hinder(LackOf::Trace, &error);
                self.untraced.push(process);
            }
        }
    }

    /// The connections at the run's ports, also those of others.
    fn connected(&mut self, kernel: &mut Connections) -> Vec<u64> {
        match kernel.at(&self.doors.ports(), States::OPEN) {
            Ok(rows) => rows.into_iter().map(|row| row.inode).collect(),
            Err(error) => {
                self.hinder(LackOf::Diagnosis, &error);
                Vec::new()
            }
        }
    }
}

/// How many connections a run has, where nothing is to be known of them but that.
///
/// Errors: the kernel does not tell.
pub(super) fn count(unseen: Drain, mark: Mark) -> io::Result<u32> {
    let Drain {
        run,
        leader,
        sockets,
        ..
    } = unseen;
    let ports = Doors::new(sockets).ports();
    let rows = Connections::open()?.at(&ports, States::OPEN)?;
    let members = members(run, leader, &mut Processes::new(mark));
    let sockets = members
        .into_iter()
        .flat_map(|process| seats::sockets(process).unwrap_or_default());
    let own: BTreeSet<u64> = sockets.map(|(_, inode)| inode).collect();
    let count = rows.iter().filter(|row| own.contains(&row.inode)).count();
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The processes of a run, the leader first.
pub(super) fn members(run: RunId, leader: Pid, processes: &mut Processes) -> Vec<Pid> {
    let tree = Tree { run, leader };
    let mut look = processes.look(&[]);
    processes.adopt(&[tree], &mut look);
    let others = look.seen.iter().filter(|it| tree.has(it));
    iter::once(leader).chain(others.map(|it| it.pid)).collect()
}

/// The executable of a process.
fn program(process: Pid) -> Option<(u64, u64)> {
    let about = fs::metadata(format!("/proc/{process}/exe")).ok()?;
    Some((about.dev(), about.ino()))
}
