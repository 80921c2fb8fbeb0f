//! Why an app is not started again.

use config::spec::RestartRule;

/// Why an instance that gave up did, by the rule of its app; none where the app is gone.
pub(crate) fn given_up(rule: Option<&RestartRule>) -> &'static str {
    match rule {
        Some(rule) if !rule.autorestart => "autorestart is off",
        Some(rule) if rule.max_restarts == 0 => "max_restarts is 0, it may not be restarted",
        Some(_) | None => "it died too often",
    }
}
