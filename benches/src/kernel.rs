//! What the kernel says of a process and of the machine.

use std::fs;

use anyhow::Context as _;
use tests::processes;

/// The resident memory of a process, in KiB.
///
/// Errors: there is no such process.
pub(crate) fn resident_kib(pid: u32) -> anyhow::Result<u64> {
    processes::status_of(pid, "VmRSS")
        .and_then(|text| text.strip_suffix("kB")?.trim().parse().ok())
        .with_context(|| format!("process {pid} has no memory"))
}

/// How often the threads of a process went to sleep of their own will, ever.
///
/// Errors: there is no such process.
pub(crate) fn voluntary_switches(pid: u32) -> anyhow::Result<u64> {
    let threads = fs::read_dir(format!("/proc/{pid}/task"))
        .with_context(|| format!("process {pid} has no threads"))?;
    let mut sum = 0;
    for thread in threads {
        let status = fs::read_to_string(thread?.path().join("status"))?;
        sum += status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))
            .and_then(|count| count.trim().parse::<u64>().ok())
            .context("the kernel does not count switches")?;
    }
    Ok(sum)
}

/// The machine in one line: processor, how many of it, kernel.
pub(crate) fn machine() -> anyhow::Result<String> {
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| {
            rest.trim_start_matches(['\t', ' ', ':'])
        });
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let cores = std::thread::available_parallelism()?;
    Ok(format!("{model}, {cores} cores, Linux {}", kernel.trim()))
}

/// How many processes wanted a processor in the last minute, on average.
pub(crate) fn load() -> anyhow::Result<String> {
    let load = fs::read_to_string("/proc/loadavg")?;
    Ok(load.split(' ').next().unwrap_or("?").to_owned())
}
