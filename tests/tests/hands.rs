//! Many clients at once, and processes that are killed meanwhile.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use protocol::request::ScaleTo;
use protocol::view::StateView;
use protocol::{Reply, Request, Selector, View};
use serde_json::{Value, json};
use tests::processes::{self, Process, Signal};
use tests::{Client, Deadline, Home, app, with};

const APPS: u64 = 8;

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    const fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

fn request(dice: &mut Dice) -> Request {
    let name = format!("app-{}", dice.roll(APPS));
    let select = vec![Selector::Word(name.clone())];
    match dice.roll(7) {
        0 => Request::Start { select },
        1 => Request::Stop { select },
        2 | 3 => Request::Restart { select },
        4 => Request::Scale {
            app: config::AppName::new(name).expect("a name"),
            to: ScaleTo::Exactly(u32::try_from(dice.roll(3)).expect("it is small") + 1),
        },
        5 => Request::Reset { select },
        _ => Request::List,
    }
}

/// One client that asks one thing after another; each must be answered.
fn hand(socket: PathBuf, seed: u64, until: Deadline) -> thread::JoinHandle<u32> {
    thread::spawn(move || {
        let mut dice = Dice(seed);
        let mut client = Client::connect(&socket).expect("the daemon listens");
        let mut asked = 0;
        while !until.is_over() {
            let id = format!("hand-{seed}-{asked}");
            let reply = client.ask_as(&id, request(&mut dice));
            assert!(!matches!(reply, Reply::Refused { .. }), "{reply:?}");
            asked += 1;
        }
        asked
    })
}

/// Kills what runs, now and then.
fn killer(home: &Home, until: Deadline) {
    let mut dice = Dice(7);
    while !until.is_over() {
        let pids: Vec<u32> = running(&home.view()).collect();
        let victim = pids.get(usize::try_from(dice.roll(APPS)).expect("it is small"));
        if let Some(process) = victim.and_then(|pid| Process::open(*pid)) {
            process.signal(Signal::KILL);
        }
    }
}

fn running(view: &View) -> impl Iterator<Item = u32> {
    let instances = view.apps.iter().flat_map(|app| &app.instances);
    instances.filter_map(|one| one.pid.map(|pid| pid.0))
}

#[test]
fn after_many_hands_what_runs_is_what_is_shown() {
    let home = Home::with_limit(Duration::from_secs(50));
    home.start_daemon();
    let one = |number| {
        let rule = json!({ "max_restarts": 100_000, "kill_timeout": 300 });
        with(app(&format!("app-{number}"), "listener", &[]), rule)
    };
    let apps: Vec<Value> = (0..APPS).map(one).collect();
    home.start_all(&apps);
    let until = Deadline::after(Duration::from_secs(6));
    let hands: Vec<_> = (1..=4)
        .map(|seed| hand(home.paths().socket(), seed, until))
        .collect();
    killer(&home, until);
    for hand in hands {
        assert!(hand.join().expect("each request is answered") > 5);
    }
    home.ctl(["start", "all"]).ok();
    let view = home.view();
    let states = view.apps.iter().flat_map(|app| &app.instances);
    assert!(states.clone().all(|one| one.state == StateView::Online));
    let left = processes::of_home(home.paths().home());
    assert_eq!(left.len(), states.count() + 1, "the apps and the daemon");
    home.ctl(["stop", "all"]).ok();
    assert_eq!(processes::of_home(home.paths().home()).len(), 1);
}
