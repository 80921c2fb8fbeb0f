//! `delete`: apps go down and are forgotten.

use protocol::Request;

use crate::args::Selected;
use crate::context::Context;
use crate::exit::Exit;
use crate::settled::{self, Deed};

/// Brings apps down and forgets them.
pub(crate) fn run(selected: &Selected, context: &mut Context) -> anyhow::Result<Exit> {
    settled::act(Deed::Delete, selected.typed(), context, |select| {
        Request::Delete { select }
    })
}
