//! `reload`: what runs is replaced, and its clients need not notice.

use protocol::Request;
use protocol::request::Existing;

use crate::args::RenewArgs;
use crate::commands::renew::{self, Verb};
use crate::context::Context;
use crate::exit::Exit;
use crate::settled::Deed;

const RELOAD: Verb = Verb {
    word: "reload",
    deed: Deed::Reload,
    request: |select| Request::Reload { select },
    existing: Existing::Reload,
};

/// Reloads apps; those of a configuration with what it says.
pub(crate) fn run(args: &RenewArgs, context: &mut Context) -> anyhow::Result<Exit> {
    renew::run(RELOAD, args, context)
}
