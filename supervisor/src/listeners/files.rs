//! Notices that a socket file has lost a name.

use std::collections::BTreeMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};

use super::key::Key;

/// Room for some events, in bytes; without names they are short.
const EVENTS_BYTES: usize = 1024;

/// The files that are watched: not their folders, in which much may happen, but what they are.
#[derive(Debug)]
pub(super) struct Files {
    kernel: OwnedFd,
    /// Whose file a watch is of. One that is no member's any more ends with the file.
    keys: BTreeMap<i32, Key>,
}

impl Files {
    /// Without any yet.
    ///
    /// Errors: the user has too many of these already.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            kernel: inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?,
            keys: BTreeMap::new(),
        })
    }

    /// Watches a file, which this name leads to.
    ///
    /// Errors: the user watches too many already.
    pub(super) fn watch(&mut self, link: &Path, key: &Key) -> io::Result<()> {
        let watch = inotify::add_watch(&self.kernel, link, WatchFlags::ATTRIB)?;
        self.keys.insert(watch, key.clone());
        Ok(())
    }

    /// Whose files have changed since this was asked last; some of them perhaps more than once.
    pub(super) fn changed(&mut self) -> Vec<Key> {
        let mut room = [MaybeUninit::uninit(); EVENTS_BYTES];
        let mut events = inotify::Reader::new(&self.kernel, &mut room);
        let mut changed = Vec::new();
        while let Ok(event) = events.next() {
            if event.events().contains(ReadFlags::IGNORED) {
                self.keys.remove(&event.wd());
            } else {
                changed.extend(self.keys.get(&event.wd()).cloned());
            }
        }
        changed
    }
}

impl AsFd for Files {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.kernel.as_fd()
    }
}
