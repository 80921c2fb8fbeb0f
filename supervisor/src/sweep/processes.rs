//! One look at all processes, cheap enough to be taken at every exit.
//!
//! Reading an environment costs about 7 µs, so a look that reads them all would cost 2 ms with 300
//! processes on the machine. But a process is born into its session and with its mark, and never
//! comes by one of ours later. So what was read once is kept, under the number that the kernel gave
//! to the process's folder in `/proc` when it first made it: listing `/proc` yields these numbers
//! for nothing, and a process that took over the pid of another has another one. Where the kernel
//! has dropped a folder from its memory meanwhile, the number is new and the process is read again;
//! nothing else happens.
//!
//! A look knows what it may have missed. Pids are listed first and read afterwards, and they are
//! given out upwards. So a child that is not in the list was born after it, of a parent that is in
//! the list and has ended before it could be read, or is in the middle of an exec, when there is no
//! environment to be read. Each look says whether it met such a one. What remains is a child that
//! got a lower pid than its parent because the counter wrapped round at that very moment.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::mem;
use std::os::unix::fs::{DirEntryExt as _, MetadataExt as _};

use nix::unistd::{Pid, getpid, getsid};
use protocol::RunId;

use super::{Mark, Tree};
use crate::proc::{Stat, parent_of};

/// What is known of the processes of this machine.
#[derive(Debug)]
pub(crate) struct Processes {
    mark: Mark,
    own: Pid,
    /// By pid; only those that the last look has listed.
    known: HashMap<i32, Known>,
    /// Room for what is read, kept between reads.
    buffer: Vec<u8>,
}

/// What was read of a process once.
#[derive(Debug, Clone, Copy)]
struct Known {
    inode: u64,
    place: Place,
}

/// Where a process belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Its session, when it was first seen.
    pub(crate) session: Pid,
    /// The run whose mark it bears.
    pub(crate) run: Option<RunId>,
}

/// What came of reading a process.
#[derive(Debug)]
enum Met {
    /// It is there.
    Alive(Place),
    /// It has ended and was not reaped.
    Zombie,
    /// It has gone, or is in the middle of an exec.
    Unclear,
}

/// What one look has seen.
#[derive(Debug)]
pub(crate) struct Look {
    /// Every process that may belong to a run, each once.
    pub(crate) seen: Vec<Sighting>,
    /// Whether nothing can have slipped through.
    pub(crate) is_sure: bool,
}

/// A process as one look saw it. It may have gone since.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sighting {
    /// Its number.
    pub(crate) pid: Pid,
    /// The number of its folder in `/proc`, which no later process of the same pid has.
    inode: u64,
    /// Where it belongs.
    pub(crate) place: Place,
}

impl Processes {
    /// Knows nothing yet; the first look reads everything.
    pub(crate) fn new(mark: Mark) -> Self {
        Self {
            mark,
            own: getpid(),
            known: HashMap::new(),
            buffer: Vec::new(),
        }
    }

    /// Looks at every process but ourselves and `ended`, leaders that are known to have ended.
    pub(crate) fn look(&mut self, ended: &[Pid]) -> Look {
        let mut earlier = mem::take(&mut self.known);
        let mut seen = Vec::with_capacity(earlier.len());
        let listed = list();
        let mut is_sure = listed.is_ok();
        for (pid, inode) in listed.unwrap_or_default() {
            if pid == self.own || ended.contains(&pid) {
                continue;
            }
            let known = earlier.remove(&pid.as_raw());
            let place = match known.filter(|known| known.inode == inode) {
                Some(known) => known.place,
                None => match self.meet(pid) {
                    Met::Alive(place) => place,
                    Met::Zombie => {
                        is_sure = false;
                        Place::OUTSIDE
                    }
                    Met::Unclear => {
                        is_sure = false;
                        continue;
                    }
                },
            };
            self.known.insert(pid.as_raw(), Known { inode, place });
            if place.session != Place::OUTSIDE.session {
                seen.push(Sighting { pid, inode, place });
            }
        }
        Look { seen, is_sure }
    }

    /// Counts what descends from a process of one of these trees to that tree, from here on: also
    /// what has left the session and bears no mark, as programs do that change the user.
    ///
    /// Only now are all the parents known, who may end with the signal that is to be sent. What
    /// bears the mark of another run is that run's.
    pub(crate) fn adopt(&mut self, trees: &[Tree], look: &mut Look) {
        if trees.is_empty() {
            return;
        }
        let parents: HashMap<Pid, Pid> = look
            .seen
            .iter()
            .filter_map(|it| Some((it.pid, parent_of(it.pid)?)))
            .collect();
        let mut members: HashMap<Pid, RunId> =
            trees.iter().map(|tree| (tree.leader, tree.run)).collect();
        for seen in &look.seen {
            members.extend(
                trees
                    .iter()
                    .find(|tree| tree.has(seen))
                    .map(|it| (seen.pid, it.run)),
            );
        }
        // Once for each generation; the pids are in ascending order, which is mostly that of birth.
        loop {
            let before = members.len();
            for seen in look.seen.iter_mut().filter(|it| it.place.run.is_none()) {
                let parent = parents.get(&seen.pid);
                let run = parent.and_then(|parent| members.get(parent)).copied();
                if let Some(run) = run.filter(|_| !members.contains_key(&seen.pid)) {
                    seen.place.run = Some(run);
                    members.insert(seen.pid, run);
                    let known = self.known.get_mut(&seen.pid.as_raw());
                    known
                        .into_iter()
                        .for_each(|known| known.place.run = Some(run));
                }
            }
            if members.len() == before {
                return;
            }
        }
    }

