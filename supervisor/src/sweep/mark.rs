//! The mark by which a process is known to belong to a run, wherever it has gone.
//!
//! Each run gets the variable `WSD_RUN=<home>/<run>`, and what it starts inherits it. A process
//! that forks twice and makes a session of its own loses parent, group and session; its
//! environment, as the kernel shows it in `/proc/PID/environ`, it keeps. A program that empties its
//! environment, or writes over that memory to change its title, after it left the session is not
//! found by it.

use std::path::Path;

use protocol::RunId;

/// The variable's name.
pub(crate) const NAME: &str = "WSD_RUN";

/// The marks of one home.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    /// `<home>/`, as it stands before the run's number.
    home: String,
    /// `WSD_RUN=<home>/`, as it stands in an environment.
    prefix: Vec<u8>,
}

impl Mark {
    /// The marks of this home, an absolute path.
    pub(crate) fn new(home: &Path) -> Self {
        let home = format!("{}/", home.to_string_lossy());
        let prefix = format!("{NAME}={home}").into_bytes();
        Self { home, prefix }
    }

    /// The variable's value for this run.
    pub(crate) fn value(&self, run: RunId) -> String {
        format!("{}{run}", self.home)
    }

    /// The run whose mark stands in this environment: entries with a zero byte after each.
    pub(crate) fn read(&self, environ: &[u8]) -> Option<RunId> {
        let digits = environ
            .split(|byte| *byte == 0)
            .find_map(|entry| entry.strip_prefix(&*self.prefix))?;
        let number = std::str::from_utf8(digits).ok()?;
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| number.parse().ok().map(RunId))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_entry_of_this_home_with_a_whole_number_is_a_mark() {
        let mark = Mark::new(Path::new("/home/a/.wsd"));
        let read = |environ: &str| mark.read(environ.as_bytes());
        assert_eq!(mark.value(RunId(7)), "/home/a/.wsd/7");
        assert_eq!(read("A=1\0WSD_RUN=/home/a/.wsd/7\0B=2\0"), Some(RunId(7)));
        for other in [
            "",
            "XWSD_RUN=/home/a/.wsd/7\0",
            "A=WSD_RUN=/home/a/.wsd/7\0",
            "WSD_RUN=/home/b/.wsd/7\0",
            "WSD_RUN=/home/a/.wsd/\0",
            "WSD_RUN=/home/a/.wsd/x/7\0",
            "WSD_RUN=/home/a/.wsd/+7\0",
        ] {
            assert_eq!(read(other), None, "{other:?}");
        }
    }
}
