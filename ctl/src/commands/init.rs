//! `init`: an example configuration in this folder.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use anyhow::Context as _;
use serde_json::json;

use crate::context::Context;
use crate::exit::{Exit, Failure};

const NAME: &str = "ecosystem.config.cjs";

const EXAMPLE: &str = include_str!("init/ecosystem.config.cjs");

/// Writes the example, unless there is a file of that name.
pub(crate) fn run(context: &mut Context) -> anyhow::Result<Exit> {
    let path = context.cwd.join(NAME);
    let mut file = match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let what = format!("{} is there already and was left as it is", path.display());
            return Err(Failure::new(Exit::NotReached, what)
                .hint("move it away first, or edit it")
                .into());
        }
        Err(error) => {
            return Err(error).with_context(|| format!("failed to write {}", path.display()));
        }
    };
    file.write_all(EXAMPLE.as_bytes())
        .with_context(|| format!("failed to write {}", path.display()))?;
    if context.json {
        context.printer.json(&json!({ "file": path }))?;
    }
    context.printer.note(&format!(
        "wrote {}; edit it, then `wsctl start`",
        path.display()
    ));
    Ok(Exit::Done)
}
