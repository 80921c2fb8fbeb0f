//! The wall clock, for showing only.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0)
}

/// A moment in the local time zone, as `2026-01-31 08:05:09.042`.
///
/// Units: `at_ms` in milliseconds since 1970. A moment that no calendar has is shown as its number.
pub(crate) fn local(at_ms: u64) -> String {
    moment(at_ms).map_or_else(
        || at_ms.to_string(),
        |moment| {
            let zoned = moment.to_zoned_datetime(TimeZone::system());
            zoned.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
        },
    )
}

fn moment(at_ms: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(at_ms).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_to_the_millisecond() {
        let shown = local(1_700_000_000_042);
        assert!(
            shown.starts_with("2023-11-1") && shown.ends_with(":20.042"),
            "{shown}"
        );
        assert_eq!(local(u64::MAX), u64::MAX.to_string());
    }
}
