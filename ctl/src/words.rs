//! Words for the daemon's facts: it sends what happened, this says it.
//!
//! Fragments are lowercase and without a full stop, so that they fit into a sentence.

mod again;
mod deaths;
mod handover;
mod notices;
mod refusals;

use std::io;

use config::Span;
use config::spec::ExecMode;
use nix::errno::Errno;
use protocol::InstanceId;
use protocol::reply::DiskError;

pub(crate) use again::given_up;
pub(crate) use deaths::{death, ended, last_words_hint, launch, launch_hint, lived, safe};
pub(crate) use handover::{addresses, handed, lack, lack_hint, manner, mode as handover_mode};
pub(crate) use notices::notice;
pub(crate) use refusals::refusal;

/// A length of time as a person says it: `120ms`, `5.2s`, `2m 3s`, `3h 4m`, `2d 3h`.
pub(crate) fn span(span: Span) -> String {
    let ms = span.as_millis();
    let secs = ms / 1000;
    match secs {
        0 => format!("{ms}ms"),
        1..60 if ms % 1000 < 100 => format!("{secs}s"),
        1..60 => format!("{secs}.{}s", ms % 1000 / 100),
        60..3600 => pair(secs / 60, "m", secs % 60, "s"),
        3600..86_400 => pair(secs / 3600, "h", secs / 60 % 60, "m"),
        _ => pair(secs / 86_400, "d", secs / 3600 % 24, "h"),
    }
}

fn pair(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    if small == 0 {
        format!("{large}{large_unit}")
    } else {
        format!("{large}{large_unit} {small}{small_unit}")
    }
}

/// A length of time in one unit, the largest of which there are at least two. Source: PM2's list.
pub(crate) fn uptime(span: Span) -> String {
    let secs = span.as_millis() / 1000;
    match secs {
        0..120 => format!("{secs}s"),
        120..7200 => format!("{}m", secs / 60),
        7200..172_800 => format!("{}h", secs / 3600),
        _ => format!("{}D", secs / 86_400),
    }
}

/// An amount of bytes, as `20.9mb`. Source: PM2's list.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "gb"), (1 << 20, "mb"), (1 << 10, "kb")];
    for (size, unit) in UNITS {
        if bytes >= size {
            let tenths = bytes.saturating_mul(10) / size;
            return format!("{}.{}{unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes}b")
}

/// The kernel's reason: `permission denied`.
pub(crate) fn errno(number: i32) -> String {
    let text = Errno::from_raw(number).desc();
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// The reason of a failed call, in the kernel's words where they are its.
pub(crate) fn io_error(error: &io::Error) -> String {
    error
        .raw_os_error()
        .map_or_else(|| error.to_string(), errno)
}

/// What is wrong with a file: `/srv/state.json: no space left on device`.
pub(crate) fn disk(error: &DiskError) -> String {
    let file = error.file.display();
    match error.errno {
        Some(number) => format!("{file}: {}", errno(number)),
        None => format!("{file}: {}", error.detail),
    }
}

/// `id 3`, `ids 0-3`, `ids 0, 2, 5-7`; the ids ascending.
pub(crate) fn ids(ids: &[InstanceId]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for id in ids {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(id.0) => *last = id.0,
            _ => ranges.push((id.0, id.0)),
        }
    }
    let shown: Vec<String> = ranges
        .iter()
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            1 => format!("{first}, {last}"),
            _ => format!("{first}-{last}"),
        })
        .collect();
    let noun = if ids.len() == 1 { "id" } else { "ids" };
    format!("{noun} {}", shown.join(", "))
}

/// PM2's word for how the instances share the work.
pub(crate) const fn mode(mode: ExecMode) -> &'static str {
    match mode {
        ExecMode::Fork => "fork",
        ExecMode::Cluster => "cluster",
    }
}

/// `1 app`, `2 apps`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_in_the_two_units_that_matter() {
        let said =
            [120, 1000, 5200, 60_000, 123_000, 11_040_000, 183_600_000].map(|ms| span(Span(ms)));
        assert_eq!(
            said,
            ["120ms", "1s", "5.2s", "1m", "2m 3s", "3h 4m", "2d 3h"]
        );
    }

    #[test]
    fn the_list_has_one_unit_of_which_there_are_two() {
        let said = [0, 119, 120, 7199, 7200, 172_800].map(|secs| uptime(Span::secs(secs)));
        assert_eq!(said, ["0s", "119s", "2m", "119m", "2h", "2D"]);
    }

    #[test]
    fn memory_has_one_decimal() {
        let said = [0, 1023, 1024, 21_915_239, 1_610_612_736].map(bytes);
        assert_eq!(said, ["0b", "1023b", "1.0kb", "20.9mb", "1.5gb"]);
    }

    #[test]
    fn neighbouring_ids_are_a_range() {
        let said =
            |numbers: &[u32]| ids(&numbers.iter().copied().map(InstanceId).collect::<Vec<_>>());
        assert_eq!(said(&[3]), "id 3");
        assert_eq!(said(&[0, 1]), "ids 0, 1");
        assert_eq!(said(&[0, 1, 2, 3]), "ids 0-3");
        assert_eq!(said(&[0, 2, 5, 6, 7]), "ids 0, 2, 5-7");
    }

    #[test]
    fn the_kernels_reasons_begin_small() {
        assert_eq!(errno(13), "permission denied");
        assert_eq!(errno(2), "no such file or directory");
    }
}
