//! `schema`: the JSON Schema of configurations.

use crate::context::Context;
use crate::exit::Exit;

/// Prints the schema.
pub(crate) fn run(context: &mut Context) -> anyhow::Result<Exit> {
    context.printer.json(&config::schema())?;
    Ok(Exit::Done)
}
