//! How a run is replaced while clients are served.
//!
//! All of these settings are ours; PM2 has none of them.

use std::path::Path;

use serde_json::Value;

use super::address;
use super::reader::Reader;
use super::typed::{self, Wrong};
use crate::handover::{Backlog, KeepAlive, NoNewPrivs};
use crate::spec::INSTANCES_MAX;
use crate::tree::Part;
use crate::{Handover, HandoverRule, Span};

const MODES: [(&str, Handover); 4] = [
    (Handover::Auto.word(), Handover::Auto),
    (Handover::Overlap.word(), Handover::Overlap),
    (Handover::Queue.word(), Handover::Queue),
    (Handover::Off.word(), Handover::Off),
];

/// Handshakes are done within this, or not at all. Source: tcp(7); the first three retries.
const SETTLE_MAX: Span = Span::secs(60);

/// A request that takes longer looks idle, and would be cut.
const SILENCE_MIN: Span = Span::millis(100);

const FOREVER: Span = Span(u64::MAX);

/// How long the path of a check may be, in bytes.
const PATH_BYTES_MAX: usize = 2048;

/// What does nothing where listeners are left to the app.
const OF_LISTENERS: [&str; 9] = [
    "reload_check",
    "handover_settle",
    "drain_timeout",
    "drain_idle",
    "queue_pause",
    "hold_timeout",
    "keepalive",
    "backlog",
    "no_new_privs",
];

/// How its runs are replaced.
pub(crate) fn handover(reader: &mut Reader<'_, '_>, cwd: &Path) -> HandoverRule {
    let mut rule = HandoverRule::default();
    let mut span = |name, default| reader.take(name, typed::span).unwrap_or(default);
    rule.drain_timeout = span("drain_timeout", rule.drain_timeout);
    rule.queue_pause = span("queue_pause", rule.queue_pause);
    rule.hold_timeout = span("hold_timeout", rule.hold_timeout);
    rule.mode = reader.take("handover", mode).unwrap_or(rule.mode);
    rule.check = reader.take("reload_check", url_path);
    rule.batch = reader.take("reload_batch", batch).unwrap_or(rule.batch);
    rule.settle = reader
        .take("handover_settle", settle)
        .unwrap_or(rule.settle);
    rule.drain_idle = reader
        .take("drain_idle", silence)
        .unwrap_or(rule.drain_idle);
    rule.keepalive = reader
        .take("keepalive", keepalive)
        .unwrap_or(rule.keepalive);
    rule.backlog = reader.take("backlog", backlog).unwrap_or(rule.backlog);
    rule.no_new_privs = reader
        .take("no_new_privs", no_new_privs)
        .unwrap_or(rule.no_new_privs);
    rule.listen = address::listen(reader, cwd);
    warn_of_contradictions(reader, &rule);
    rule
}

/// Warns of settings that another one makes useless.
fn warn_of_contradictions(reader: &mut Reader<'_, '_>, rule: &HandoverRule) {
    let moot: &[&'static str] = match rule.mode {
        Handover::Off => &OF_LISTENERS,
        Handover::Queue => &["reload_check", "drain_timeout"],
        Handover::Auto | Handover::Overlap => &[],
    };
    for name in moot {
        if !reader.has(name) {
            continue;
        }
        let mode = rule.mode.word();
        let at = reader.draft.at(name);
        let what = format!("`{name}` has no effect with `handover: \"{mode}\"`");
        reader.report.warning(&at, Part::Key, what);
    }
    let is_root = reader.ground.asker.uid == 0;
    if rule.no_new_privs == NoNewPrivs::Never && rule.mode != Handover::Off && !is_root {
        let what = "without `no_new_privs` only a daemon of root can keep the sockets of an app, so \
                    a reload will be a restart";
        reader
            .warning("no_new_privs", what)
            .advise("leave it out, unless the app calls sudo or the like");
    }
}

/// How a run is replaced; false is `off`, which is what older YAML makes of that word.
pub(crate) fn mode(value: &Value) -> Result<Handover, Wrong> {
    if value == &Value::Bool(false) {
        return Ok(Handover::Off);
    }
    typed::choice(value, &MODES)
}

/// `adopt` or `close`.
pub(crate) fn keepalive(value: &Value) -> Result<KeepAlive, Wrong> {
    typed::choice(
        value,
        &[("adopt", KeepAlive::Adopt), ("close", KeepAlive::Close)],
    )
}

