//! Measures the daemon, beside the bare operating system and PM2, and prints a table.
//!
//! `scripts/figures` builds and runs it. With the path of PM2's program as its argument it measures
//! that in the same run, on the same app. Each figure is a median where it is a time.

mod measure;
mod subject;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use subject::{ARRIVALS, Figures, Subject};
use tests::{Home, binaries};

/// How long everything together may take.
const LIMIT: Duration = Duration::from_secs(900);

fn main() -> io::Result<()> {
    let pm2 = std::env::args_os().nth(1).map(PathBuf::from);
    let mut home = Home::with_limit(LIMIT);
    home.set("FIGURES_SOCKET", home.work().join(ARRIVALS));
    home.start_daemon();
    let bare = subject::bare_relaunch(&home);
    let mut all = vec![wsd(&home).measure()];
    if let Some(program) = pm2 {
        home.set("PM2_HOME", home.work().join("pm2"));
        home.set("PM2_DISABLE_VERSION_CHECK", "true");
        let other = Subject {
            name: "PM2",
            home: &home,
            program: program.clone(),
            daemon: pm2_daemon,
        };
        all.push(other.measure());
        let mut command = home.command(&program);
        tests::Outcome::of(command.arg("kill"), home.deadline()).ok();
    }
    print(bare, &all)
}

fn wsd(home: &Home) -> Subject<'_> {
    Subject {
        name: "wsd",
        home,
        program: binaries::wsctl(),
        daemon: |home| home.daemon().pid,
    }
}

fn pm2_daemon(home: &Home) -> u32 {
    let text = fs::read_to_string(home.work().join("pm2/pm2.pid"));
    text.ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0)
}

fn print(bare: Duration, all: &[Figures]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}\n", machine())?;
    let names: Vec<&str> = all.iter().map(|one| one.name).collect();
    writeln!(out, "| | {} |", names.join(" | "))?;
    writeln!(out, "|---|{}", "---|".repeat(names.len()))?;
    let mut row = |what: &str, value: &dyn Fn(&Figures) -> String| {
        let values: Vec<String> = all.iter().map(value).collect();
        writeln!(out, "| {what} | {} |", values.join(" | "))
    };
    let relaunch = format!(
        "`kill -9` of an app to its next run (bare fork and exec: {})",
        ms(bare)
    );
    row(&relaunch, &|one| ms(one.relaunch))?;
    row("`start` of 100 apps", &|one| ms(one.start))?;
    row("`list` with 100 apps", &|one| ms(one.list))?;
    row("`ping`, the shortest call", &|one| ms(one.call))?;
    row("daemon's memory, no app", &|one| mib(one.empty_kib))?;
    row("daemon's memory, 100 apps", &|one| mib(one.full_kib))?;
    row("wake-ups in 10 s, 100 idle apps", &|one| {
        one.wakes.to_string()
    })
}

/// The machine in one line.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| {
            rest.trim_start_matches(['\t', ':', ' '])
        });
    let cores = processors.matches("processor\t:").count();
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{cores} × {model}, Linux {}", kernel.trim())
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

fn mib(kib: u64) -> String {
    let tenths = kib * 10 / 1024;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}
