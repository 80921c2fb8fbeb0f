//! The thread and the files of a home, through everything that can happen to them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use config::spec::{
    AppSpec, Exec, ExecMode, LogSpec, ReadyRule, RestartDelay, RestartRule, Scope, StopRule,
};
use config::{AppName, Env, Namespace, Signal, Span};
use nix::errno::Errno;
use protocol::saved::{SavedApp, SavedGoal, SavedInstance};
use protocol::{InstanceId, RunId};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::load::Loaded;
use super::replace::{beside, put_back, write_new};
use super::*;
use crate::inbox::{Inbox, inbox};

#[test]
fn what_is_saved_is_loaded_by_the_next_daemon() {
    let mut home = Home::new();
    assert_eq!(home.load().saved, Saved::default());
    home.save(1);
    home.save(2);
    assert_eq!(home.load(), whole(2));
    let before = sealed::open(&fs::read(home.paths.state_before()).unwrap());
    assert_eq!(before, Ok(sample(1)));
}

#[test]
fn the_state_is_readable_to_its_owner_alone() {
    let mut home = Home::new();
    fs::write(beside(&home.paths.state()), "left by a crash").unwrap();
    home.save(1);
    let mode = fs::metadata(home.paths.state())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn of_the_generations_that_wait_only_the_latest_is_written() {
    let save = |n| Order::Save(Generation(n), sample(1));
    let waiting = vec![
        save(1),
        Order::ReadDump(Ticket(1)),
        save(2),
        save(3),
        Order::ReadDump(Ticket(2)),
    ];
    let left: Vec<String> = without_overtaken(waiting)
        .map(|order| match order {
            Order::Save(generation, _) => format!("save {generation}"),
            Order::Dump(..) => "dump".to_owned(),
            Order::ReadDump(ticket) => format!("read for {}", ticket.0),
        })
        .collect();
    assert_eq!(left, ["read for 1", "save 3", "read for 2"]);
}

#[test]
fn what_waits_is_written_before_the_thread_ends() {
    let mut home = Home::new();
    for n in 1..=20 {
        home.saver().save(Generation(u64::from(n)), sample(n));
    }
    home.saver.take().unwrap().stop();
    assert_eq!(home.load(), whole(20));
}

#[test]
fn a_crash_at_any_step_of_writing_leaves_a_whole_generation() {
    let mut home = Home::new();
    home.save(1);
    home.save(2);
    let (state, before) = (home.paths.state(), home.paths.state_before());
    let new = beside(&state);
    let next = sealed::seal(&sample(3), "boot").unwrap();
    for len in [0, 1, next.len() / 2, next.len()] {
        write_new(&new, &next[..len]).unwrap();
        assert_eq!(home.load(), whole(2), "{len} bytes of the next one written");
    }
    put_back(&state, &before).unwrap();
    assert_eq!(home.load(), whole(2), "between the renames");
    fs::rename(&new, &state).unwrap();
    assert_eq!(home.load(), whole(3));
}

#[test]
fn a_damaged_state_is_kept_and_the_generation_before_is_taken() {
    let mut home = Home::new();
    home.save(1);
    home.save(2);
    for (damage, kept_as) in [(3, "state.json.damaged-1"), (500, "state.json.damaged-2")] {
        let whole = fs::read(home.paths.state()).unwrap();
        fs::write(home.paths.state(), &whole[..whole.len() - damage]).unwrap();
        let loaded = home.load();
        assert_eq!(loaded.saved, sample(1));
        let told = loaded.damage.unwrap();
        assert_eq!(told.why.file, home.paths.state());
        assert!(told.why.detail.starts_with("it ends after"), "{told:?}");
        assert_eq!(told.kept_as, home.paths.home().join(kept_as));
        assert_eq!(
            fs::read(&told.kept_as).unwrap(),
            whole[..whole.len() - damage]
        );
        // The next one takes the first place; the one that was taken stays the one before.
        home.save(2);
        assert_eq!(home.load(), self::whole(2));
    }
}

#[test]
fn a_state_that_somebody_removed_is_told_of() {
    let mut home = Home::new();
    home.save(1);
    home.save(2);
    fs::remove_file(home.paths.state()).unwrap();
    let loaded = home.load();
    assert_eq!(loaded.saved, sample(1));
    assert_eq!(loaded.damage.unwrap().why.errno, Some(Errno::ENOENT as i32));
}

#[test]
fn with_nothing_to_rely_on_the_daemon_does_not_start_and_nothing_is_touched() {
    let mut home = Home::new();
    home.save(1);
    fs::write(home.paths.state(), "").unwrap();
    let only = load(&home.paths).unwrap_err().to_string();
    assert!(
        only.contains("state.json` is damaged (its first line is not whole);"),
        "{only}"
    );
    fs::write(home.paths.state_before(), "{}").unwrap();
    let both = load(&home.paths).unwrap_err().to_string();
    assert!(both.contains("state.json.before` is damaged"), "{both}");
    assert!(both.contains("to begin with an empty fleet"), "{both}");
    fs::remove_file(home.paths.state()).unwrap();
    assert!(matches!(load(&home.paths), Err(Unreadable::Damaged { .. })));
    assert_eq!(fs::read(home.paths.state_before()).unwrap(), b"{}");
}

#[test]
fn what_cannot_be_opened_is_no_reason_to_begin_anew() {
    let home = Home::new();
    fs::create_dir(home.paths.state()).unwrap();
    let refused = load(&home.paths).unwrap_err();
    assert!(matches!(refused, Unreadable::Refused { .. }), "{refused}");
}

#[test]
fn a_disk_that_refuses_is_reported_and_the_old_state_stays() {
    let mut home = Home::new();
    home.save(1);
    let new = beside(&home.paths.state());
    fs::create_dir(&new).unwrap();
    home.saver().save(Generation(2), sample(2));
    let Event::Saved {
        upto: Generation(2),
        failed: Some(why),
    } = home.next()
    else {
        panic!("not refused")
    };
    assert_eq!(
        (why.file, why.errno),
        (new.clone(), Some(Errno::EISDIR as i32))
    );
    assert_eq!(home.load(), whole(1));
    fs::remove_dir(&new).unwrap();
    home.save(3);
    assert_eq!(home.load(), whole(3));
}

#[test]
fn a_dump_is_read_back_and_its_damage_is_told() {
    let mut home = Home::new();
    let missing = home.read_dump().unwrap_err();
    assert_eq!(missing.errno, Some(Errno::ENOENT as i32));
    home.saver().dump(Ticket(5), sample(2));
    let Event::Dumped { ticket, reply } = home.next() else {
        panic!("not dumped")
    };
    assert_eq!(ticket, Ticket(5));
    let file = home.paths.dump();
    let written = Ok(1);
    assert_eq!(reply, Reply::Dumped { written, file });
    assert_eq!(home.read_dump(), Ok(sample(2)));
    let mut bytes = fs::read(home.paths.dump()).unwrap();
    bytes.pop();
    fs::write(home.paths.dump(), bytes).unwrap();
    assert!(
        home.read_dump()
            .unwrap_err()
            .detail
            .contains("it ends after")
    );
}

/// A home, its thread, and the loop's side of both.
struct Home {
    _folder: TempDir,
    paths: Paths,
    saver: Option<Saver>,
    inbox: Inbox,
    runtime: Runtime,
}

impl Home {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let paths = Paths::new(folder.path().to_owned());
        let (sender, inbox) = inbox();
        Self {
            saver: Some(Saver::start(&paths, sender).unwrap()),
            paths,
            _folder: folder,
            inbox,
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
        }
    }

    fn saver(&self) -> &Saver {
        self.saver.as_ref().unwrap()
    }

    fn next(&mut self) -> Event {
        self.runtime.block_on(self.inbox.next()).unwrap()
    }

    /// Saves the sample of this number and waits until it is on disk.
    fn save(&mut self, n: u32) {
        let generation = Generation(u64::from(n));
        self.saver().save(generation, sample(n));
        let Event::Saved { upto, failed } = self.next() else {
            panic!("not saved")
        };
        assert_eq!((upto, failed), (generation, None));
    }

    fn load(&self) -> Loaded {
        load(&self.paths).unwrap()
    }

    fn read_dump(&mut self) -> Result<Saved, DiskError> {
        self.saver().read_dump(Ticket(9));
        let Event::DumpRead { ticket, dump } = self.next() else {
            panic!("not read")
        };
        assert_eq!(ticket, Ticket(9));
        dump
    }
}

