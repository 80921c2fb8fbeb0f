//! The users and groups of this machine, from its own databases.

use std::ffi::CString;
use std::path::PathBuf;

use config::load;
use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

/// What `getpwnam`, `getgrnam` and `getgrouplist` know, whatever they ask (files, LDAP, …).
#[derive(Debug)]
pub(crate) struct Machine;

impl load::Users for Machine {
    fn by_name(&self, name: &str) -> Option<load::User> {
        User::from_name(name).ok().flatten().map(known)
    }

    fn by_uid(&self, uid: u32) -> Option<load::User> {
        User::from_uid(Uid::from_raw(uid)).ok().flatten().map(known)
    }

    fn group(&self, name: &str) -> Option<u32> {
        let group = Group::from_name(name).ok().flatten()?;
        Some(group.gid.as_raw())
    }

    fn groups_of(&self, user: &load::User, gid: u32) -> Vec<u32> {
        let listed = CString::new(user.name.as_str())
            .ok()
            .and_then(|name| getgrouplist(&name, Gid::from_raw(gid)).ok());
        listed.map_or_else(
            || vec![gid],
            |groups| groups.into_iter().map(Gid::as_raw).collect(),
        )
    }
}

fn known(user: User) -> load::User {
    load::User {
        uid: user.uid.as_raw(),
        gid: user.gid.as_raw(),
        name: user.name,
        home: user.dir,
    }
}

/// The number of the user who asks.
pub(crate) fn own_uid() -> u32 {
    Uid::current().as_raw()
}

/// The name of a user, else the number as text.
pub(crate) fn name_of(uid: u32) -> String {
    User::from_uid(Uid::from_raw(uid))
        .ok()
        .flatten()
        .map_or_else(|| uid.to_string(), |user| user.name)
}

/// The home folder of the user who asks, from the machine's databases.
pub(crate) fn own_home() -> Option<PathBuf> {
    User::from_uid(Uid::current())
        .ok()
        .flatten()
        .map(|user| user.dir)
}

#[cfg(test)]
mod tests {
    use config::load::Users as _;

    use super::*;

    #[test]
    fn root_is_known_by_name_and_number() {
        let root = Machine.by_name("root").unwrap();
        assert_eq!(root.uid, 0);
        assert_eq!(Machine.by_uid(0), Some(root.clone()));
        assert!(Machine.groups_of(&root, 0).contains(&0));
    }

    #[test]
    fn a_number_without_a_name_stays_a_number() {
        assert_eq!(name_of(3_999_999_999), "3999999999");
    }
}
