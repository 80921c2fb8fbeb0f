//! Putting a file in the place of another so that one of them is there and whole at every instant.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use protocol::reply::DiskError;

/// Writes the bytes beside `file`, syncs them, puts what `file` was at `before`, and theirs in its
/// place. When this returns they survive a loss of power.
///
/// Errors: which file, and the kernel's number. `file` is then what it was, or, after the very last
/// step, what it should be.
pub(super) fn replace(file: &Path, before: Option<&Path>, bytes: &[u8]) -> Result<(), DiskError> {
    let new = beside(file);
    if let Err(why) = write_new(&new, bytes) {
        // Half a file would only take room on a disk that may have none.
        drop(fs::remove_file(&new));
        return Err(DiskError::new(&new, &why));
    }
    if let Some(before) = before {
        put_back(file, before).map_err(|why| DiskError::new(before, &why))?;
    }
    fs::rename(&new, file).map_err(|why| DiskError::new(file, &why))?;
    sync_folder(file).map_err(|why| DiskError::new(file, &why))
}

/// Where the next generation of a file is written before it takes its place.
pub(super) fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

/// Creates the file anew, readable to its owner alone, and syncs it.
pub(super) fn write_new(file: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Err(why) = fs::remove_file(file)
        && why.kind() != io::ErrorKind::NotFound
    {
        return Err(why);
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the present generation the one before; nothing where there is none.
pub(super) fn put_back(file: &Path, before: &Path) -> io::Result<()> {
    match fs::rename(file, before) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().unwrap_or_else(|| Path::new("/"));
    File::open(folder)?.sync_all()
}
