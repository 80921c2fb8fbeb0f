//! A socket file, and which of several listeners its name leads to.
//!
//! Each listener of the app has a link of its own beside the file, `app.sock.17` for run 17. Clients
//! are steered by renaming a second link over the file, which no client sees happen. As long as the
//! link is there, a program that removes the file, as many do before they bind and when they end,
//! takes nothing away for long: the file is put back.
//!
//! All of it is done with the rights of the app's user, in folders that are the app's business.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use config::spec::RunAs;
use protocol::RunId;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with,
};

use super::group::Member;
use super::rights::as_user;
use crate::sys::socket::BACKLOG_MAX;

/// A socket file of an app.
#[derive(Debug, Clone)]
pub(super) struct Door {
    path: PathBuf,
    /// As whom it is touched; none: as we do.
    user: Option<RunAs>,
}

impl Door {
    pub(super) const fn new(path: PathBuf, user: Option<RunAs>) -> Self {
        Self { path, user }
    }

    /// Lets the file lead to the last of these members: the one that bound it last has it, as it
    /// would have without us.
    pub(super) fn steer(&self, members: &[Member], targets: &[usize]) -> io::Result<()> {
        let chosen = targets.last().and_then(|it| members.get(*it));
        let Some(link) = chosen.and_then(|it| it.link.as_deref()) else {
            return Ok(());
        };
        as_user(self.user.as_ref(), || self.show(link))
    }

    fn show(&self, link: &Path) -> io::Result<()> {
        let meant = fs::symlink_metadata(link)?;
        if let Ok(shown) = fs::symlink_metadata(&self.path) {
            if is_same(&meant, &shown) {
                return Ok(());
            }
            take_after(link, &shown)?;
        }
        // A rename of one of two links to the same file does nothing, so it is a third that moves.
        let moving = with_suffix(link, ".moving");
        fs::remove_file(&moving).ok();
        fs::hard_link(link, &moving)?;
        fs::rename(&moving, &self.path)
    }

    /// Makes a link to what the file leads to.
    ///
    /// Errors: the folder is not the app's to write to; the file is not there.
    pub(super) fn keep(&self, link: &Path) -> io::Result<()> {
        as_user(self.user.as_ref(), || {
            fs::remove_file(link).ok();
            fs::hard_link(&self.path, link)
        })
    }

    /// Binds a socket to a name of its own beside the file, which stays as it is.
    ///
    /// Errors: the name would be too long; the folder is not the app's to write to.
    pub(super) fn bind(&self, socket: &OwnedFd, link: &Path, mode: u32) -> io::Result<()> {
        as_user(self.user.as_ref(), || {
            fs::remove_file(link).ok();
            bind(socket, &SocketAddrUnix::new(link)?)?;
            fs::set_permissions(link, Permissions::from_mode(mode))
        })
    }

    /// Makes a socket of ours that listens there, in the place of a run's.
    ///
    /// Errors: as [`Door::bind`].
    pub(super) fn park(&self, run: RunId) -> io::Result<(OwnedFd, PathBuf)> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let link = with_suffix(&self.path, &format!(".{run}.held"));
        let socket = as_user(self.user.as_ref(), || {
            fs::remove_file(&link).ok();
            let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
            bind(&socket, &SocketAddrUnix::new(&link)?)?;
            listen(&socket, BACKLOG_MAX)?;
            io::Result::Ok(socket)
        })?;
        Ok((socket, link))
    }

    /// Forgets a member's own name.
    pub(super) fn remove(&self, member: &Member) {
        if let Some(link) = &member.link {
            as_user(self.user.as_ref(), || fs::remove_file(link)).ok();
        }
    }

    /// The name of a run's own for its listener there, `nth` in a row.
    pub(super) fn beside(&self, run: RunId, nth: usize) -> PathBuf {
        let suffix = match nth {
            0 => format!(".{run}"),
            nth => format!(".{run}.{nth}"),
        };
        with_suffix(&self.path, &suffix)
    }
}

/// Gives the file that `link` leads to the owner and mode of another. The app may have set them for
/// its socket, by a name that did not lead to it yet.
fn take_after(link: &Path, other: &Metadata) -> io::Result<()> {
    let mode = other.mode() & 0o7777;
    fs::set_permissions(link, Permissions::from_mode(mode))?;
    // A group that is not the user's cannot be given, and was not given by it.
    chown(link, None, Some(other.gid())).ok();
    Ok(())
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}
