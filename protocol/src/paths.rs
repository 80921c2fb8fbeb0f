//! Where everything of one home lies.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The longest path that a socket can have, in bytes. Source: unix(7), `sun_path` without its zero.
pub const SOCKET_PATH_MAX: usize = 107;

const START_LOCK: &str = "start.lock";
const DAEMON_LOG: &str = "wsd.log";

/// The files of one `WSD_HOME`. One daemon runs per home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    home: PathBuf,
}

impl Paths {
    /// The paths below `home`, which must be absolute.
    #[must_use]
    pub const fn new(home: PathBuf) -> Self {
        Self { home }
    }

    /// The home of this user: `WSD_HOME`, else `~/.wsd`; none where neither is known. A relative
    /// `WSD_HOME` is taken against `cwd`.
    #[must_use]
    pub fn find(wsd_home: Option<PathBuf>, user_home: Option<PathBuf>, cwd: &Path) -> Option<Self> {
        let named = wsd_home.filter(|path| !path.as_os_str().is_empty());
        let home = named.or_else(|| user_home.map(|home| home.join(".wsd")))?;
        Some(Self::new(cwd.join(home)))
    }

    /// The folder itself, 0700.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The control socket, 0600.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.home.join("wsd.sock")
    }

    /// By how many bytes the home's path is too long for a socket in it; none where it fits.
    #[must_use]
    pub fn excess(&self) -> Option<usize> {
        let length = self.socket().as_os_str().len();
        length
            .checked_sub(SOCKET_PATH_MAX)
            .filter(|excess| *excess > 0)
    }

    /// The lock that the one daemon holds; its text is the daemon's process number.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.home.join("wsd.lock")
    }

    /// The goals, 0600.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.home.join("state.json")
    }

    /// The generation of the goals before.
    #[must_use]
    pub fn state_before(&self) -> PathBuf {
        self.home.join("state.json.before")
    }

    /// What `wsctl save` wrote.
    #[must_use]
    pub fn dump(&self) -> PathBuf {
        self.home.join("dump.json")
    }

    /// The apps' log files, unless they say otherwise.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.home.join("logs")
    }

    /// The apps' pid files, unless they say otherwise.
    #[must_use]
    pub fn pids(&self) -> PathBuf {
        self.home.join("pids")
    }

    /// The daemon's own log.
    #[must_use]
    pub fn daemon_log(&self) -> PathBuf {
        self.home.join(DAEMON_LOG)
    }

    /// The lock of whoever starts the daemon, so that two of them start one.
    #[must_use]
    pub fn start_lock(&self) -> PathBuf {
        self.home.join(START_LOCK)
    }

    /// Whether a file of this name is put into a home before its daemon runs. Any other in a folder
    /// without the daemon's lock says that the folder is in use for something else.
    #[must_use]
    pub fn is_put_before_the_daemon(name: &OsStr) -> bool {
        name == START_LOCK || name == DAEMON_LOG
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_too_long_when_its_socket_has_a_byte_more_than_the_kernel_takes() {
        let home = |length: usize| Paths::new(PathBuf::from(format!("/{}", "x".repeat(length))));
        let fits = SOCKET_PATH_MAX - "//wsd.sock".len();
        assert_eq!(home(fits).excess(), None);
        assert_eq!(home(fits + 3).excess(), Some(3));
    }
}
