//! Where everything of one home lies.

use std::path::{Path, PathBuf};

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
        self.home.join("wsd.log")
    }
}
