//! Pid files: one an instance, there as long as its program runs. Source: PM2.

use std::fs;
use std::io;
use std::path::Path;

use protocol::Pid;

/// Writes the number. A pid file is a courtesy: where it cannot be written, the log says so.
pub(crate) fn write(path: &Path, pid: Pid) {
    if let Err(error) = try_write(path, pid) {
        tracing::warn!(file = %path.display(), %error, "the pid file cannot be written");
    }
}

/// Removes it; one that is not there is removed.
pub(crate) fn remove(path: &Path) {
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            tracing::warn!(file = %path.display(), %error, "the pid file cannot be removed");
        }
    }
}

fn try_write(path: &Path, pid: Pid) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, format!("{pid}\n"))
}
