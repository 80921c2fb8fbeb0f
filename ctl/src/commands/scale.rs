//! `scale`: more or fewer instances of an app.

use anyhow::Context as _;
use config::AppName;
use protocol::request::ScaleTo;
use protocol::{Request, View};

use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::settled::{self, Deed, Settled};

/// Changes how many instances an app has.
pub(crate) fn run(typed: &str, to: ScaleTo, context: &mut Context) -> anyhow::Result<Exit> {
    let app = AppName::new(typed)
        .map_err(|bad| Failure::new(Exit::Usage, format!("`{typed}` is no app: {bad}")))?;
    let mut client = context.client()?;
    let mut settled = Settled {
        before: client.view()?,
        ..Settled::default()
    };
    settled
        .ask(&mut client, Request::Scale { app, to })
        .with_context(|| format!("`{typed}` was not scaled"))?;
    let is_there = |view: &View| view.apps.iter().any(|app| app.name.as_str() == typed);
    if is_there(&settled.before) && !is_there(&client.view()?) {
        context
            .printer
            .note(&format!("{typed}: scaled to 0, deleted"));
    }
    settled::show(Deed::Scale, &settled, &mut client, context)
}