/// `max` or `app`.
pub(crate) fn backlog(value: &Value) -> Result<Backlog, Wrong> {
    typed::choice(value, &[("max", Backlog::Max), ("app", Backlog::App)])
}

/// `auto` or `never`.
pub(crate) fn no_new_privs(value: &Value) -> Result<NoNewPrivs, Wrong> {
    typed::choice(
        value,
        &[("auto", NoNewPrivs::Auto), ("never", NoNewPrivs::Never)],
    )
}

/// How many instances at once, at least one.
pub(crate) fn batch(value: &Value) -> Result<u32, Wrong> {
    let count = typed::whole(value, 1, INSTANCES_MAX.into())?;
    Ok(u32::try_from(count).unwrap_or(1))
}

/// How long connections that are being made may take.
pub(crate) fn settle(value: &Value) -> Result<Span, Wrong> {
    typed::span_within(value, Span::ZERO, SETTLE_MAX)
}

/// How long a connection must be silent.
pub(crate) fn silence(value: &Value) -> Result<Span, Wrong> {
    typed::span_within(value, SILENCE_MIN, FOREVER)
}

/// The path of a request, perhaps with a query, as it stands in HTTP.
pub(crate) fn url_path(value: &Value) -> Result<String, Wrong> {
    let path = typed::text(value)?;
    if !path.starts_with('/') {
        let wrong = Wrong::must_be("a path that begins with `/`", value);
        return Err(match path_of_url(&path) {
            Some(path) => wrong.hint(format!(
                "did you mean `{path}`? The daemon knows where the app listens"
            )),
            None => wrong.hint("write `/health`, for example"),
        });
    }
    if path.len() > PATH_BYTES_MAX {
        return Err(Wrong::new(format!(
            "must be at most {PATH_BYTES_MAX} bytes long"
        )));
    }
    if path.bytes().any(|byte| !byte.is_ascii_graphic()) {
        let wrong = Wrong::must_be("a path of printable ASCII without blanks", value);
        return Err(wrong.hint("write other characters as `%20`, with their bytes in UTF-8"));
    }
    if path.contains('#') {
        return Err(Wrong::must_be("a path without `#`", value)
            .hint("what follows it is never sent to a server"));
    }
    Ok(path)
}

/// The path of a whole address of the web, or of one that lacks its slash.
fn path_of_url(text: &str) -> Option<String> {
    let bare = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    match text.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map(|(_, path)| format!("/{path}")),
        None => (!text.is_empty()).then(|| format!("/{text}")),
    }
    .filter(|path| bare(path))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_word_of_a_mode_is_read() {
        for (word, meant) in MODES {
            assert_eq!(mode(&json!(word)), Ok(meant));
        }
        assert_eq!(mode(&json!(false)), Ok(Handover::Off));
        let wrong = mode(&json!("ovrelap")).unwrap_err();
        assert_eq!(wrong.hint.as_deref(), Some("did you mean `overlap`?"));
        assert!(mode(&json!(true)).is_err());
    }

    #[test]
    fn a_check_is_a_path_as_it_stands_in_http() {
        let hint = |text: &str| url_path(&json!(text)).unwrap_err().hint;
        assert_eq!(url_path(&json!("/a?b=c%20d")), Ok("/a?b=c%20d".to_owned()));
        let meant = "did you mean `/health`? The daemon knows where the app listens";
        for text in ["health", "http://localhost:3013/health"] {
            assert_eq!(hint(text).as_deref(), Some(meant), "{text}");
        }
        for text in ["/a b", "/a\r\nHost: x", "/ä", "/a#b", &"/a".repeat(2000)] {
            assert!(url_path(&json!(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn there_is_no_batch_of_none() {
        assert_eq!(batch(&json!("2")), Ok(2));
        assert!(batch(&json!(0)).is_err());
        assert!(batch(&json!(1025)).is_err());
    }

    #[test]
    fn times_that_would_do_harm_are_refused() {
        assert_eq!(settle(&json!(0)), Ok(Span::ZERO));
        assert!(settle(&json!("61s")).is_err());
        assert_eq!(silence(&json!("100ms")), Ok(SILENCE_MIN));
        let wrong = silence(&json!(99)).unwrap_err();
        assert_eq!(wrong.what, "must be at least 100ms, not 99");
    }
}