    /// Remembers that this process was found to have ended: if it is seen again, it is a zombie,
    /// and nothing can have come of it since.
    pub(crate) fn bury(&mut self, gone: &Sighting) {
        let known = Known {
            inode: gone.inode,
            place: Place::OUTSIDE,
        };
        self.known.insert(gone.pid.as_raw(), known);
    }

    /// Reads a process for the first time.
    fn meet(&mut self, pid: Pid) -> Met {
        let Ok(session) = getsid(Some(pid)) else {
            return Met::Unclear;
        };
        if session == Place::OUTSIDE.session {
            return Met::Alive(Place::OUTSIDE);
        }
        // Read twice where there is none, because the first may have been before the end of an exec
        // and the command line after it.
        for _ in 0..2 {
            read(pid, "environ", &mut self.buffer);
            if !self.buffer.is_empty() {
                break;
            }
            read(pid, "cmdline", &mut self.buffer);
            if self.buffer.is_empty() {
                return if is_zombie(pid) {
                    Met::Zombie
                } else {
                    Met::Unclear
                };
            }
            self.buffer.clear();
        }
        let run = self.mark.read(&self.buffer);
        Met::Alive(Place { session, run })
    }
}

impl Sighting {
    /// Whether the process is still the one that was seen, by its folder or by its mark.
    ///
    /// Only a process that is alive after this was asked has answered for itself.
    pub(crate) fn is_still_there(&self, mark: &Mark) -> bool {
        let folder = fs::metadata(format!("/proc/{}", self.pid));
        if folder.is_ok_and(|folder| folder.ino() == self.inode) {
            return true;
        }
        let Place { session, run } = self.place;
        run.is_some() && run_of(self.pid, mark) == run || session_of(self.pid) == Some(session)
    }
}

impl Place {
    /// Where no run of ours can be.
    const OUTSIDE: Self = Self {
        session: Pid::from_raw(0),
        run: None,
    };
}

/// The session of a process; none for one that is gone.
pub(crate) fn session_of(pid: Pid) -> Option<Pid> {
    getsid(Some(pid)).ok()
}

/// The run whose mark this process bears.
pub(crate) fn run_of(pid: Pid, mark: &Mark) -> Option<RunId> {
    let mut environ = Vec::new();
    read(pid, "environ", &mut environ);
    mark.read(&environ)
}

/// Every pid with the number of its folder, in ascending order.
///
/// Errors: no descriptor to be had.
fn list() -> io::Result<Vec<(Pid, u64)>> {
    let process = |entry: fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        Some((Pid::from_raw(pid), entry.ino()))
    };
    let folder = fs::read_dir("/proc")?;
    Ok(folder.filter_map(Result::ok).filter_map(process).collect())
}

/// Reads one file about a process into `into`, which is empty afterwards where it cannot be read.
fn read(pid: Pid, name: &str, into: &mut Vec<u8>) {
    into.clear();
    let opened = File::open(format!("/proc/{pid}/{name}"));
    if opened.and_then(|mut file| file.read_to_end(into)).is_err() {
        into.clear();
    }
}

fn is_zombie(pid: Pid) -> bool {
    let state = Stat::of(pid).and_then(|stat| stat.state());
    matches!(state, Some('Z' | 'X'))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Child, Command};

    use super::*;

    /// A child that is killed with the test.
    struct Sleeper(Child);

    impl Drop for Sleeper {
        fn drop(&mut self) {
            self.0.kill().and_then(|()| self.0.wait()).unwrap();
        }
    }

    /// Starts a program in a session of its own, as the launcher does: what is tested may itself be
    /// in one whose leader is outside our view, which has no number here.
    fn start(program: &mut Command) -> Sleeper {
        let child = Sleeper(program.spawn().unwrap());
        while session_of(pid_of(&child)) != Some(pid_of(&child)) {
            std::thread::yield_now();
        }
        child
    }

    fn pid_of(child: &Sleeper) -> Pid {
        Pid::from_raw(child.0.id().cast_signed())
    }

    /// Looks until it is seen: its session is new before the end of the exec.
    fn see(processes: &mut Processes, pid: Pid) -> Sighting {
        loop {
            let look = processes.look(&[]);
            let found = look.seen.iter().find(|it| it.pid == pid);
            match found {
                Some(found) => return *found,
                None => assert!(!look.is_sure, "a look is sure and has missed it"),
            }
        }
    }

    #[test]
    fn a_process_is_seen_with_its_mark_and_known_again_by_its_folder() {
        let mark = Mark::new(Path::new("/some/home"));
        let mut processes = Processes::new(mark.clone());
        let mut command = Command::new("setsid");
        let command = command.args(["sleep", "1000"]);
        let child = start(command.env("WSD_RUN", "/some/home/12"));
        let pid = pid_of(&child);
        for _ in 0..2 {
            let seen = see(&mut processes, pid);
            assert_eq!(seen.place.run, Some(RunId(12)));
            assert_eq!(seen.place.session, pid);
            let folder = fs::metadata(format!("/proc/{pid}")).unwrap();
            assert_eq!(folder.ino(), seen.inode);
            assert!(seen.is_still_there(&mark));
        }
        let seen = see(&mut processes, pid);
        drop(child);
        assert!(!seen.is_still_there(&mark));
    }

    #[test]
    fn a_zombie_raises_doubt_once() {
        let mut processes = Processes::new(Mark::new(Path::new("/some/home")));
        let mut command = Command::new("setsid");
        let child = start(command.arg("true"));
        let pid = pid_of(&child);
        while !is_zombie(pid) {
            std::thread::yield_now();
        }
        assert!(matches!(processes.meet(pid), Met::Zombie));
        assert!(!processes.look(&[]).is_sure);
        assert!(processes.known.contains_key(&pid.as_raw()));
        let look = processes.look(&[]);
        assert!(look.seen.iter().all(|it| it.pid != pid));
    }
}