/// The sample of this number, from an undamaged state.
fn whole(n: u32) -> Loaded {
    Loaded {
        saved: sample(n),
        damage: None,
    }
}

/// Goals that differ by their number, with one app that has a bit of everything.
pub(super) fn sample(n: u32) -> Saved {
    let instance = |slot, goal| SavedInstance {
        id: InstanceId(slot),
        slot,
        goal,
        restarts: n,
    };
    Saved {
        next_run: RunId(u64::from(n)),
        next_instance: InstanceId(3),
        apps: vec![SavedApp {
            spec: Arc::new(spec()),
            instances: vec![
                instance(0, SavedGoal::Up),
                instance(1, SavedGoal::Down),
                instance(2, SavedGoal::Errored),
            ],
        }],
    }
}

fn spec() -> AppSpec {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    AppSpec {
        name: AppName::new("web ✓").unwrap(),
        namespace: Namespace::default(),
        exec: Exec {
            script: "/srv/app/src/index.ts".into(),
            interpreter: Some("/usr/local/bin/bun".into()),
            interpreter_args: vec!["--smol".into()],
            args: vec!["a \"quoted\" one\n".into()],
        },
        mode: ExecMode::Fork,
        cwd: "/srv/app".into(),
        env: Env::from_iter([pair("PORT", "3013")]),
        inherited: Env::from_iter([pair("PATH", "/usr/bin:/bin")]),
        instances: 3,
        instance_var: "NODE_APP_INSTANCE".into(),
        increment_var: Some("PORT".into()),
        run_as: None,
        autostart: true,
        restart: RestartRule {
            autorestart: true,
            max_restarts: 10,
            min_uptime: Span::secs(1),
            delay: RestartDelay::Fixed(Span::secs(5)),
            stop_exit_codes: vec![0],
        },
        stop: StopRule {
            signal: Signal::INT,
            timeout: Span::millis(1600),
            scope: Scope::Tree,
        },
        ready: ReadyRule {
            wait_ready: false,
            listen_timeout: Span::secs(3),
        },
        handover: config::HandoverRule::default(),
        logs: LogSpec {
            out: Some("/srv/app/logs/out.log".into()),
            err: Some("/srv/app/logs/err.log".into()),
            combined: None,
            merge: false,
            stamp: Some("YYYY-MM-DD HH:mm:ss Z".into()),
        },
        pid_file: "/home/me/.wsd/pids/web.pid".into(),
        origin: None,
    }
}
