//! A history in words, one event or effect a line. What is long and follows from the rest is left out.

use config::AppSpec;
use fleet::{Effect, Event};
use protocol::reply::Outcome;
use protocol::saved::Saved;
use protocol::{Reply, Request};

/// What happened.
pub(crate) fn event(event: &Event) -> String {
    match event {
        Event::Asked {
            ticket,
            id,
            request: Request::Apply { apps, existing },
        } => {
            let apps: Vec<String> = apps.iter().map(spec).collect();
            format!(
                "Asked {ticket:?} {id} Apply {existing:?} {}",
                apps.join(", ")
            )
        }
        Event::Asked {
            ticket,
            id,
            request,
        } => format!("Asked {ticket:?} {id} {request:?}"),
        Event::DumpRead {
            ticket,
            dump: Ok(dump),
        } => format!("DumpRead {ticket:?} {}", saved(dump)),
        other => format!("{other:?}"),
    }
}

/// What the fleet did.
pub(crate) fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Save { generation, .. } => format!("Save {generation}"),
        Effect::Dump {
            ticket,
            saved: what,
        } => format!("Dump {ticket:?} {}", saved(what)),
        Effect::Launch(order) => {
            let who = &order.who;
            format!(
                "Launch #{} {}/{} {}",
                who.run,
                who.app,
                who.slot,
                spec(&order.spec)
            )
        }
        Effect::Answer {
            ticket,
            reply: Reply::Settled { outcomes, unsaved },
        } => {
            let all: Vec<String> = outcomes.iter().map(outcome).collect();
            format!(
                "Answer {ticket:?} unsaved {} {}",
                unsaved.is_some(),
                all.join("; ")
            )
        }
        Effect::Answer {
            ticket,
            reply: Reply::View { .. } | Reply::Specs { .. },
        } => format!("Answer {ticket:?} what it wanted to read"),
        other => format!("{other:?}"),
    }
}

fn spec(spec: &AppSpec) -> String {
    format!(
        "{} {} x{}",
        spec.name,
        spec.exec.args.join(" "),
        spec.instances
    )
}

fn saved(saved: &Saved) -> String {
    let apps: Vec<String> = saved.apps.iter().map(|app| spec(&app.spec)).collect();
    apps.join(", ")
}

fn outcome(outcome: &Outcome) -> String {
    let (view, reached) = (&outcome.instance, &outcome.reached);
    let run = view.run.map_or(0, |run| run.0);
    format!(
        "{}/{} {} #{run} {reached:?}",
        view.app,
        view.slot,
        view.state.word()
    )
}
