//! Doing something with the rights of an app's user, on this thread alone.

use config::spec::RunAs;
use nix::unistd::{Gid, Uid, getegid, geteuid, setfsgid, setfsuid};
use rustix::process::getgroups;

use crate::sys::socket::set_thread_groups;

/// Does something with the access to files that this user has; sockets that are made belong to it.
///
/// Only root can do so; for anybody else the app's user is our own.
pub(super) fn as_user<T>(user: Option<&RunAs>, deed: impl FnOnce() -> T) -> T {
    let Some(user) = user.filter(|_| geteuid().is_root()) else {
        return deed();
    };
    let ours: Vec<u32> = getgroups()
        .unwrap_or_default()
        .iter()
        .map(|it| it.as_raw())
        .collect();
    // Without the right to change them there is nothing to be gained by them either.
    set_thread_groups(&user.groups).ok();
    // These return what was set before, and never fail for root.
    setfsgid(Gid::from_raw(user.gid));
    setfsuid(Uid::from_raw(user.uid));
    let done = deed();
    setfsuid(geteuid());
    setfsgid(getegid());
    set_thread_groups(&ours).ok();
    done
}
