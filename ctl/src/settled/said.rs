//! A few words for each instance that got where it was asked to be.

use protocol::InstanceId;
use protocol::reply::{Outcome, Reached};
use protocol::view::{InstanceView, StateView};
use protocol::{Handed, Mode};

use super::Deed;
use crate::words;

/// What is said of an instance that a reload did not come to.
const LEFT_ALONE: &str = "left alone, since a successor did not come up";

/// One line for neighbours of one app of whom the same is to be said.
pub(super) fn summary(deed: Deed, outcomes: &[Outcome]) -> Vec<String> {
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
        Reached::Done => Some(match &outcome.handed {
            Some(handed) if is_worth_telling(deed, handed) => passed(deed, outcome, handed),
            Some(_) | None => done(deed, &outcome.instance).to_owned(),
        }),
        Reached::AlreadySo => Some(already(deed, outcome.instance.state).to_owned()),
        Reached::Finished { status, .. } if outcome.reached.is_success() => {
            Some(format!("finished, {status}"))
        }
        Reached::LeftAlone => Some(LEFT_ALONE.to_owned()),
        Reached::Finished { .. }
        | Reached::Died { .. }
        | Reached::Kept { .. }
        | Reached::Overtaken => None,
    }
}

/// Whether it matters how an instance passed from one run to the next: always where a reload was
/// asked for, else where clients were not simply refused.
fn is_worth_telling(deed: Deed, handed: &Handed) -> bool {
    deed == Deed::Reload || handed.mode != Mode::Restart
}

fn passed(deed: Deed, outcome: &Outcome, handed: &Handed) -> String {
    let instance = &outcome.instance;
    let done = match deed {
        Deed::Reload => "reloaded",
        Deed::Start
        | Deed::Stop
        | Deed::Restart
        | Deed::Delete
        | Deed::Reset
        | Deed::Scale
        | Deed::Resurrect => "restarted",
    };
    words::handed(done, instance.run, &instance.listens, handed)
}

fn done(deed: Deed, instance: &InstanceView) -> &'static str {
    match (deed, instance.state) {
        // By a configuration with fewer instances than before, or by a smaller number.
        (Deed::Start | Deed::Restart | Deed::Reload | Deed::Scale, StateView::Stopped) => "removed",
        (
            Deed::Start | Deed::Scale | Deed::Reload,
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
        (Deed::Start | Deed::Restart | Deed::Reload, StateView::Stopped) => {
            "registered, and not started (autostart is off)"
        }
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
