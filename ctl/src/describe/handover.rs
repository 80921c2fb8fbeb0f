//! How an instance would be replaced by a reload, and what is missing for a better way.

use config::{Handover, HandoverRule};
use protocol::Mode;
use protocol::view::{AppView, InstanceView};

use super::Rows;
use crate::words;

/// Where it listens, how it would be replaced, by which rule, and what is missing.
pub(super) fn rows(app: &AppView, instance: &InstanceView) -> Rows {
    let mut rows = Rows::new();
    rows.extend(words::addresses(&instance.listens).map(|at| ("listens", at)));
    rows.extend(
        instance
            .next_mode
            .map(|mode| ("reload", reload(mode, &app.handover, instance))),
    );
    for lack in &instance.lacks {
        rows.push(("lacks", words::lack(lack)));
        rows.extend(words::lack_hint(lack).map(|hint| ("", format!("hint: {hint}"))));
    }
    rows.push(("handover", rule(&app.handover)));
    rows.extend(
        instance
            .beside
            .map(|run| ("beside", format!("run {run}; one replaces the other"))),
    );
    rows
}

/// The way, what it means, and why it is no better one where nothing is missing for it.
fn reload(mode: Mode, rule: &HandoverRule, instance: &InstanceView) -> String {
    let said = format!("{}: {}", words::handover_mode(mode), words::manner(mode));
    let is_plain = mode == Mode::Restart && instance.lacks.is_empty();
    if is_plain && rule.mode != Handover::Off {
        format!("{said}; it was not seen to listen")
    } else {
        said
    }
}

fn rule(rule: &HandoverRule) -> String {
    let mut parts = vec![rule.mode.word().to_owned()];
    if let Some(path) = &rule.check {
        parts.push(format!("checked at {}", words::safe(path)));
    }
    if rule.batch > 1 {
        parts.push(format!("{} instances at once", rule.batch));
    }
    if rule.mode != Handover::Off {
        let drain = words::span(rule.drain_timeout);
        let hold = words::span(rule.hold_timeout);
        parts.push(format!(
            "what is under way has {drain}, and clients of a dead run wait {hold}"
        ));
    }
    parts.join("; ")
}
