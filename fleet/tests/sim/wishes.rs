//! What clients ask for, and the specifications that they bring, by chance.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::LazyLock;

use config::handover::{Handover, HandoverRule};
use config::spec::{AppSpec, RestartDelay, RunAs, Scope};
use config::{Address, AppName, Namespace, Signal, Span};
use protocol::request::{Existing, ScaleTo};
use protocol::{InstanceId, Lack, LackOf, Request, Selector};

use crate::chance::Chance;
use crate::spec::app;

/// The apps there may be, each in a few versions, so that some are the same again. One is named like
/// an id, one like a namespace.
static SPECS: LazyLock<Vec<AppSpec>> = LazyLock::new(|| {
    let names = ["api", "back", "web", "2"];
    let versions = |name| (0..11).map(move |version| version_of(app(name), version));
    names.into_iter().flat_map(versions).collect()
});

/// Words that people type, some of which mean nothing.
const WORDS: [&str; 9] = [
    "api", "back", "web", "2", "web", "front", "0", "3", "nobody",
];

/// A request of any kind.
pub(crate) fn request(chance: &mut Chance) -> Request {
    match chance.below(40) {
        0..=7 => apply(chance),
        8..=11 => {
            let select = select(chance);
            Request::Start { select }
        }
        12..=15 => {
            let select = select(chance);
            Request::Stop { select }
        }
        16..=19 => {
            let select = select(chance);
            Request::Restart { select }
        }
        20 | 21 => {
            let select = select(chance);
            Request::Delete { select }
        }
        22 | 23 => scale(chance),
        24 => {
            let select = select(chance);
            Request::Reset { select }
        }
        25 => {
            let select = select(chance);
            let signal = *chance.pick(&[Signal::TERM, Signal::KILL]);
            Request::Signal { select, signal }
        }
        26 => {
            let select = select(chance);
            Request::Flush { select }
        }
        27 => Request::Dump,
        28 => Request::Resurrect,
        29 => {
            let select = select(chance);
            Request::Specs { select }
        }
        30 => Request::List,
        31 => Request::Ping,
        _ => {
            let select = select(chance);
            Request::Reload { select }
        }
    }
}

/// Brings some app up, so that a history has something to begin with.
pub(crate) fn apply(chance: &mut Chance) -> Request {
    let existing = [
        Existing::Converge,
        Existing::Converge,
        Existing::Restart,
        Existing::Reload,
        Existing::Reload,
        Existing::Refuse,
        Existing::Skip,
    ];
    let existing = *chance.pick(&existing);
    let count = *chance.pick(&[1, 1, 1, 2, 2, 3]);
    let mut apps: Vec<AppSpec> = (0..count).map(|_| any_spec(chance)).collect();
    // A name twice is refused; that is tried now and then, not each time that chance repeats itself.
    if !chance.one_in(16) {
        let mut names = BTreeSet::new();
        apps.retain(|spec| names.insert(spec.name.clone()));
    }
    if chance.one_in(64) {
        apps.clear();
    }
    Request::Apply { apps, existing }
}

fn scale(chance: &mut Chance) -> Request {
    let app = AppName::new(*chance.pick(&WORDS)).expect("the word is a name");
    let to = match chance.below(8) {
        0..=2 => ScaleTo::Exactly(chance.small(4)),
        3 | 4 => ScaleTo::Up(chance.small(3)),
        5 | 6 => ScaleTo::Down(chance.small(3)),
        _ => ScaleTo::Up(u32::MAX),
    };
    Request::Scale { app, to }
}

fn select(chance: &mut Chance) -> Vec<Selector> {
    let count = *chance.pick(&[1, 1, 1, 1, 2, 2, 3]);
    if chance.one_in(64) {
        return Vec::new();
    }
    (0..count).map(|_| selector(chance)).collect()
}

fn selector(chance: &mut Chance) -> Selector {
    match chance.below(16) {
        0..=5 => Selector::All,
        6..=8 => Selector::Id(InstanceId(chance.small(6))),
        _ => Selector::Word((*chance.pick(&WORDS)).to_owned()),
    }
}

