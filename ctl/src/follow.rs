//! Following log files: their last lines first, then what is added, without a seam between.
//!
//! The files are read where they are; the daemon carries no log byte. A file is watched before it is
//! read, so nothing falls between backlog and news. When it is rotated by a rename, the old one is
//! read to its end and the next is opened; when it is truncated, reading starts over.
//!
//! Each file has two watches: its inode, for what is written, and its folder, for what is created
//! or renamed there. Other files of that folder cost nothing when they grow.

mod file;
mod format;
mod tail;

use std::ffi::OsStr;
use std::os::fd::AsFd;

use anyhow::Context as _;
use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};
use protocol::InstanceId;

use crate::context::Context;
use crate::exit::Exit;
use crate::wait::{Waiter, Woken};

use self::file::Followed;
pub(crate) use self::format::Format;

/// A log file and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogFile {
    /// Where it is, or will be.
    pub(crate) path: std::path::PathBuf,
    /// The name of the app.
    pub(crate) app: String,
    /// The instance; of several that write to it, the first.
    pub(crate) id: InstanceId,
    /// What it holds.
    pub(crate) stream: Stream,
}

/// What a log file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output, or both.
    Out,
    /// Standard error.
    Err,
}

/// What is wanted of log files.
#[derive(Debug)]
pub(crate) struct Wish {
    /// How many of the last lines of each come first.
    pub(crate) lines: u64,
    /// Whether to go on.
    pub(crate) follow: bool,
    /// How a line is printed.
    pub(crate) format: Format,
}

/// Prints the last lines of each file, the one that was written last at the end; then follows them
/// until the person or the reader has had enough.
pub(crate) fn run(files: Vec<LogFile>, wish: &Wish, context: &mut Context) -> anyhow::Result<Exit> {
    let mut files: Vec<Followed> = files.into_iter().map(Followed::new).collect();
    if !wish.follow {
        print_ends(&mut files, wish, context)?;
        return Ok(Exit::Done);
    }
    let waiter = Waiter::new()?;
    let mut watches = Watches::new()?;
    for file in &mut files {
        watches.watch_folder(file, context);
    }
    print_ends(&mut files, wish, context)?;
    for file in &mut files {
        watches.watch_file(file)?;
    }
    print_news(&mut files, wish, context)?;
    while !context.printer.reader_is_gone() {
        if waiter.wait(watches.inotify.as_fd())? == Woken::Leave {
            break;
        }
        watches.take_in(&mut files, wish, context)?;
    }
    Ok(Exit::Done)
}

/// Opens all files that are there and prints their ends.
fn print_ends(files: &mut [Followed], wish: &Wish, context: &mut Context) -> anyhow::Result<()> {
    for file in files.iter_mut() {
        file.open()?;
    }
    files.sort_by_key(Followed::modified);
    for file in files {
        file.seek_back(wish.lines)?;
        if wish.lines > 0 && file.has_more()? && wish.format.has_headings() {
            let path = file.log.path.display();
            let last = match wish.lines {
                1 => "last line".to_owned(),
                lines => format!("last {lines} lines"),
            };
            context.printer.note(&format!("{path}, {last}:"));
        }
        file.print_to_end(&wish.format, context)?;
        if !wish.follow {
            file.print_rest(&wish.format, context)?;
        }
    }
    Ok(())
}

fn print_news(files: &mut [Followed], wish: &Wish, context: &mut Context) -> anyhow::Result<()> {
    for file in files {
        file.print_to_end(&wish.format, context)?;
    }
    Ok(())
}

/// The kernel's word on what happens to the files.
#[derive(Debug)]
struct Watches {
    inotify: Inotify,
}

impl Watches {
    fn new() -> anyhow::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)
            .context("failed to watch files")?;
        Ok(Self { inotify })
    }

    /// Watches the folder for a file of that name to come. A folder that is not there is said once;
    /// it is not waited for.
    fn watch_folder(&self, file: &mut Followed, context: &Context) {
        let flags = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO;
        let Some(folder) = file.log.path.parent() else {
            return;
        };
        match self.inotify.add_watch(folder, flags) {
            Ok(watch) => file.folder_watch = Some(watch),
            Err(errno) => {
                let why = crate::words::errno(errno as i32);
                let folder = folder.display();
                context
                    .printer
                    .warn(&format!("cannot watch {folder}: {why}"));
            }
        }
    }

    /// Watches the open file itself, whatever it is called by now.
    fn watch_file(&self, file: &mut Followed) -> anyhow::Result<()> {
        if let Some(before) = file.file_watch.take() {
            // The kernel drops the watch of a deleted file by itself.
            self.inotify.rm_watch(before).unwrap_or_default();
        }
        let Some(open) = file.descriptor_path() else {
            return Ok(());
        };
        let watch = self.inotify.add_watch(&open, AddWatchFlags::IN_MODIFY);
        file.file_watch =
            Some(watch.with_context(|| format!("failed to watch {}", file.log.path.display()))?);
        Ok(())
    }

    /// Takes in what has happened and prints what is new.
    fn take_in(
        &mut self,
        files: &mut [Followed],
        wish: &Wish,
        context: &mut Context,
    ) -> anyhow::Result<()> {
        let events = match self.inotify.read_events() {
            Ok(events) => events,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(()),
            Err(errno) => return Err(errno).context("failed to read what happened to files"),
        };
        for file in files {
            if events.iter().any(|event| concerns(event, file)) {
                file.print_to_end(&wish.format, context)?;
                if file.is_replaced() {
                    file.print_rest(&wish.format, context)?;
                    file.open()?;
                    self.watch_file(file)?;
                    file.print_to_end(&wish.format, context)?;
                }
            }
        }
        Ok(())
    }
}

/// Whether an event may be about a file. An overflow of the kernel's queue is about all.
fn concerns(event: &InotifyEvent, file: &Followed) -> bool {
    let is = |watch: Option<WatchDescriptor>| watch == Some(event.wd);
    let named = event.name.as_deref();
    let is_its_name = named.is_some_and(|name| Some(name) == file.log.path.file_name());
    event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW)
        || is(file.file_watch)
        || (is(file.folder_watch) && (is_its_name || named == Some(OsStr::new(""))))
}
