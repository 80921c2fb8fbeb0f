//! `stop`: apps go down and stay in the list.

use protocol::Request;

use crate::args::Selected;
use crate::context::Context;
use crate::exit::Exit;
use crate::settled::{self, Deed};

/// Brings apps down.
pub(crate) fn run(selected: &Selected, context: &mut Context) -> anyhow::Result<Exit> {
    settled::act(Deed::Stop, selected.typed(), context, |select| {
        Request::Stop { select }
    })
}
