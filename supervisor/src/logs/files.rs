//! All open log files, each once, however many streams write to it.
//!
//! A file stays open for as long as a stream writes to it or it holds something that could not be
//! written yet.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use config::spec::LogPaths;
use protocol::Reply;
use protocol::reply::DiskError;

use super::file::{LogFile, Trouble};
use super::open::{Opened, empty};
use crate::inbox::InboxSender;

/// How soon a pipe whose reader was slow is tried again.
const SLOW_RETRY: Duration = Duration::from_millis(10);

/// How soon a file that the kernel refused to write is tried again.
const REFUSED_RETRY: Duration = Duration::from_millis(500);

/// An open log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileId(u64);

/// A file and how many streams write to it.
#[derive(Debug)]
struct Entry {
    file: LogFile,
    users: u32,
}

/// All open log files.
#[derive(Debug)]
pub(super) struct Files {
    entries: BTreeMap<FileId, Entry>,
    by_path: BTreeMap<PathBuf, FileId>,
    /// Those that cannot be written now.
    blocked: BTreeSet<FileId>,
    /// When the blocked ones were last tried.
    tried_ms: u64,
    next: u64,
    tell: InboxSender,
}

impl Files {
    /// None yet. `tell` hears of files that cannot be written.
    pub(super) const fn new(tell: InboxSender) -> Self {
        Self {
            entries: BTreeMap::new(),
            by_path: BTreeMap::new(),
            blocked: BTreeSet::new(),
            tried_ms: 0,
            next: 0,
            tell,
        }
    }

    /// Takes one more user of a path in, with the file that was just opened for it. Where the path
    /// is in use already, all its users write to the new descriptor: it is the fresher one.
    pub(super) fn adopt(&mut self, opened: Opened) -> FileId {
        if let Some(&id) = self.by_path.get(&opened.path)
            && let Some(entry) = self.entries.get_mut(&id)
        {
            entry.users += 1;
            entry.file.replace(opened);
            return id;
        }
        let id = FileId(self.next);
        self.next += 1;
        self.by_path.insert(opened.path.clone(), id);
        let file = LogFile::new(opened, self.tell.clone());
        self.entries.insert(id, Entry { file, users: 1 });
        id
    }

    /// One user less.
    pub(super) fn release(&mut self, id: FileId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.users -= 1;
            self.close_if_done(id);
        }
    }

    /// Appends whole lines, see [`LogFile::append`].
    pub(super) fn append(&mut self, id: FileId, now_ms: u64, lines: [&[u8]; 2]) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.file.append(now_ms, lines);
            if entry.file.is_blocked() && self.blocked.insert(id) {
                self.tried_ms = now_ms;
            }
        }
    }

    /// Whether this file cannot be written now.
    pub(super) fn is_blocked(&self, id: FileId) -> bool {
        self.blocked.contains(&id)
    }

    /// In what time [`Files::retry`] has something to do; none while every file can be written.
    pub(super) fn retry_in(&self) -> Option<Duration> {
        let wait = |id| match self.entries.get(id)?.file.trouble()? {
            Trouble::Slow => Some(SLOW_RETRY),
            Trouble::Refused => Some(REFUSED_RETRY),
        };
        self.blocked.iter().filter_map(wait).min()
    }

    /// Tries the blocked files again when it is time to. Returns whether one can be written again.
    pub(super) fn retry(&mut self, now_ms: u64) -> bool {
        let is_due =
            |wait: Duration| u128::from(now_ms.abs_diff(self.tried_ms)) >= wait.as_millis();
        if !self.retry_in().is_some_and(is_due) {
            return false;
        }
        self.retry_now(now_ms)
    }

    /// Opens every path again.
    pub(super) fn reopen(&mut self, now_ms: u64) {
        for entry in self.entries.values_mut() {
            // Where this fails, the file that is open serves on, and the next look at the path
            // meets the same error with lines at hand that must not be lost.
            drop(entry.file.reopen());
        }
        self.retry_now(now_ms);
    }

    /// Empties exactly these files, and says which.
    pub(super) fn flush(&mut self, logs: &[LogPaths], now_ms: u64) -> Reply {
        let mut emptied = Vec::new();
        let mut failed = Vec::new();
        let paths = |logs: &LogPaths| [logs.out.clone(), logs.err.clone(), logs.combined.clone()];
        let unique: BTreeSet<PathBuf> = logs.iter().flat_map(paths).flatten().collect();
        for path in unique {
            match empty(&path) {
                Ok(true) => emptied.push(path),
                Ok(false) => {}
                Err(why) => failed.push(DiskError::new(path, &why)),
            }
        }
        self.retry_now(now_ms);
        Reply::Flushed {
            files: emptied,
            failed,
        }
    }

    /// Tries the blocked files again. Returns whether one can be written again.
    pub(super) fn retry_now(&mut self, now_ms: u64) -> bool {
        self.tried_ms = now_ms;
        let before = self.blocked.len();
        for id in std::mem::take(&mut self.blocked) {
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            entry.file.retry(now_ms);
            if entry.file.is_blocked() {
                self.blocked.insert(id);
            } else {
                self.close_if_done(id);
            }
        }
        self.blocked.len() < before
    }

    fn close_if_done(&mut self, id: FileId) {
        let is_done = |entry: &Entry| entry.users == 0 && !entry.file.is_blocked();
        if self.entries.get(&id).is_some_and(is_done)
            && let Some(entry) = self.entries.remove(&id)
        {
            self.by_path.remove(entry.file.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::inbox;
    use crate::logs::open::open;

    #[test]
    fn a_file_is_open_once_and_as_long_as_somebody_writes_to_it() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("out.log");
        let mut files = Files::new(inbox().0);
        let one = files.adopt(open(&path).unwrap());
        assert_eq!(files.adopt(open(&path).unwrap()), one);
        files.release(one);
        assert_eq!(files.entries.len(), 1);
        files.release(one);
        assert!(files.entries.is_empty() && files.by_path.is_empty());
    }

    #[test]
    fn a_file_that_holds_something_stays_until_it_is_written() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("out.log");
        std::os::unix::fs::symlink("/dev/full", &path).unwrap();
        let mut files = Files::new(inbox().0);
        assert_eq!(files.retry_in(), None);
        let id = files.adopt(open(&path).unwrap());
        files.append(id, 0, [b"line", b"\n"]);
        assert_eq!(files.retry_in(), Some(REFUSED_RETRY));
        files.release(id);
        std::fs::remove_file(&path).unwrap();
        assert!(!files.retry(499));
        assert!(files.retry(5000));
        assert_eq!(files.retry_in(), None);
        assert!(files.entries.is_empty());
        assert_eq!(std::fs::read(&path).unwrap(), b"line\n");
    }
}