/// One of the versions of one of the apps.
fn any_spec(chance: &mut Chance) -> AppSpec {
    let mut spec = chance.pick(&SPECS).clone();
    spec.instances = *chance.pick(&[1, 1, 1, 1, 1, 2, 2, 3]);
    if chance.one_in(24) {
        spec.instances = 6;
    }
    spec.autostart = !chance.one_in(12);
    if chance.one_in(4) {
        spec.inherited.set("ASKED_BY", "somebody else");
    }
    if chance.one_in(64) {
        spec.instances = *chance.pick(&[0, 1025]);
    }
    if chance.one_in(64) {
        spec.run_as = Some(RunAs {
            uid: 33,
            gid: 33,
            groups: Vec::new(),
            name: None,
            home: None,
        });
    }
    spec
}

/// The first seven differ in everything; the others are like one of these, and are given sockets.
fn version_of(mut spec: AppSpec, version: usize) -> AppSpec {
    if version == 0 {
        spec.namespace = Namespace::new("back").expect("the name is valid");
    }
    spec.exec.args.push(format!("v{version}"));
    let version = [0, 1, 2, 3, 4, 5, 6, 1, 0, 0, 4][version];
    let odd = version % 2 == 1;
    spec.logs.out = None;
    spec.restart.autorestart = version != 5;
    if version == 4 {
        // The second one is what a shell makes of SIGTERM.
        spec.restart.stop_exit_codes = vec![0, 143];
    }
    spec.restart.max_restarts = [16, 3, 16, 1, 5, 4, 0][version];
    spec.restart.delay = [
        RestartDelay::Fixed(Span::ZERO),
        RestartDelay::Fixed(Span::millis(100)),
        RestartDelay::Backoff(Span::millis(100)),
        RestartDelay::Fixed(Span::secs(5)),
        RestartDelay::Backoff(Span::secs(20)),
        RestartDelay::Fixed(Span::ZERO),
        RestartDelay::Fixed(Span::ZERO),
    ][version];
    spec.stop.scope = if version == 3 {
        Scope::Leader
    } else {
        Scope::Tree
    };
    spec.stop.signal = if odd { Signal::TERM } else { Signal::INT };
    spec.stop.timeout = Span::millis([1600, 0, 3000][version % 3]);
    spec.handover = handover_of(version);
    let all = addresses(&spec);
    spec.handover.listen = match spec.exec.args.last().map(String::as_str) {
        Some("v7" | "v9") => all[..1].to_vec(),
        Some("v8" | "v10") => all,
        _ => Vec::new(),
    };
    spec.ready.wait_ready = odd;
    spec.ready.listen_timeout = Span::millis(if version == 1 { 300 } else { 3000 });
    spec
}

fn handover_of(version: usize) -> HandoverRule {
    use Handover::{Auto, Off, Overlap, Queue};
    HandoverRule {
        mode: [Auto, Auto, Queue, Overlap, Auto, Auto, Off][version],
        check: (version % 3 == 1).then(|| "/health".to_owned()),
        batch: [1, 2, 1, 3, 0, 1, 1][version],
        drain_idle: Span::millis([5000, 5000, 600, 0, 40, 5000, 5000][version]),
        drain_timeout: Span::millis([30_000, 500, 30_000, 0, 2000, 200, 0][version]),
        queue_pause: Span::millis([5000, 100, 700, 0, 5000, 5000, 0][version]),
        hold_timeout: Span::millis([30_000, 2000, 700, 0, 30_000, 5000, 0][version]),
        ..HandoverRule::default()
    }
}

/// Where a program of this specification may listen: none, one or two ports, of which some versions
/// have others.
pub(crate) fn addresses(spec: &AppSpec) -> Vec<Address> {
    let version = spec.exec.args.last().map(String::as_str);
    let ports: &[u16] = match version {
        Some("v0" | "v2" | "v5" | "v6" | "v8") => &[3000],
        Some("v1" | "v4" | "v7" | "v9" | "v10") => &[3000, 3001],
        Some("v3") => &[3002],
        _ => &[],
    };
    let at = |port: &u16| Address::Tcp(SocketAddr::from(([127, 0, 0, 1], *port)));
    ports.iter().map(at).collect()
}

/// Something that a hand-over may lack, by number.
pub(crate) fn lack(number: usize) -> Lack {
    let all = [
        LackOf::Filter,
        LackOf::Unwanted,
        LackOf::Duplicate,
        LackOf::Privileged {
            file: "/srv/app".into(),
        },
        LackOf::Trace,
        LackOf::Diagnosis,
        LackOf::Stranger,
        LackOf::Selector,
    ];
    let of = all[number].clone();
    Lack { of, errno: 1 }
}
