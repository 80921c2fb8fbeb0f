//! One followed file: where reading has got to, and the line that is not whole yet.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::mem;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::Context as _;
use nix::sys::inotify::WatchDescriptor;

use super::{Format, LogFile, tail};
use crate::context::Context;

/// How much is read at once, in bytes.
const PIECE: usize = 64 * 1024;

/// The longest line that is held back until it is whole, in bytes. The daemon cuts longer ones.
const LINE_MAX: usize = 2 * 1024 * 1024;

/// One followed file.
#[derive(Debug)]
pub(super) struct Followed {
    /// Which.
    pub(super) log: LogFile,
    /// The watch on the open file; none where none is open.
    pub(super) file_watch: Option<WatchDescriptor>,
    /// The watch on its folder; none where that is not there.
    pub(super) folder_watch: Option<WatchDescriptor>,
    open: Option<File>,
    /// Up to where it has been read, in bytes from its start.
    at: u64,
    /// What was read of a line whose end has not been.
    rest: Vec<u8>,
}

impl Followed {
    /// A file that has not been looked at.
    pub(super) const fn new(log: LogFile) -> Self {
        Self {
            log,
            file_watch: None,
            folder_watch: None,
            open: None,
            at: 0,
            rest: Vec::new(),
        }
    }

    /// Opens what is at the path, from its start. That nothing is there yet is no error.
    pub(super) fn open(&mut self) -> anyhow::Result<()> {
        self.at = 0;
        self.open = match File::open(&self.log.path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                let why = crate::words::io_error(&error);
                let path = self.log.path.display();
                return Err(anyhow::anyhow!("failed to read the log {path}: {why}"));
            }
        };
        Ok(())
    }

    /// When it was last written to; none where it is not there.
    pub(super) fn modified(&self) -> Option<SystemTime> {
        self.open.as_ref()?.metadata().ok()?.modified().ok()
    }

    /// Goes to the start of the last `lines` lines.
    pub(super) fn seek_back(&mut self, lines: u64) -> anyhow::Result<()> {
        if let Some(file) = &self.open {
            self.at = tail::start_of_last(file, lines).with_context(|| self.failed())?;
        }
        Ok(())
    }

    /// Whether there is something after the place that reading has got to.
    pub(super) fn has_more(&self) -> anyhow::Result<bool> {
        Ok(self.length()?.is_some_and(|length| length > self.at))
    }

    /// Prints all whole lines that have not been. A file that is shorter than what was read was
    /// truncated, and is read from its start.
    pub(super) fn print_to_end(
        &mut self,
        format: &Format,
        context: &mut Context,
    ) -> anyhow::Result<()> {
        if self.length()?.is_some_and(|length| length < self.at) {
            self.at = 0;
            self.rest.clear();
        }
        let mut piece = vec![0; PIECE];
        while !context.printer.reader_is_gone() {
            let length = self.read_on(&mut piece).with_context(|| self.failed())?;
            let Some(read) = piece.get(..length).filter(|read| !read.is_empty()) else {
                break;
            };
            let mut shown = Vec::with_capacity(length * 2);
            self.cut(read, format, &mut shown);
            context.printer.bytes(&shown)?;
        }
        Ok(())
    }

    /// Prints the line that has no end, as there is none to come.
    pub(super) fn print_rest(
        &mut self,
        format: &Format,
        context: &mut Context,
    ) -> anyhow::Result<()> {
        if self.rest.is_empty() {
            return Ok(());
        }
        let rest = mem::take(&mut self.rest);
        let mut shown = Vec::new();
        format.line(&self.log, &rest, &mut shown);
        context.printer.bytes(&shown)
    }

    /// Whether another file is at the path than the open one. While nothing is there the open one
    /// stays: after a rename it may still be written to.
    pub(super) fn is_replaced(&self) -> bool {
        let Ok(there) = fs::metadata(&self.log.path) else {
            return false;
        };
        let open = self.open.as_ref().and_then(|file| file.metadata().ok());
        open.is_none_or(|open| (open.dev(), open.ino()) != (there.dev(), there.ino()))
    }

    /// A path that leads to the open file, whatever its name is; none where none is open.
    pub(super) fn descriptor_path(&self) -> Option<PathBuf> {
        let descriptor = self.open.as_ref()?.as_raw_fd();
        Some(PathBuf::from(format!("/proc/self/fd/{descriptor}")))
    }

    fn length(&self) -> anyhow::Result<Option<u64>> {
        let metadata = self.open.as_ref().map(File::metadata).transpose();
        let metadata = metadata.with_context(|| self.failed())?;
        Ok(metadata.map(|metadata| metadata.len()))
    }

    fn read_on(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        let Some(file) = &self.open else {
            return Ok(0);
        };
        let length = file.read_at(piece, self.at)?;
        self.at += u64::try_from(length).map_err(io::Error::other)?;
        Ok(length)
    }

    /// Cuts what was read into lines, and keeps what is behind the last line end.
    fn cut(&mut self, read: &[u8], format: &Format, shown: &mut Vec<u8>) {
        let mut left = read;
        while let Some(end) = left.iter().position(|byte| *byte == b'\n') {
            let (line, after) = left.split_at(end);
            if self.rest.is_empty() {
                format.line(&self.log, line, shown);
            } else {
                self.rest.extend_from_slice(line);
                format.line(&self.log, &mem::take(&mut self.rest), shown);
            }
            left = after.get(1..).unwrap_or_default();
        }
        self.rest.extend_from_slice(left);
        if self.rest.len() > LINE_MAX {
            format.line(&self.log, &mem::take(&mut self.rest), shown);
        }
    }

    fn failed(&self) -> String {
        format!("failed to read the log {}", self.log.path.display())
    }
}
