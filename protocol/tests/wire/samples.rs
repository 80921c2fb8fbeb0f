//! One value of each kind of message, with texts that are awkward on a line.

use std::path::PathBuf;
use std::sync::Arc;

use config::spec::LogPaths;
use config::{AppName, AppSpec, Signal, Span};
use protocol::exit::{ExitStatus, LaunchError, LaunchStage};
use protocol::notice::{Cause, Notice, ReadyBy, Who};
use protocol::reply::{Death, DeathBy, DiskError, Finish, Outcome, Reached, Refusal, Reply};
use protocol::request::{Existing, Request, ScaleTo, Selector};
use protocol::saved::Saved;
use protocol::view::{InstanceView, StateView};
use protocol::{CheckFailure, InstanceId, Mode, Pid, RunId, View};

use crate::handed::{addresses, handed, lacks};

/// A text that would break a line, or JSON, if it were written as it is.
pub(crate) const AWKWARD: &str = "a\nb\r\0\u{1b}[2J\"\\ \u{2028}✓";

/// The apps of a state that a first version wrote.
pub(crate) fn saved() -> Saved {
    let text = include_str!("../../../supervisor/fixtures/state-1.json");
    let (_, saved) = text.split_once('\n').unwrap();
    serde_json::from_str(saved).unwrap()
}

/// A specification.
pub(crate) fn spec() -> AppSpec {
    let app = saved().apps.into_iter().next().unwrap();
    Arc::unwrap_or_clone(app.spec)
}

fn app() -> AppName {
    AppName::new("web ✓").unwrap()
}

/// One request of each kind.
pub(crate) fn requests() -> Vec<Request> {
    let select = vec![
        Selector::All,
        Selector::Word(AWKWARD.to_owned()),
        Selector::Id(InstanceId(u32::MAX)),
    ];
    let select = || select.clone();
    let scale = |to| Request::Scale { app: app(), to };
    let apply = |existing| Request::Apply {
        apps: vec![spec(), spec()],
        existing,
    };
    vec![
        Request::Ping,
        Request::List,
        Request::Specs { select: select() },
        apply(Existing::Converge),
        apply(Existing::Restart),
        apply(Existing::Reload),
        apply(Existing::Refuse),
        apply(Existing::Skip),
        Request::Start { select: select() },
        Request::Stop { select: select() },
        Request::Restart { select: select() },
        Request::Reload { select: select() },
        Request::Delete { select: select() },
        Request::Reset { select: select() },
        scale(ScaleTo::Exactly(0)),
        scale(ScaleTo::Up(1)),
        scale(ScaleTo::Down(u32::MAX)),
        Request::Signal {
            select: select(),
            signal: Signal::KILL,
        },
        Request::Flush { select: select() },
        Request::Dump,
        Request::Resurrect,
        Request::Events,
        Request::Kill,
    ]
}

fn launch_error() -> LaunchError {
    LaunchError {
        stage: LaunchStage::Exec,
        on: AWKWARD.to_owned(),
        errno: 2,
    }
}

fn disk_error() -> DiskError {
    DiskError::contents("/x", AWKWARD)
}

fn ends() -> [ExitStatus; 4] {
    let signal = |core| ExitStatus::Signal {
        signal: Signal::TERM,
        core,
    };
    [
        ExitStatus::Code(255),
        signal(false),
        signal(true),
        ExitStatus::Unknown,
    ]
}

fn deaths() -> Vec<DeathBy> {
    let mut deaths: Vec<DeathBy> = ends().map(DeathBy::Exit).into();
    deaths.push(DeathBy::Launch(launch_error()));
    deaths.push(DeathBy::NotReady { within: Span(1) });
    deaths.extend([Vec::new(), addresses()].map(|at| DeathBy::NotListening {
        within: Span(1),
        at,
    }));
    deaths.extend(check_failures().into_iter().map(|why| DeathBy::Unchecked {
        path: AWKWARD.to_owned(),
        why,
    }));
    deaths
}

fn check_failures() -> Vec<CheckFailure> {
    let mut failures: Vec<CheckFailure> = ends().map(CheckFailure::Ended).into();
    failures.extend([
        CheckFailure::Status(500),
        CheckFailure::Late(Span(u64::MAX)),
        CheckFailure::Broken(104),
        CheckFailure::NotHttp,
        CheckFailure::NoPort,
    ]);
    failures
}

fn instance(state: StateView) -> InstanceView {
    InstanceView {
        id: InstanceId(7),
        app: app(),
        slot: 1,
        state,
        pid: Some(Pid(u32::MAX)),
        run: Some(RunId(u64::MAX)),
        uptime: Some(Span(u64::MAX)),
        restarts: 3,
        unstable: (2, 10),
        failures: 2,
        next_in: None,
        last_death: None,
        last_exit: Some(ExitStatus::Code(0)),
        listens: addresses(),
        lacks: lacks(),
        beside: Some(RunId(8)),
        next_mode: Some(Mode::Queue),
        logs: LogPaths {
            out: Some(PathBuf::from("/l/ö ut.log")),
            ..LogPaths::default()
        },
        pid_file: PathBuf::from("/p/web.pid"),
    }
}

/// One reply of each kind.
pub(crate) fn replies() -> Vec<Reply> {
    let refusals = refusals().into_iter().map(|why| Reply::Refused { why });
    let dumped = |written| Reply::Dumped {
        written,
        file: PathBuf::from("/dump"),
    };
    [
        Reply::Pong,
        Reply::View {
            view: View::default(),
        },
        Reply::Specs { apps: vec![spec()] },
        Reply::Settled {
            outcomes: outcomes(),
            unsaved: Some(disk_error()),
        },
        Reply::Signalled {
            instances: vec![InstanceId(0)],
        },
        Reply::Flushed {
            files: vec![PathBuf::from("/a\nb")],
            failed: vec![disk_error()],
        },
        dumped(Ok(3)),
        dumped(Err(disk_error())),
        Reply::Following,
        Reply::Ended,
    ]
    .into_iter()
    .chain(refusals)
    .collect()
}

