//! As whom an app runs.

use serde_json::Value;

use super::reader::Reader;
use super::typed::{self, Wrong};
use crate::load::User;
use crate::spec::RunAs;

/// As whom it runs; none: as the daemon's own user.
///
/// Only root may ask for somebody else; asking for oneself is asking for nothing.
pub(crate) fn run_as(reader: &mut Reader<'_, '_>) -> Option<RunAs> {
    let asker = reader.ground.asker;
    let wanted = reader.take("uid", |value| {
        resolve(value, "user", &|name| {
            asker.users.by_name(name).map(|user| user.uid)
        })
    });
    let group = reader.take("gid", |value| {
        resolve(value, "group", &|name| asker.users.group(name))
    });
    if wanted.is_none() && group.is_none() {
        return None;
    }
    let uid = wanted.unwrap_or(asker.uid);
    let user = asker.users.by_uid(uid);
    let own_group = user.as_ref().map(|user| user.gid);
    if asker.uid != 0 {
        let foreign = uid != asker.uid || (group.is_some() && group != own_group);
        if foreign {
            let attribute = if wanted.is_some() { "uid" } else { "gid" };
            reader
                .error(attribute, "only root can run an app as somebody else")
                .advise("start the daemon as root, or leave this out");
        }
        return None;
    }
    let Some(gid) = group.or(own_group) else {
        reader
            .error(
                "uid",
                format!("no user has the number {uid}, so its group is unknown"),
            )
            .advise("say which group with `gid`");
        return None;
    };
    let groups = match &user {
        Some(user) => asker.users.groups_of(user, gid),
        None => vec![gid],
    };
    Some(RunAs {
        uid,
        gid,
        groups,
        name: user.as_ref().map(|user: &User| user.name.clone()),
        home: user.map(|user| user.home),
    })
}

/// The number of a user or group that is given by number or name.
fn resolve(value: &Value, what: &str, by_name: &dyn Fn(&str) -> Option<u32>) -> Result<u32, Wrong> {
    let name = typed::scalar(value)?;
    // The highest number stands for nobody in the calls that change users.
    if let Some(number) = name.parse().ok().filter(|number| *number != u32::MAX) {
        return Ok(number);
    }
    by_name(&name).ok_or_else(|| {
        Wrong::new(format!(
            "names the {what} `{name}`, which this machine does not have"
        ))
        .hint(format!(
            "see `getent {}`",
            if what == "user" { "passwd" } else { "group" }
        ))
    })
}
