//! Opening a log file: its folders made where they are missing, nothing of it for other users.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

/// Which file lies behind a path, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    dev: u64,
    ino: u64,
}

impl Identity {
    /// Of the file that these are the data of.
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            dev: metadata.dev(),
            ino: metadata.ino(),
        }
    }
}

/// A log file that is open for appending.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) identity: Identity,
}

/// Why a log file could not be opened: the file or folder, and the kernel's answer.
#[derive(Debug)]
pub(super) struct NotOpened {
    pub(super) on: PathBuf,
    pub(super) why: io::Error,
}

/// Opens a file for appending; creates it (0600) and its folders (0700) where they are missing.
///
/// A named pipe that nobody reads is refused, since waiting for a reader would hold up everybody
/// else (ENXIO).
///
/// Errors: [`NotOpened`], naming the folder where that could not be made.
pub(super) fn open(path: &Path) -> Result<Opened, NotOpened> {
    let not_opened = |why| NotOpened {
        on: path.to_owned(),
        why,
    };
    if let Some(folder) = path.parent() {
        make_folder(folder).map_err(|why| NotOpened {
            on: folder.to_owned(),
            why,
        })?;
    }
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits())
        .open(path)
        .map_err(not_opened)?;
    let metadata = file.metadata().map_err(not_opened)?;
    Ok(Opened {
        path: path.to_owned(),
        file,
        identity: Identity::of(&metadata),
    })
}

/// Empties a file. One that is not there, or that cannot be emptied (a pipe, a device), is left
/// alone.
///
/// Returns whether it was emptied.
///
/// Errors: the kernel's, on opening it or cutting it off.
pub(super) fn empty(path: &Path) -> io::Result<bool> {
    let file = OpenOptions::new()
        .write(true)
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits())
        .open(path);
    let file = match file {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    let kind = file.metadata()?.file_type();
    if kind.is_fifo() || kind.is_char_device() || kind.is_socket() {
        return Ok(false);
    }
    file.set_len(0)?;
    Ok(true)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
