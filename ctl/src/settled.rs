//! What became of a request: a few words for each instance, the reasons where it failed, the list.
//!
//! The words go to standard error and the list to standard output; with `--json` the reply's own
//! facts take the place of the list.

use protocol::reply::{Death, DeathBy, DiskError, Outcome, Reached};
use protocol::view::{InstanceView, StateView};
use protocol::{InstanceId, Reply, Request, Selector};
use serde::Serialize;

use crate::client::{Client, unexpected};
use crate::commands::list;
use crate::context::Context;
use crate::exit::Exit;
use crate::printer::{Printer, Quiet};
use crate::{select, words};

/// How many failures are told in full; the rest is counted.
const TOLD_MAX: usize = 5;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// To be up.
    Start,
    /// To be down.
    Stop,
    /// To be up with a new run.
    Restart,
    /// To be gone.
    Delete,
    /// To have counters of zero.
    Reset,
    /// To be more or fewer.
    Scale,
}

/// What became of all instances that were asked about.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Settled {
    /// One an instance, in the order of the view.
    pub(crate) outcomes: Vec<Outcome>,
    /// Why the goals did not reach the disk; none when they did.
    pub(crate) unsaved: Option<DiskError>,
}

impl Settled {
    /// Asks, and takes the answer in beside earlier ones.
    pub(crate) fn ask(&mut self, client: &mut Client, request: Request) -> anyhow::Result<()> {
        let Reply::Settled { outcomes, unsaved } = client.ask(request)? else {
            return Err(unexpected());
        };
        self.outcomes.extend(outcomes);
        self.unsaved = unsaved.or_else(|| self.unsaved.take());
        Ok(())
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

/// Asks for one thing to be done with the apps that were typed, and shows what became of them.
pub(crate) fn act(
    deed: Deed,
    typed: &[String],
    context: &mut Context,
    request: impl FnOnce(Vec<Selector>) -> Request,
) -> anyhow::Result<Exit> {
    let mut client = context.client()?;
    let select = select::selectors(typed, &mut client, context)?;
    let mut settled = Settled::default();
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
    for line in summary(deed, &settled.outcomes) {
        context.printer.note(&line);
    }
    if context.json {
        context.printer.json(settled)?;
    } else if context.quiet == Quiet::No {
        list::show(&client.view()?, context)?;
    }
    // What went wrong stands last on the screen, below a list that may be long.
    tell_failures(&settled.outcomes, &context.printer);
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

/// One line for neighbours of one app of whom the same is to be said.
fn summary(deed: Deed, outcomes: &[Outcome]) -> Vec<String> {
    let mut groups: Vec<(String, String, Vec<InstanceId>)> = Vec::new();
    for outcome in outcomes {
        let Some(said) = said(deed, outcome) else {
            continue;
        };
        let (app, id) = (outcome.instance.app.to_string(), outcome.instance.id);
        match groups.last_mut() {
            Some((last, same, ids)) if *last == app && *same == said => ids.push(id),
            _ => groups.push((app, said, vec![id])),
        }
    }
    let line = |(app, said, ids): (String, String, Vec<InstanceId>)| {
        format!("{app} ({}): {said}", words::ids(&ids))
    };
    groups.into_iter().map(line).collect()
}

/// What is said of an instance; none where its failure is told at length.
fn said(deed: Deed, outcome: &Outcome) -> Option<String> {
    match &outcome.reached {
        Reached::Done => Some(done(deed, &outcome.instance).to_owned()),
        Reached::AlreadySo => Some(already(deed, outcome.instance.state).to_owned()),
        Reached::Finished { status, .. } if outcome.reached.is_success() => {
            Some(format!("finished, {status}"))
        }
        Reached::Finished { .. } | Reached::Died { .. } | Reached::Overtaken => None,
    }
}

fn done(deed: Deed, instance: &InstanceView) -> &'static str {
    match (deed, instance.state) {
        (Deed::Start, StateView::Stopped) => "registered, and not started (autostart is off)",
        (Deed::Restart, StateView::Stopped) => "changed, and not started (autostart is off)",
        (Deed::Scale, StateView::Stopped) => "removed",
        (
            Deed::Start | Deed::Scale,
            StateView::Launching
            | StateView::Online
            | StateView::Stopping
            | StateView::WaitingRestart
            | StateView::Errored,
        ) => "started",
        (
            Deed::Restart,
            StateView::Launching
            | StateView::Online
            | StateView::Stopping
            | StateView::WaitingRestart
            | StateView::Errored,
        ) => "restarted",
        (Deed::Stop, _) => "stopped",
        (Deed::Delete, _) => "deleted",
        (Deed::Reset, _) => "counters zeroed",
    }
}

const fn already(deed: Deed, state: StateView) -> &'static str {
    match (deed, state) {
        (Deed::Stop, _) => "already stopped",
        (Deed::Reset, _) => "counters zeroed",
        (_, StateView::Stopped) => "as it was, stopped",
        (_, StateView::Online) => "already running",
        (
            _,
            StateView::Launching
            | StateView::Stopping
            | StateView::WaitingRestart
            | StateView::Errored,
        ) => "as it was",
    }
}

fn tell_failures(outcomes: &[Outcome], printer: &Printer) {
    let failed: Vec<&Outcome> = outcomes
        .iter()
        .filter(|outcome| !outcome.reached.is_success())
        .collect();
    for outcome in failed.iter().take(TOLD_MAX) {
        tell(outcome, printer);
    }
    let untold = failed.len().saturating_sub(TOLD_MAX);
    if untold > 0 {
        let more = words::count(untold, "more instance");
        printer.error(&format!(
            "{more} did not get there; `wsctl describe` tells of each"
        ));
    }
    let mut hints: Vec<String> = failed.iter().filter_map(|outcome| hint(outcome)).collect();
    hints.dedup();
    for hint in hints.iter().take(TOLD_MAX) {
        printer.hint(hint);
    }
}

/// Tells why an instance is not where it was asked to be.
fn tell(outcome: &Outcome, printer: &Printer) {
    let instance = &outcome.instance;
    let name = format!("`{}` (id {})", instance.app, instance.id);
    match &outcome.reached {
        Reached::Died { death } => {
            let why = words::death(death);
            printer.error(&format!("{name} did not start: {why}"));
            tell_last_lines(death, printer);
            printer.detail(&format!("  {}", what_next(instance)));
        }
        Reached::Finished { status, .. } => {
            printer.error(&format!("{name} ended and is not started again: {status}"));
            if let Some(death) = &instance.last_death {
                tell_last_lines(death, printer);
            }
        }
        Reached::Overtaken => {
            let state = instance.state.word();
            printer.error(&format!(
                "{name} is {state}: somebody asked for something else meanwhile"
            ));
        }
        Reached::Done | Reached::AlreadySo => {}
    }
}

fn tell_last_lines(death: &Death, printer: &Printer) {
    for line in &death.last_lines {
        printer.detail(&format!("  | {}", words::safe(line)));
    }
}

/// Whether and when it is tried again.
fn what_next(instance: &InstanceView) -> String {
    let (deaths, limit) = instance.unstable;
    match (instance.state, instance.next_in) {
        (StateView::WaitingRestart, Some(wait)) => format!(
            "it is tried again in {}; early deaths so far: {deaths}, it gives up at {limit}",
            words::span(wait)
        ),
        (StateView::Launching | StateView::Online, _) => {
            format!(
                "it is being tried again; early deaths so far: {deaths}, it gives up at {limit}"
            )
        }
        (StateView::Errored, _) => "it died too often and is not tried again".to_owned(),
        (StateView::Stopped | StateView::Stopping | StateView::WaitingRestart, _) => {
            "it is not tried again".to_owned()
        }
    }
}

/// What to do about a failure.
fn hint(outcome: &Outcome) -> Option<String> {
    let app = &outcome.instance.app;
    let logs = || format!("`wsctl logs {app} --lines 50` shows more");
    match &outcome.reached {
        Reached::Died { death } => Some(launch_hint(death).unwrap_or_else(logs)),
        Reached::Finished { .. } => Some(logs()),
        Reached::Overtaken | Reached::Done | Reached::AlreadySo => None,
    }
}

fn launch_hint(death: &Death) -> Option<String> {
    match &death.how {
        DeathBy::Launch(error) => words::launch_hint(error),
        DeathBy::Exit(_) | DeathBy::NotReady { .. } => words::last_words_hint(&death.last_lines),
    }
}
