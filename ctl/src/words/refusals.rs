//! Why the daemon did nothing.

use protocol::reply::Refusal;

use super::{bytes, disk};
use crate::exit::{Exit, Failure};

/// What the daemon refused and what to do about it.
pub(crate) fn refusal(why: &Refusal) -> Failure {
    let (exit, what, hint) = match why {
        Refusal::NoSuchApp { word } => (
            Exit::NotReached,
            format!("there is no app, namespace or id `{word}`"),
            "`wsctl list` shows what there is".to_owned(),
        ),
        Refusal::AlreadyUp { app } => (
            Exit::NotReached,
            format!("`{app}` was not started: an app of that name is up"),
            format!(
                "`wsctl restart {app}` restarts it; `--name` gives this one another name; `--force` replaces it"
            ),
        ),
        Refusal::TooManyInstances { max } => (
            Exit::NotReached,
            format!("an app has at most {max} instances"),
            "ask for fewer, or split the app in two".to_owned(),
        ),
        Refusal::NameTwice { app } => (
            Exit::Usage,
            format!("two apps of the request are called `{app}`"),
            "give each a `name` of its own".to_owned(),
        ),
        Refusal::NotRoot { app } => (
            Exit::NotReached,
            format!("`{app}` is to run as another user, and the daemon is not root's"),
            "leave `uid` and `gid` out, or run the daemon as root".to_owned(),
        ),
        Refusal::Empty => (
            Exit::Usage,
            "nothing was named".to_owned(),
            "name an app, or `all`".to_owned(),
        ),
        Refusal::ShuttingDown => (
            Exit::NoDaemon,
            "the daemon is ending".to_owned(),
            "ask again when it has ended; `wsctl resurrect` starts the next".to_owned(),
        ),
        Refusal::Busy { max } => (
            Exit::NotReached,
            format!("the daemon has {max} requests open and takes no more"),
            "ask again when some are done; `wsctl list` shows what is under way".to_owned(),
        ),
        Refusal::NoDump { why } => (
            Exit::NotReached,
            format!("nothing was brought back: {}", disk(why)),
            "`wsctl save` writes that file".to_owned(),
        ),
        Refusal::Malformed { detail } => (
            Exit::NotReached,
            format!("the daemon does not understand the request: {detail}"),
            "`wsctl` and the daemon may be of different versions: `wsctl ping` shows both"
                .to_owned(),
        ),
        Refusal::TooLong { max } => (
            Exit::Usage,
            format!("the request is longer than {}", bytes(*max)),
            "start fewer apps at once, or with smaller environments (`filter_env`)".to_owned(),
        ),
        Refusal::Version { daemon } => (
            Exit::NoDaemon,
            format!("the daemon speaks version {daemon} of the protocol only"),
            "use the `wsctl` of the same installation".to_owned(),
        ),
    };
    Failure::new(exit, what).hint(hint)
}
