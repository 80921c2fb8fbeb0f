//! What became of a request: a few words for each instance, the reasons where it failed, the list.
//!
//! The words go to standard error and the list to standard output; with `--json` the list has only
//! the instances that were asked about, each with what became of it.

mod failures;
mod said;

use config::AppName;
use protocol::reply::{DiskError, Outcome};
use protocol::view::AppView;
use protocol::{Reply, Request, Selector, View};
use serde_json::{Value, json};

use crate::client::{Client, unexpected};
use crate::commands::list;
use crate::context::Context;
use crate::exit::Exit;
use crate::printer::Quiet;
use crate::select::{self, Typed};
use crate::{json, words};

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// To be up.
    Start,
    /// To be down.
    Stop,
    /// To be up with a new run.
    Restart,
    /// To be up with a new run, and no client the wiser.
    Reload,
    /// To be gone.
    Delete,
    /// To have counters of zero.
    Reset,
    /// To be more or fewer.
    Scale,
    /// To be as it was before the daemon ended, or as it was saved.
    Resurrect,
}

/// What became of all instances that were asked about.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// One an instance, in the order of the view.
    pub(crate) outcomes: Vec<Outcome>,
    /// Why the goals did not reach the disk; none when they did.
    pub(crate) unsaved: Option<DiskError>,
    /// The apps as they were before, where some may be gone now.
    pub(crate) before: View,
}

impl Settled {
    /// Asks, and takes the answer in beside earlier ones.
    pub(crate) fn ask(&mut self, client: &mut Client, request: Request) -> anyhow::Result<()> {
        let Reply::Settled { outcomes, unsaved } = client.ask(request)? else {
            return Err(unexpected());
        };
        self.take_in(outcomes, unsaved);
        Ok(())
    }

    /// Takes an answer in beside earlier ones.
    pub(crate) fn take_in(&mut self, outcomes: Vec<Outcome>, unsaved: Option<DiskError>) {
        self.outcomes.extend(outcomes);
        self.unsaved = unsaved.or_else(|| self.unsaved.take());
    }

    fn json(&self, apps: &Apps<'_>) -> Value {
        let outcomes = self.outcomes.iter();
        let outcomes = outcomes.map(|one| json::outcome(one, apps.get(&one.instance.app)));
        json!({ "outcomes": outcomes.collect::<Vec<_>>(), "unsaved": self.unsaved })
    }

    fn exit(&self) -> Exit {
        let reached = self
            .outcomes
            .iter()
            .all(|outcome| outcome.reached.is_success());
        if reached && self.unsaved.is_none() {
            Exit::Done
        } else {
            Exit::NotReached
        }
    }
}

/// The apps as they are, and as they were where they are gone.
struct Apps<'a> {
    now: &'a View,
    before: &'a View,
}

impl<'a> Apps<'a> {
    fn get(&self, name: &AppName) -> Option<&'a AppView> {
        let mut apps = self.now.apps.iter().chain(&self.before.apps);
        apps.find(|app| app.name == *name)
    }
}

/// Asks for one thing to be done with the apps that were typed, and shows what became of them.
pub(crate) fn act(
    deed: Deed,
    typed: Typed<'_>,
    context: &mut Context,
    request: impl FnOnce(Vec<Selector>) -> Request,
) -> anyhow::Result<Exit> {
    let mut client = context.client()?;
    let select = select::selectors(typed, &mut client, context)?;
    let mut settled = Settled::default();
    if context.json {
        settled.before = client.view()?;
    }
    if !select.is_empty() {
        settled.ask(&mut client, request(select))?;
    }
    show(deed, &settled, &mut client, context)
}

/// Shows what became of a request, and gives the exit code that says it.
pub(crate) fn show(
    deed: Deed,
    settled: &Settled,
    client: &mut Client,
    context: &mut Context,
) -> anyhow::Result<Exit> {
    if settled.outcomes.is_empty() {
        context.printer.note("there was nothing to do");
    }
    conclude(deed, settled, client, context)
}

/// The same, where it has been said that there was nothing to do.
pub(crate) fn conclude(
    deed: Deed,
    settled: &Settled,
    client: &mut Client,
    context: &mut Context,
) -> anyhow::Result<Exit> {
    for line in said::summary(deed, &settled.outcomes) {
        context.printer.note(&line);
    }
    let view = client.view()?;
    let apps = Apps {
        now: &view,
        before: &settled.before,
    };
    if context.json {
        context.printer.json(&settled.json(&apps))?;
    } else if context.quiet == Quiet::No {
        list::show(&view, context)?;
    }
    // What went wrong stands last on the screen, below a list that may be long.
    failures::tell_lacks(&settled.outcomes, &context.printer);
    failures::tell(&settled.outcomes, &apps, &context.printer);
    if let Some(error) = &settled.unsaved {
        let what = words::disk(error);
        let hint =
            "after a reboot the apps would be as they were before; make room, then `wsctl save`";
        context
            .printer
            .error(&format!("this is not on disk: {what}"));
        context.printer.hint(hint);
    }
    Ok(settled.exit())
}
