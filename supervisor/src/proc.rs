//! What `/proc` tells of a process or a thread, named by its folder there.

use std::fmt::Display;
use std::fs;
use std::io;

use nix::unistd::Pid;

/// A process that is about to be gone. Source: `PF_EXITING`, linux/sched.h.
const EXITING: u64 = 0x4;

/// The file `stat`, from its third field on. Source: proc(5); the second is the name, in parentheses,
/// and may hold anything.
#[derive(Debug)]
pub(crate) struct Stat(String);

/// The file `status`: a line for each field. Its name, too, may hold anything, and may be cut within a
/// letter.
#[derive(Debug)]
pub(crate) struct Status(String);

impl Stat {
    /// That of what is there; none for what is gone.
    pub(crate) fn of(folder: impl Display) -> Option<Self> {
        let stat = fs::read(format!("/proc/{folder}/stat")).ok()?;
        Self::read(&stat)
    }

    fn read(stat: &[u8]) -> Option<Self> {
        let stat = String::from_utf8_lossy(stat);
        let (_, fields) = stat.rsplit_once(") ")?;
        Some(Self(fields.to_owned()))
    }

    /// What it does: a letter.
    pub(crate) fn state(&self) -> Option<char> {
        self.0.chars().next()
    }

    /// Its parent; none for one whose parent is outside our view.
    pub(crate) fn parent(&self) -> Option<Pid> {
        let parent = self.field(1)?.parse().ok().filter(|parent| *parent > 0)?;
        Some(Pid::from_raw(parent))
    }

    /// Whether it ends, or has ended.
    pub(crate) fn is_ending(&self) -> bool {
        let flags = self.field(6).and_then(|flags| flags.parse::<u64>().ok());
        flags.is_none_or(|flags| flags & EXITING != 0)
    }

    fn field(&self, place: usize) -> Option<&str> {
        self.0.split_ascii_whitespace().nth(place)
    }
}

impl Status {
    /// That of what is there.
    ///
    /// Errors: it is gone, or may not be looked at.
    pub(crate) fn of(folder: impl Display) -> io::Result<Self> {
        let status = fs::read(format!("/proc/{folder}/status"))?;
        Ok(Self(String::from_utf8_lossy(&status).into_owned()))
    }

    /// A field, by its name with the colon.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.0.lines();
        lines
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim)
    }

    /// A field that is the number of a process.
    pub(crate) fn process(&self, name: &str) -> Option<Pid> {
        self.field(name)?.parse().ok().map(Pid::from_raw)
    }
}

/// The parent of a process; none for one that is gone.
pub(crate) fn parent_of(process: Pid) -> Option<Pid> {
    Stat::of(process)?.parent()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let stat = Stat::read(b"7 (a) Z 9 (\xff) S 12 7 7 0 -1 4194308 0").unwrap();
        assert_eq!(stat.state(), Some('S'));
        assert_eq!(stat.parent(), Some(Pid::from_raw(12)));
        assert!(stat.is_ending());
        let lives = Stat::read(b"7 (a) S 0 7 7 0 -1 4194304 0").unwrap();
        assert_eq!(lives.parent(), None);
        assert!(!lives.is_ending());
    }

    #[test]
    fn a_thread_whose_name_is_no_text_is_known() {
        let named = std::thread::spawn(|| {
            nix::sys::prctl::set_name(c"\xc3").unwrap();
            Status::of(nix::unistd::gettid()).map(|status| status.process("Tgid:"))
        });
        assert_eq!(named.join().unwrap().unwrap(), Some(Pid::this()));
    }

    #[test]
    fn we_are_known() {
        let (own, parent) = (Pid::this(), Pid::parent());
        assert_eq!(parent_of(own), (parent.as_raw() > 0).then_some(parent));
        let status = Status::of(own).unwrap();
        assert_eq!(status.process("Tgid:"), Some(own));
        assert_eq!(status.process("PPid:"), Some(parent));
        assert_eq!(status.field("Nothing:"), None);
    }
}