fn outcomes() -> Vec<Outcome> {
    let death = |how| Death {
        how,
        lived: Span(12),
        last_lines: vec![AWKWARD.to_owned(), String::new()],
    };
    let finished = |finish| Reached::Finished {
        status: ExitStatus::Code(1),
        finish,
        last_lines: vec![AWKWARD.to_owned()],
    };
    let states = [
        StateView::Stopped,
        StateView::Launching,
        StateView::Online,
        StateView::Stopping,
        StateView::WaitingRestart,
        StateView::Errored,
    ];
    [
        Reached::Done,
        Reached::AlreadySo,
        Reached::Overtaken,
        Reached::LeftAlone,
        finished(Finish::Expected),
        finished(Finish::Unexpected),
    ]
    .into_iter()
    .chain(
        deaths()
            .into_iter()
            .map(|how| Reached::Died { death: death(how) }),
    )
    .chain(
        deaths()
            .into_iter()
            .map(|how| Reached::Kept { death: death(how) }),
    )
    .zip(states.into_iter().cycle())
    .zip(handed().into_iter().map(Some).chain([None]).cycle())
    .map(|((reached, state), handed)| Outcome {
        instance: instance(state),
        reached,
        handed,
    })
    .collect()
}

fn refusals() -> [Refusal; 12] {
    [
        Refusal::NoSuchApp {
            word: AWKWARD.to_owned(),
        },
        Refusal::AlreadyUp { app: app() },
        Refusal::TooManyInstances { max: 1024 },
        Refusal::NameTwice { app: app() },
        Refusal::NotRoot { app: app() },
        Refusal::Empty,
        Refusal::ShuttingDown,
        Refusal::Busy { max: 1 },
        Refusal::NoDump { why: disk_error() },
        Refusal::Malformed {
            detail: AWKWARD.to_owned(),
        },
        Refusal::TooLong { max: u64::MAX },
        Refusal::Version { daemon: 1 },
    ]
}

/// One notice of each kind.
pub(crate) fn notices() -> Vec<Notice> {
    let ready = |by| Notice::Ready {
        who: who(),
        by,
        after: Span(0),
    };
    let stopping = |cause| Notice::Stopping { who: who(), cause };
    let died = |how| Notice::Died {
        who: who(),
        how,
        lived: Span(1),
        next_in: Some(Span(5000)),
    };
    let ways = [
        ReadyBy::Channel,
        ReadyBy::Notify,
        ReadyBy::Listening,
        ReadyBy::Checked,
        ReadyBy::Lived,
    ]
    .map(ready);
    let causes = [
        Cause::Operator,
        Cause::Restart,
        Cause::LeaderGone,
        Cause::NotReady,
        Cause::Replaced,
        Cause::ShutDown,
    ]
    .map(stopping);
    let deaths = deaths().into_iter().map(died);
    of_daemon()
        .into_iter()
        .chain(of_runs())
        .chain(of_hand_overs())
        .chain(ways)
        .chain(causes)
        .chain(deaths)
        .collect()
}

fn of_daemon() -> [Notice; 10] {
    [
        Notice::DaemonUp {
            pid: Pid(1),
            apps: 0,
        },
        Notice::DaemonEnding {
            by: Some((Signal::TERM, Pid(0))),
        },
        Notice::DaemonEnding { by: None },
        Notice::Applied {
            app: app(),
            instances: 2,
        },
        Notice::Deleted { app: app() },
        Notice::LeftoversEnded {
            pids: vec![Pid(2), Pid(3)],
        },
        Notice::SaveFailed { why: disk_error() },
        Notice::StateDamaged {
            why: disk_error(),
            kept_as: PathBuf::from("/x"),
        },
        Notice::LogBlocked { why: disk_error() },
        Notice::LogResumed {
            file: PathBuf::from("/x"),
        },
    ]
}

fn of_runs() -> [Notice; 6] {
    [
        Notice::Launched {
            who: who(),
            pid: Pid(5),
        },
        Notice::LaunchFailed {
            who: who(),
            why: launch_error(),
        },
        Notice::Killing {
            who: who(),
            after: Span(1600),
        },
        Notice::Stopped {
            who: who(),
            cause: Cause::Operator,
            status: ExitStatus::Unknown,
        },
        Notice::Finished {
            who: who(),
            status: ExitStatus::Code(0),
        },
        Notice::Errored {
            who: who(),
            deaths: 16,
        },
    ]
}

fn of_hand_overs() -> Vec<Notice> {
    let mut notices = vec![Notice::TookOver { who: who() }];
    notices.extend(
        addresses()
            .into_iter()
            .map(|at| Notice::Listening { who: who(), at }),
    );
    notices.extend(
        lacks()
            .into_iter()
            .map(|lack| Notice::Hindered { who: who(), lack }),
    );
    for handed in handed() {
        notices.push(Notice::Replacing {
            who: who(),
            mode: handed.mode,
        });
        notices.push(Notice::Replaced { who: who(), handed });
    }
    notices.extend(
        deaths()
            .into_iter()
            .map(|how| Notice::Kept { who: who(), how }),
    );
    notices
}

fn who() -> Who {
    Who {
        app: app(),
        id: InstanceId(1),
        slot: 0,
        run: RunId(9),
    }
}
