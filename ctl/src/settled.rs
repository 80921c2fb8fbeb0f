//! What became of a request: a few words for each instance, the reasons where it failed, the list.
//!
//! The words go to standard error and the list to standard output; with `--json` the list has only
//! the instances that were asked about, each with what became of it.

use config::AppName;
use protocol::reply::{Death, DeathBy, DiskError, Outcome, Reached};
use protocol::view::{AppView, InstanceView, StateView};
use protocol::{InstanceId, Reply, Request, Selector, View};
use serde_json::{Value, json};

use crate::client::{Client, unexpected};
use crate::commands::list;
use crate::context::Context;
use crate::exit::Exit;
use crate::printer::{Printer, Quiet};
use crate::select::{self, Typed};
use crate::{json, words};

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
    for line in summary(deed, &settled.outcomes) {
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
    tell_failures(&settled.outcomes, &apps, &context.printer);
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
        (Deed::Resurrect, state) => back(state),
    }
}

const fn already(deed: Deed, state: StateView) -> &'static str {
    match (deed, state) {
        (Deed::Stop, _) => "already stopped",
        (Deed::Reset, _) => "counters zeroed",
        (Deed::Resurrect, state) => back(state),
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

const fn back(state: StateView) -> &'static str {
    match state {
        StateView::Stopped => "brought back, stopped",
        StateView::Launching
        | StateView::Online
        | StateView::Stopping
        | StateView::WaitingRestart
        | StateView::Errored => "brought back",
    }
}

fn tell_failures(outcomes: &[Outcome], apps: &Apps<'_>, printer: &Printer) {
    let failed: Vec<&Outcome> = outcomes
        .iter()
        .filter(|outcome| !outcome.reached.is_success())
        .collect();
    for outcome in failed.iter().take(TOLD_MAX) {
        tell(outcome, apps, printer);
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
fn tell(outcome: &Outcome, apps: &Apps<'_>, printer: &Printer) {
    let instance = &outcome.instance;
    let name = format!("`{}` (id {})", instance.app, instance.id);
    match &outcome.reached {
        Reached::Died { death } => {
            let why = words::death(death);
            printer.error(&format!("{name} did not start: {why}"));
            tell_last_lines(&death.last_lines, printer);
            let next = what_next(instance, apps.get(&instance.app));
            printer.detail(&format!("  {next}"));
        }
        Reached::Finished {
            status, last_lines, ..
        } => {
            let how = words::ended(*status);
            printer.error(&format!("{name} ended and is not started again: {how}"));
            tell_last_lines(last_lines, printer);
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

fn tell_last_lines(lines: &[String], printer: &Printer) {
    for line in lines {
        printer.detail(&format!("  | {}", words::safe(line)));
    }
}

/// Whether and when it is tried again.
fn what_next(instance: &InstanceView, app: Option<&AppView>) -> String {
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
        (StateView::Errored, _) => {
            let why = words::given_up(app.map(|app| &app.restart));
            format!("{why}: it is not tried again")
        }
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
        Reached::Finished { last_lines, .. } => {
            Some(words::last_words_hint(last_lines).unwrap_or_else(logs))
        }
        Reached::Overtaken | Reached::Done | Reached::AlreadySo => None,
    }
}

fn launch_hint(death: &Death) -> Option<String> {
    match &death.how {
        DeathBy::Launch(error) => words::launch_hint(error),
        DeathBy::Exit(_) | DeathBy::NotReady { .. } => words::last_words_hint(&death.last_lines),
    }
}
