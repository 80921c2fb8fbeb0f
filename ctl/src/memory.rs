//! How much memory a process holds, read from the kernel at the moment of asking.

use std::fs::File;
use std::io::Read;

use protocol::Pid;

/// The resident memory of one process in bytes; none where it is gone, another user's, or has let go
/// of all its memory because it ends.
///
/// Staleness: the process may have ended and its number been given to another since the daemon
/// named it; the figure is for showing only.
///
/// Source: proc_pid_statm(5), the second field, in pages.
pub(crate) fn resident(pid: Pid) -> Option<u64> {
    // One read into a buffer of our own: a list of hundreds asks for hundreds of these.
    let mut text = [0; 128];
    let length = File::open(format!("/proc/{pid}/statm"))
        .and_then(|mut file| file.read(&mut text))
        .ok()?;
    let text = str::from_utf8(text.get(..length)?).ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    let page = u64::try_from(rustix::param::page_size()).ok()?;
    pages.checked_mul(page).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_holds_some_memory_and_no_process_zero_does() {
        let own = resident(Pid(std::process::id())).unwrap();
        assert!(own > 100_000, "{own} bytes");
        assert_eq!(resident(Pid(0)), None);
    }

    #[test]
    fn a_process_that_has_ended_and_is_still_there_holds_none() {
        use nix::sys::wait::{Id, WaitPidFlag, waitid};
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let id = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        waitid(Id::Pid(id), flags).unwrap();
        assert_eq!(resident(Pid(child.id())), None);
        child.wait().unwrap();
    }
}
