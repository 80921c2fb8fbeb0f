//! When an app is started again, how it is stopped, when it counts as ready.

use super::reader::Reader;
use super::typed;
use crate::spec::{ReadyRule, RestartDelay, RestartRule, Scope, StopRule};
use crate::{Signal, Span};

/// Source: PM2 7; ours is `listen_timeout`, since late is a failure here.
const MAX_RESTARTS: u32 = 16;
const MIN_UPTIME: Span = Span::millis(1000);
const KILL_TIMEOUT: Span = Span::millis(1600);
const LISTEN_TIMEOUT: Span = Span::secs(10);

/// When it is started again.
pub(crate) fn restart(reader: &mut Reader<'_, '_>) -> RestartRule {
    let max_restarts = reader
        .take("max_restarts", |value| {
            typed::whole(value, 0, u32::MAX.into())
        })
        .and_then(|count| u32::try_from(count).ok())
        .unwrap_or(MAX_RESTARTS);
    RestartRule {
        autorestart: reader.flag("autorestart", true),
        max_restarts,
        min_uptime: reader.take("min_uptime", typed::span).unwrap_or(MIN_UPTIME),
        delay: delay(reader),
        stop_exit_codes: reader
            .take("stop_exit_codes", typed::codes)
            .unwrap_or_default(),
    }
}

/// Source: PM2; a backoff overrides a fixed delay, and a backoff of 0 is none.
fn delay(reader: &mut Reader<'_, '_>) -> RestartDelay {
    let fixed = reader.take("restart_delay", typed::span);
    let backoff = reader
        .take("exp_backoff_restart_delay", typed::span)
        .filter(|first| *first != Span::ZERO);
    match backoff {
        Some(first) => RestartDelay::Backoff(first),
        None => RestartDelay::Fixed(fixed.unwrap_or(Span::ZERO)),
    }
}

/// How it is stopped. Source: PM2; a `kill_timeout` of 0 is the default one.
pub(crate) fn stop(reader: &mut Reader<'_, '_>) -> StopRule {
    StopRule {
        signal: reader
            .take("kill_signal", typed::signal)
            .unwrap_or(Signal::INT),
        timeout: reader
            .take("kill_timeout", typed::span)
            .filter(|timeout| *timeout != Span::ZERO)
            .unwrap_or(KILL_TIMEOUT),
        scope: if reader.flag("treekill", true) {
            Scope::Tree
        } else {
            Scope::Leader
        },
    }
}

/// When it counts as ready.
pub(crate) fn ready(reader: &mut Reader<'_, '_>) -> ReadyRule {
    ReadyRule {
        wait_ready: reader.flag("wait_ready", false),
        listen_timeout: reader
            .take("listen_timeout", typed::span)
            .filter(|timeout| *timeout != Span::ZERO)
            .unwrap_or(LISTEN_TIMEOUT),
    }
}
