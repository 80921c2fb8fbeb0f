//! `restart`: what runs is stopped, then started.

use protocol::Request;
use protocol::request::Existing;

use crate::args::RenewArgs;
use crate::commands::renew::{self, Verb};
use crate::context::Context;
use crate::exit::Exit;
use crate::settled::Deed;

const RESTART: Verb = Verb {
    word: "restart",
    deed: Deed::Restart,
    request: |select| Request::Restart { select },
    existing: Existing::Restart,
};

/// Restarts apps; those of a configuration with what it says.
pub(crate) fn run(args: &RenewArgs, context: &mut Context) -> anyhow::Result<Exit> {
    renew::run(RESTART, args, context)
}
