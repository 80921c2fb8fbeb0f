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
    let under_way = match rule.mode {
        Handover::Auto | Handover::Overlap => Some(rule.drain_timeout),
        Handover::Queue => Some(rule.queue_pause),
        Handover::Off => None,
    };
    parts.extend(under_way.map(|limit| {
        let (limit, hold) = (words::span(limit), words::span(rule.hold_timeout));
        format!(
            "what is under way has {limit}, and clients wait {hold} at most while no run serves"
        )
    }));
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use config::Span;

    use super::*;

    #[test]
    fn what_is_under_way_has_the_time_that_its_mode_gives_it() {
        let said = |mode| {
            rule(&HandoverRule {
                mode,
                drain_timeout: Span::secs(60),
                queue_pause: Span::secs(5),
                ..HandoverRule::default()
            })
        };
        let both = "and clients wait 30s at most while no run serves";
        for (mode, time) in [
            (Handover::Auto, "1m"),
            (Handover::Overlap, "1m"),
            (Handover::Queue, "5s"),
        ] {
            let meant = format!("{}; what is under way has {time}, {both}", mode.word());
            assert_eq!(said(mode), meant);
        }
        assert_eq!(said(Handover::Off), "off");
    }
}
