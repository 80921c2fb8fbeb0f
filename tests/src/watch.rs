//! Waiting for what a file says, woken by the kernel when it changes.

use std::fs;
use std::path::{Path, PathBuf};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use std::os::fd::AsFd;

use crate::Deadline;

/// The changes of one folder.
#[derive(Debug)]
pub struct Watch {
    changes: Inotify,
}

impl Watch {
    /// Watches a folder, which is made where it is not there.
    ///
    /// # Panics
    /// Where it cannot be.
    #[must_use]
    pub fn on(folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("a test can make its folders");
        let changes = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)
            .expect("the kernel has inotify");
        let what = AddWatchFlags::IN_MODIFY
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_ATTRIB
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_DELETE;
        changes
            .add_watch(folder, what)
            .expect("a folder of the test can be watched");
        Self { changes }
    }

    /// Waits until something in the folder has changed or the deadline has passed.
    ///
    /// # Panics
    /// Never, but for a kernel that refuses to wait.
    pub fn change(&self, deadline: Deadline) {
        let left = u16::try_from(deadline.left().as_millis()).unwrap_or(u16::MAX);
        let mut wait = [PollFd::new(self.changes.as_fd(), PollFlags::POLLIN)];
        poll(&mut wait, PollTimeout::from(left)).expect("the kernel waits");
        while self.changes.read_events().is_ok() {}
    }
}

/// Waits until `pick` gives something for what the file holds, which is nothing where it is not there.
///
/// # Errors
/// What the file holds, where the deadline has passed.
pub fn file<T>(
    path: &Path,
    deadline: Deadline,
    mut pick: impl FnMut(&[u8]) -> Option<T>,
) -> Result<T, Vec<u8>> {
    let read = || fs::read(path).unwrap_or_default();
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    until(&folder, deadline, || pick(&read())).ok_or_else(read)
}

/// Waits until `pick` gives something; it is asked again whenever something in the folder changes.
/// None where the deadline has passed.
pub fn until<T>(
    folder: &Path,
    deadline: Deadline,
    mut pick: impl FnMut() -> Option<T>,
) -> Option<T> {
    let watch = Watch::on(folder);
    loop {
        let found = pick();
        if found.is_some() || deadline.is_over() {
            return found;
        }
        watch.change(deadline);
    }
}
