//! One log file: written whole lines at a time, followed when it is moved away, waited for when it
//! cannot be written.
//!
//! While the disk is full or broken the file holds what a write left over, and whoever writes to it
//! looks at [`LogFile::is_blocked`] first and stops reading its apps' pipes: the pipes fill, the
//! apps wait, and nothing is lost. Only what runs that ended meanwhile had still in their pipes is
//! taken in on top, up to [`HELD_MAX`]; what does not fit is counted, and a line in the file says
//! how much it was.

use std::fs::{self, File};
use std::io::{self, IoSlice, Write};
use std::path::{Path, PathBuf};

use fleet::Event;
use protocol::Notice;
use protocol::reply::DiskError;

use super::open::{self, Identity, NotOpened, Opened};
use crate::inbox::InboxSender;

/// How much a file that cannot be written holds before it takes no more in, in bytes.
const HELD_MAX: usize = 4 * 1024 * 1024;

/// How often at most it is looked whether the path still leads to the file, in milliseconds.
const LOOK_EVERY_MS: u64 = 1000;

/// Why a file is not written to just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is a pipe or a terminal, and its reader is slow.
    Slow,
    /// The kernel refuses; it has been told.
    Refused,
}

/// A log file, open for appending.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    identity: Identity,
    /// When it was last looked whether the path leads to this file.
    looked_ms: u64,
    trouble: Option<Trouble>,
    /// What could not be written yet; empty without trouble.
    held: Vec<u8>,
    /// How many bytes did not fit into `held`.
    lost: u64,
    tell: InboxSender,
}

impl LogFile {
    /// Takes over a file that was opened just now.
    pub(super) fn new(opened: Opened, tell: InboxSender) -> Self {
        Self {
            path: opened.path,
            file: opened.file,
            identity: opened.identity,
            looked_ms: 0,
            trouble: None,
            held: Vec::new(),
            lost: 0,
            tell,
        }
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it cannot be written now, and why.
    pub(super) const fn trouble(&self) -> Option<Trouble> {
        self.trouble
    }

    /// Whether nothing should be read that would be written here.
    pub(super) const fn is_blocked(&self) -> bool {
        self.trouble.is_some()
    }

    /// The path was opened again; from here on that file is written.
    pub(super) fn replace(&mut self, opened: Opened) {
        self.file = opened.file;
        self.identity = opened.identity;
    }

    /// Appends whole lines, in one write where the kernel takes them so.
    ///
    /// What cannot be written is held, and the file is blocked from here on.
    pub(super) fn append(&mut self, now_ms: u64, lines: [&[u8]; 2]) {
        if self.is_blocked() {
            return self.hold_if_room(lines);
        }
        let (done, result) = match self.follow_path(now_ms) {
            Ok(()) => write_all(&self.file, lines),
            Err(why) => (0, Err(why)),
        };
        if let Err(why) = result {
            let from_head = done.min(lines[0].len());
            self.held.extend_from_slice(&lines[0][from_head..]);
            self.held.extend_from_slice(&lines[1][done - from_head..]);
            self.refused(&why);
        }
    }

    /// Tries what is held again.
    pub(super) fn retry(&mut self, now_ms: u64) {
        let held = std::mem::take(&mut self.held);
        let (done, result) = match self.follow_path(now_ms) {
            Ok(()) => write_all(&self.file, [&held, &[]]),
            Err(why) => (0, Err(why)),
        };
        match result {
            Ok(()) => self.resumed(now_ms),
            Err(why) => {
                self.held = held[done..].to_vec();
                self.refused(&why);
            }
        }
    }

    /// Opens the path again, whether or not it still leads to the same file.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        let opened = open::open(&self.path).map_err(|NotOpened { why, .. }| why)?;
        self.replace(opened);
        Ok(())
    }

    /// Opens the path again where it leads elsewhere by now. Looks once a second at most.
    fn follow_path(&mut self, now_ms: u64) -> io::Result<()> {
        if now_ms.abs_diff(self.looked_ms) < LOOK_EVERY_MS {
            return Ok(());
        }
        match fs::metadata(&self.path) {
            Ok(metadata) if Identity::of(&metadata) == self.identity => {}
            Ok(_) | Err(_) => self.reopen()?,
        }
        self.looked_ms = now_ms;
        Ok(())
    }

    fn hold_if_room(&mut self, lines: [&[u8]; 2]) {
        let more = lines[0].len() + lines[1].len();
        if self.held.len() + more > HELD_MAX {
            self.lost += more as u64;
        } else {
            self.held.extend_from_slice(lines[0]);
            self.held.extend_from_slice(lines[1]);
        }
    }

    fn refused(&mut self, why: &io::Error) {
        if why.kind() == io::ErrorKind::WouldBlock {
            self.trouble.get_or_insert(Trouble::Slow);
            return;
        }
        if self.trouble.replace(Trouble::Refused) != Some(Trouble::Refused) {
            self.tell(Notice::LogBlocked {
                why: DiskError::new(&self.path, why),
            });
        }
    }

    fn resumed(&mut self, now_ms: u64) {
        if self.trouble.take() == Some(Trouble::Refused) {
            self.tell(Notice::LogResumed {
                file: self.path.clone(),
            });
        }
        let lost = std::mem::take(&mut self.lost);
        if lost > 0 {
            let line =
                format!("<wsd: {lost} bytes of runs that had ended did not fit and are lost>\n");
            self.append(now_ms, [line.as_bytes(), &[]]);
        }
    }

    fn tell(&self, notice: Notice) {
        self.tell.send(Event::Told { notice });
    }
}

/// Writes both parts, in one call where the kernel takes them so. Returns how much was written.
fn write_all(mut file: &File, parts: [&[u8]; 2]) -> (usize, io::Result<()>) {
    let mut slices = parts.map(IoSlice::new);
    let mut left = &mut slices[..];
    IoSlice::advance_slices(&mut left, 0);
    let mut done = 0;
    while !left.is_empty() {
        match file.write_vectored(left) {
            Ok(0) => return (done, Err(io::ErrorKind::WriteZero.into())),
            Ok(written) => {
                done += written;
                IoSlice::advance_slices(&mut left, written);
            }
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return (done, Err(why)),
        }
    }
    (done, Ok(()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::inbox::inbox;

    #[test]
    fn what_does_not_fit_while_it_waits_is_counted_in_the_file() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("out.log");
        symlink("/dev/full", &path).unwrap();
        let (tell, _inbox) = inbox();
        let mut file = LogFile::new(open::open(&path).unwrap(), tell);
        let line = [&[b'x'; 1023][..], b"\n"].concat();
        for _ in 0..HELD_MAX / 1024 + 3 {
            file.append(0, [&line[..500], &line[500..]]);
        }
        fs::remove_file(&path).unwrap();
        file.retry(LOOK_EVERY_MS);
        assert_eq!(file.trouble(), None);
        let written = fs::read(&path).unwrap();
        let (held, told) = written.split_at(HELD_MAX);
        assert!(held.chunks(1024).all(|chunk| chunk == line));
        let told = String::from_utf8_lossy(told);
        assert_eq!(
            told,
            "<wsd: 3072 bytes of runs that had ended did not fit and are lost>\n"
        );
    }

    #[test]
    fn a_write_that_stops_halfway_says_how_far_it_came() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        rustix::io::ioctl_fionbio(&writer, true).unwrap();
        let writer = File::from(writer);
        let [head, body] = [[b'a'; 40_000], [b'b'; 40_000]];
        let (done, result) = write_all(&writer, [&head, &body]);
        assert_eq!(done, 65_536);
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop((reader, writer));
    }
}
