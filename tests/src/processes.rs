//! Processes as the kernel shows them: one that can be awaited and signalled, and all of a home.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};

pub use rustix::process::Signal;

/// A process that was alive when this was made. Its number cannot become another's.
#[derive(Debug)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    fd: OwnedFd,
}

impl Process {
    /// The process with this number; none where there is no such process.
    #[must_use]
    pub fn open(pid: u32) -> Option<Self> {
        let raw = Pid::from_raw(i32::try_from(pid).ok()?)?;
        let fd = pidfd_open(raw, PidfdFlags::empty()).ok()?;
        Some(Self { pid, fd })
    }

    /// Whether it ends before `limit` has passed. One that has ended and was not reaped counts.
    #[must_use]
    pub fn ends_within(&self, limit: Duration) -> bool {
        let limit = limit.try_into().expect("a test's limit is short");
        let mut wait = [PollFd::new(&self.fd, PollFlags::IN)];
        poll(&mut wait, Some(&limit)).is_ok_and(|ready| ready > 0)
    }

    /// Whether it runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.ends_within(Duration::ZERO)
    }

    /// Sends it a signal; one that has ended gets none.
    ///
    /// # Panics
    /// Where it may not be signalled.
    pub fn signal(&self, signal: Signal) {
        let sent = pidfd_send_signal(&self.fd, signal);
        assert!(
            matches!(sent, Ok(()) | Err(Errno::SRCH)),
            "{} takes no signal: {sent:?}",
            self.pid
        );
    }
}

/// All processes, lowest number first.
#[must_use]
pub fn all() -> Vec<u32> {
    let folder = fs::read_dir("/proc").expect("there is a /proc");
    let mut pids: Vec<u32> = folder
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    pids.sort_unstable();
    pids
}

/// The processes that carry this path in their environment: the daemon of a home, its apps, and
/// whatever those left behind, wherever it went. Empty when nothing is left.
#[must_use]
pub fn of_home(home: &Path) -> Vec<Process> {
    let mark = [b"WSD_HOME=", home.as_os_str().as_bytes(), b"\0"].concat();
    all()
        .into_iter()
        .filter(|pid| holds(*pid, &mark))
        .filter_map(Process::open)
        .filter(Process::is_alive)
        .collect()
}

fn holds(pid: u32, mark: &[u8]) -> bool {
    fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|environment| environment.windows(mark.len()).any(|part| part == mark))
}

/// A process in words: its number and its command line.
#[must_use]
pub fn shown(pid: u32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line).replace('\0', " ");
    format!("{pid} {line}")
}

/// The value of one line of `/proc/PID/status`, without its name.
#[must_use]
pub fn status_of(pid: u32, name: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map(|value| value.trim().to_owned())
}

/// How often the threads of a process have gone to sleep by themselves since they were started.
#[must_use]
pub fn sleeps(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    let counts = threads
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|thread| {
            let status = fs::read_to_string(thread.path().join("status")).ok()?;
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
            line.trim().parse::<u64>().ok()
        });
    counts.sum()
}
