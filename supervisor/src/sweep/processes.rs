//! One look at all processes, cheap enough to be taken at every exit.
//!
//! Reading an environment costs about 7 µs, so a look that reads them all would cost 2 ms with 300
//! processes on the machine. But a process can only gain our mark by being born with it. So what was
//! read is kept, under the number that the kernel gave to the process's folder in `/proc` when it
//! first made it: listing `/proc` yields these numbers for nothing, and a process that took over the
//! pid of another has another one. Where the kernel has dropped the folder from its memory meanwhile,
//! the number is new and the environment is read again; nothing else happens.
//!
//! What cannot be seen: a process that is born during the look at a pid below the current position,
//! whose parent ends before it is reached. Pids are given out upwards, so this takes a wrap of the
//! counter at that very moment.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::mem;
use std::os::unix::fs::{DirEntryExt as _, MetadataExt as _};

use nix::unistd::{Pid, getpid, getsid};
use protocol::RunId;

use super::Mark;

/// What is known of the processes of this machine.
#[derive(Debug)]
pub(crate) struct Processes {
    mark: Mark,
    own: Pid,
    /// By pid; only those that the last look has seen.
    known: HashMap<i32, Known>,
    /// Room for an environment, kept between reads.
    environ: Vec<u8>,
}

/// What was read of a process once.
#[derive(Debug, Clone, Copy)]
struct Known {
    inode: u64,
    run: Option<RunId>,
}

/// A process as one look saw it. It may have gone since.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sighting {
    /// Its number.
    pub(crate) pid: Pid,
    /// The number of its folder in `/proc`, which no later process of the same pid has.
    inode: u64,
    /// Its session.
    pub(crate) session: Pid,
    /// The run whose mark it bears.
    pub(crate) run: Option<RunId>,
}

impl Processes {
    /// Knows nothing yet; the first look reads everything.
    pub(crate) fn new(mark: Mark) -> Self {
        Self {
            mark,
            own: getpid(),
            known: HashMap::new(),
            environ: Vec::new(),
        }
    }

    /// Looks at every process but ourselves and the kernel's threads, once each. Zombies are among
    /// them.
    pub(crate) fn look(&mut self) -> Vec<Sighting> {
        let mut earlier = mem::take(&mut self.known);
        let mut seen = Vec::with_capacity(earlier.len());
        let mut blank = Vec::new();
        for (pid, inode) in list() {
            let Some(session) = session_of(pid).filter(|_| pid != self.own) else {
                continue;
            };
            let known = earlier.remove(&pid.as_raw());
            let run = match known.filter(|known| known.inode == inode) {
                Some(known) => Some(known.run),
                None => self.read(pid),
            };
            match run {
                Some(run) => drop(self.known.insert(pid.as_raw(), Known { inode, run })),
                None => blank.push(seen.len()),
            }
            let run = run.flatten();
            seen.push(Sighting {
                pid,
                inode,
                session,
                run,
            });
        }
        // An environment reads as empty for an instant during an exec, and always for a zombie.
        for position in blank {
            seen[position].run = self.read(seen[position].pid).flatten();
        }
        seen
    }

    /// Reads the mark of a process; none where its environment is empty or cannot be read.
    fn read(&mut self, pid: Pid) -> Option<Option<RunId>> {
        read_environ(pid, &mut self.environ);
        let is_blank = self.environ.is_empty();
        (!is_blank).then(|| self.mark.read(&self.environ))
    }
}

impl Sighting {
    /// Whether the process is still the one that was seen, by its folder or by its mark.
    ///
    /// Only a process that is alive after this was asked has answered for itself.
    pub(crate) fn is_still_there(&self, mark: &Mark) -> bool {
        if fs::metadata(format!("/proc/{}", self.pid)).is_ok_and(|it| it.ino() == self.inode) {
            return true;
        }
        let mut environ = Vec::new();
        read_environ(self.pid, &mut environ);
        self.run.is_some() && mark.read(&environ) == self.run
            || session_of(self.pid) == Some(self.session)
    }
}

/// The session of a process; none for one that is gone, a thread of the kernel, or one that came from
/// outside our namespace: none of these can be part of a run.
pub(crate) fn session_of(pid: Pid) -> Option<Pid> {
    getsid(Some(pid)).ok().filter(|sid| sid.as_raw() > 0)
}

/// The run whose mark this process bears.
pub(crate) fn run_of(pid: Pid, mark: &Mark) -> Option<RunId> {
    let mut environ = Vec::new();
    read_environ(pid, &mut environ);
    mark.read(&environ)
}

/// Every pid with the number of its folder.
fn list() -> Vec<(Pid, u64)> {
    let Ok(folder) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    folder
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let pid = entry.file_name().to_str()?.parse().ok()?;
            Some((Pid::from_raw(pid), entry.ino()))
        })
        .collect()
}

/// Reads an environment into `into`, which is empty afterwards where it cannot be read.
fn read_environ(pid: Pid, into: &mut Vec<u8>) {
    into.clear();
    let opened = File::open(format!("/proc/{pid}/environ"));
    if opened.and_then(|mut file| file.read_to_end(into)).is_err() {
        into.clear();
    }
}
