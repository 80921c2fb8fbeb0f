//! `reset`: the counters of restarts start from zero.

use protocol::Request;

use crate::args::Selected;
use crate::context::Context;
use crate::exit::Exit;
use crate::settled::{self, Deed};

/// Zeroes counters.
pub(crate) fn run(selected: &Selected, context: &mut Context) -> anyhow::Result<Exit> {
    settled::act(Deed::Reset, selected.typed(), context, |select| {
        Request::Reset { select }
    })
}
