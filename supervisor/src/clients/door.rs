//! The control socket itself: where it is, who may come in.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};

use interprocess::local_socket::tokio::Listener;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName};
use interprocess::os::unix::local_socket::ListenerOptionsExt;
use nix::unistd::{Gid, Group};
use protocol::Paths;

/// Who may come in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Admits {
    /// The daemon's own user. Root is always let in.
    uid: u32,
    /// A group whose members may come in, too. The kernel has checked membership when they
    /// connected: the socket is theirs by its mode.
    group: Option<Gid>,
}

/// Why a group cannot be let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadGroup {
    /// There is none of this name.
    #[error("there is no group `{0}`")]
    Unknown(String),
    /// The user database does not answer.
    #[error("the group `{0}` cannot be looked up")]
    LookUp(String, #[source] nix::Error),
}

impl Admits {
    /// The daemon's own user and root, and this group where one is named.
    pub(crate) fn new(group: Option<&str>) -> Result<Self, BadGroup> {
        let uid = nix::unistd::geteuid().as_raw();
        let Some(name) = group.filter(|name| !name.is_empty()) else {
            return Ok(Self { uid, group: None });
        };
        match Group::from_name(name) {
            Ok(Some(group)) => Ok(Self {
                uid,
                group: Some(group.gid),
            }),
            Ok(None) => Err(BadGroup::Unknown(name.to_owned())),
            Err(error) => Err(BadGroup::LookUp(name.to_owned(), error)),
        }
    }

    /// Whether this user may come in.
    pub(crate) const fn admits(&self, euid: Option<u32>) -> bool {
        match euid {
            Some(uid) => uid == 0 || uid == self.uid || self.group.is_some(),
            None => false,
        }
    }
}

/// Opens the socket. The caller holds the lock, so a socket that lies there is nobody's.
///
/// Its mode is 0600 from its first moment; with a group it is 0660, and the home may be passed
/// through by that group.
pub(crate) fn open(paths: &Paths, admits: Admits) -> io::Result<Listener> {
    let socket = paths.socket();
    match fs::remove_file(&socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = ListenerOptions::new()
        .name(socket.as_path().to_fs_name::<GenericFilePath>()?)
        .mode(0o600)
        .reclaim_name(false)
        .create_tokio()?;
    if let Some(group) = admits.group {
        chown(paths.home(), None, Some(group.as_raw()))?;
        fs::set_permissions(paths.home(), fs::Permissions::from_mode(0o710))?;
        chown(&socket, None, Some(group.as_raw()))?;
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o660))?;
    }
    Ok(listener)
}
