//! Measures the daemon, beside the bare operating system and PM2, and prints a table.
//!
//! `cargo run --release -p benches` does it all: it builds `wsd` and `wsctl`, has npm install PM2 into
//! `.tools/pm2` where there is npm, measures each in a home of its own, and leaves nothing running.
//! `cargo run --release -p benches -- reload` shows instead what clients see of a reload.
//! With `--save` the table also goes into `docs/figures.md`, which says what the rows mean.

mod fleet;
mod kernel;
mod relaunch;
mod reload;
mod rival;
mod save;
mod stage;
mod table;
mod times;

use std::io::{self, Write as _};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, ensure};
use fleet::{Effort, Fleet};
use relaunch::{Bare, Relaunches, Supervised};
use reload::Wanted;
use rival::{PM2_VERSION, Rival};
use stage::Stage;
use table::{Column, Table};
use tests::binaries;
use times::Times;

/// How many relaunches are counted, and how many come before that.
const RELAUNCHES: usize = 100;
const WARM_UP: usize = 10;

/// Our commands take milliseconds, PM2's take half a second.
const OURS: Effort = Effort {
    starts: 5,
    calls: 50,
};
const PM2S: Effort = Effort {
    starts: 3,
    calls: 20,
};

/// The heading of our own column.
const WSD: &str = "wsd";

fn main() -> anyhow::Result<ExitCode> {
    let is_saved = std::env::args().any(|argument| argument == "--save");
    let interrupted = Arc::default();
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
    }
    let mut words = std::env::args().skip(1);
    if words.next().is_some_and(|word| word == "reload") {
        let is_whole = reload::run(&Wanted::of(words)?, &interrupted)?;
        return Ok(if is_whole {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    ensure!(
        cfg!(not(debug_assertions)),
        "figures of a debug build mean nothing; run `cargo run --release -p benches`"
    );
    build_beacon()?;
    let table = measure(&interrupted)?;
    let text = format!("{}\n\n{table}", taken_on()?);
    io::stdout().write_all(text.as_bytes())?;
    if is_saved {
        save::into_document(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the app that is run; `cargo run` has built this program alone.
fn build_beacon() -> anyhow::Result<()> {
    let folder = binaries::folder();
    let target = folder
        .parent()
        .context("a profile's folder lies in target")?;
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--release",
            "--package=benches",
            "--bin=beacon",
        ])
        .arg("--target-dir")
        .arg(target)
        .current_dir(binaries::workspace())
        .status()?;
    ensure!(built.success(), "the app `beacon` does not build");
    Ok(())
}

/// Where and when.
fn taken_on() -> anyhow::Result<String> {
    let now = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::system());
    let day = now.strftime("%Y-%m-%d");
    let (machine, load) = (kernel::machine()?, kernel::load()?);
    Ok(format!("{machine}; {day}, load {load}"))
}

fn measure(interrupted: &Arc<AtomicBool>) -> anyhow::Result<Table> {
    let pm2 = rival::install_pm2();
    if let Err(why) = &pm2 {
        say(&format!("PM2 is left out: {why:#}"));
    }
    let with_pm2 = pm2.is_ok();
    let mut columns = relaunches(interrupted, with_pm2)?;
    bare(interrupted, &mut columns[0])?;
    for (column, effort) in columns[1..].iter_mut().zip([OURS, PM2S]) {
        say(&format!("100 apps under {} …", column.name));
        let stage = Stage::new(interrupted)?;
        let rival = if column.name == WSD {
            Rival::wsd(&stage)
        } else {
            Rival::pm2(&stage)
        };
        column.fleet = Some(Fleet::measure(&rival?, effort)?);
    }
    Ok(Table(columns))
}

/// All of them kill and bring back by turns, so that what else the machine does hits each alike.
fn relaunches(interrupted: &Arc<AtomicBool>, with_pm2: bool) -> anyhow::Result<Vec<Column>> {
    say("kill -9 and back, by turns …");
    let stages = [0, 1, 2].map(|_| Stage::new(interrupted));
    let [bare, ours, theirs] = stages;
    let (bare, ours, theirs) = (bare?, ours?, theirs?);
    let mut who: Vec<(String, Box<dyn Relaunches + '_>)> = vec![
        ("bare".to_owned(), Box::new(Bare::start(&bare)?)),
        (
            WSD.to_owned(),
            Box::new(Supervised::start(Rival::wsd(&ours)?)?),
        ),
    ];
    if with_pm2 {
        let pm2 = Supervised::start(Rival::pm2(&theirs)?)?;
        who.push((format!("PM2 {PM2_VERSION}"), Box::new(pm2)));
    }
    let mut times = vec![Times::default(); who.len()];
    for round in 0..WARM_UP + RELAUNCHES {
        for ((_, one), times) in who.iter_mut().zip(&mut times) {
            let time = one.round()?;
            if round >= WARM_UP {
                times.push(time);
            }
        }
    }
    let names = who.iter().map(|(name, _)| name.clone());
    Ok(names
        .zip(times)
        .map(|(name, relaunch)| Column {
            name,
            relaunch,
            ..Column::default()
        })
        .collect())
}

/// What can be measured without a supervisor.
fn bare(interrupted: &Arc<AtomicBool>, column: &mut Column) -> anyhow::Result<()> {
    let stage = Stage::new(interrupted)?;
    let calls: anyhow::Result<Times> = (0..OURS.calls)
        .map(|_| rival::timed(&mut Command::new("true")))
        .collect();
    let starts: anyhow::Result<Times> = (0..OURS.starts)
        .map(|_| fleet::bare_start(&stage))
        .collect();
    column.bare_call = Some(calls?);
    column.bare_start = Some(starts?);
    Ok(())
}

/// What goes on, for who waits. Where nobody can be told, nobody waits.
fn say(line: &str) {
    writeln!(io::stderr(), "{line}").ok();
}
