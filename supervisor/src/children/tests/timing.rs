//! Figures, printed by `cargo test -p supervisor timing -- --ignored --nocapture --test-threads 1`.
#![expect(
    clippy::disallowed_methods,
    reason = "what is measured here is time itself"
)]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use config::Signal;
use config::spec::Scope;
use fleet::Event;
use protocol::RunId;

use super::stage::{Stage, play, program};

const ROUNDS: u64 = 200;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[test]
#[ignore = "measures"]
fn launch_against_a_bare_spawn() {
    play(async {
        let mut stage = Stage::new();
        let (mut bare, mut spawned, mut launched) = (Vec::new(), Vec::new(), Vec::new());
        for run in 1..=ROUNDS {
            let start = Instant::now();
            let mut child = Command::new("/bin/true")
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            child.wait().unwrap();
            bare.push(start.elapsed());

            let start = Instant::now();
            stage.launch(run, program("/bin/true", &[]));
            spawned.push(start.elapsed());
            while !matches!(stage.next().await, Event::Exited { .. }) {}
            launched.push(start.elapsed());
        }
        println!("bare spawn to exit: {:?}", median(bare));
        println!("launch() itself: {:?}", median(spawned));
        println!("launch to Exited: {:?}", median(launched));
    });
}

fn crowd() -> Vec<Child> {
    let sleeper = || Command::new("/bin/sleep").arg("1000").spawn().unwrap();
    (0..300).map(|_| sleeper()).collect()
}

#[test]
#[ignore = "measures"]
fn exit_to_exited_with_300_other_processes() {
    play(async {
        let mut others = crowd();
        let mut stage = Stage::new();
        let mut times = Vec::new();
        for run in 1..=ROUNDS {
            stage.launched(run, program("/bin/sleep", &["1000"])).await;
            let start = Instant::now();
            stage
                .children
                .signal(RunId(run), Signal::KILL, Scope::Leader);
            stage.exited(run).await;
            times.push(start.elapsed());
        }
        println!(
            "SIGKILL to Exited, 300 other processes: {:?}",
            median(times)
        );
        for other in &mut others {
            other.kill().unwrap();
            other.wait().unwrap();
        }
    });
}

#[test]
#[ignore = "measures"]
fn two_hundred_runs_stopped_at_once() {
    play(async {
        let mut stage = Stage::new();
        for run in 1..=200 {
            stage.launch(run, program("/bin/sleep", &["1000"]));
        }
        for _ in 1..=200 {
            stage.next().await;
        }
        let before = stage.children.sweeper.looks();
        let start = Instant::now();
        for run in 1..=200 {
            stage.children.signal(RunId(run), Signal::TERM, Scope::Tree);
        }
        let mut ended = 0;
        while ended < 200 {
            ended += usize::from(matches!(stage.next().await, Event::Exited { .. }));
        }
        let looks = stage.children.sweeper.looks() - before;
        println!("200 runs stopped in {:?}, {looks} looks", start.elapsed());
    });
}
