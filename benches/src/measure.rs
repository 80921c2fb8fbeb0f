//! What is measured of a process, and the middle of many measurements.

use std::fs;
use std::time::Duration;

use ::tests::processes;

/// The middle one of an odd number of measurements, the upper of the two middle ones of an even one.
///
/// # Panics
/// Where there is none.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The memory of a process that is resident, in kibibytes; 0 for one that has ended.
pub(crate) fn resident(pid: u32) -> u64 {
    number(processes::status_of(pid, "VmRSS").as_deref())
}

/// How often the threads of a process have gone to sleep by themselves.
pub(crate) fn sleeps(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    let texts = threads
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("status")).ok());
    texts.map(|text| number(sleeps_line(&text))).sum()
}

fn sleeps_line(status: &str) -> Option<&str> {
    status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))
}

fn number(text: Option<&str>) -> u64 {
    text.and_then(|text| text.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_neither_the_mean_nor_an_end() {
        let times = [9, 1, 2].map(Duration::from_secs).to_vec();
        assert_eq!(median(times), Duration::from_secs(2));
    }

    #[test]
    fn a_process_has_memory() {
        assert!(resident(std::process::id()) > 100);
        assert_eq!(resident(0), 0);
    }
}
