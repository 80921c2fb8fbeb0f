//! Why an instance is not where it was asked to be, what comes next, and what to do about it.

use std::collections::BTreeSet;

use config::AppName;
use protocol::Lack;
use protocol::reply::{Death, DeathBy, Outcome, Reached};
use protocol::view::{AppView, InstanceView, StateView};

use super::Apps;
use crate::printer::Printer;
use crate::words;

/// How many failures are told in full; the rest is counted.
const TOLD_MAX: usize = 5;

/// Tells of each instance that is not where it was asked to be.
pub(super) fn tell(outcomes: &[Outcome], apps: &Apps<'_>, printer: &Printer) {
    let failed: Vec<&Outcome> = outcomes
        .iter()
        .filter(|outcome| is_told(&outcome.reached))
        .collect();
    for outcome in failed.iter().take(TOLD_MAX) {
        tell_one(outcome, apps, printer);
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

/// Whether an instance is told of as a failure. One that a reload did not come to is not: the one
/// that ended the reload is.
const fn is_told(reached: &Reached) -> bool {
    !reached.is_success() && !matches!(reached, Reached::LeftAlone)
}

/// Tells why an instance is not where it was asked to be.
fn tell_one(outcome: &Outcome, apps: &Apps<'_>, printer: &Printer) {
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
        Reached::Kept { death } => {
            let why = words::death(death);
            printer.error(&format!(
                "{name} was not reloaded: its successor did not come up: {why}"
            ));
            tell_last_lines(&death.last_lines, printer);
            let run = instance.run.map_or_else(
                || "the old run serves on".to_owned(),
                |run| format!("run {run} serves on"),
            );
            printer.detail(&format!("  {run}"));
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
        Reached::LeftAlone | Reached::Done | Reached::AlreadySo => {}
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
        Reached::Died { death } | Reached::Kept { death } => {
            Some(death_hint(app, death).unwrap_or_else(logs))
        }
        Reached::Finished { last_lines, .. } => {
            Some(words::last_words_hint(last_lines).unwrap_or_else(logs))
        }
        Reached::LeftAlone | Reached::Overtaken | Reached::Done | Reached::AlreadySo => None,
    }
}

fn death_hint(app: &AppName, death: &Death) -> Option<String> {
    let said = || words::last_words_hint(&death.last_lines);
    match &death.how {
        DeathBy::Launch(error) => words::launch_hint(error),
        DeathBy::Exit(_) | DeathBy::NotReady { .. } | DeathBy::Unchecked { .. } => said(),
        DeathBy::NotListening { .. } => said().or_else(|| {
            Some(format!(
                "`listen_timeout` gives it longer; `wsctl restart {app}` replaces it wherever it \
                 listens"
            ))
        }),
    }
}

/// Tells, once an app and reason, what kept a hand-over from being what it could be.
pub(super) fn tell_lacks(outcomes: &[Outcome], printer: &Printer) {
    let lacks: BTreeSet<(&AppName, &Lack)> = outcomes
        .iter()
        .flat_map(|outcome| {
            let lacks = outcome.handed.iter().flat_map(|handed| &handed.lacks);
            lacks.map(|lack| (&outcome.instance.app, lack))
        })
        .collect();
    for (app, lack) in lacks {
        let what = words::lack(lack);
        printer.warn(&format!("`{app}` was not handed over in full: {what}"));
        if let Some(hint) = words::lack_hint(lack) {
            printer.hint(&hint);
        }
    }
}
