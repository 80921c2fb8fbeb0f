//! What an app finds when it starts, and why it may not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use config::Signal;
use config::spec::{RunAs, Scope};
use fleet::Event;
use nix::libc;
use nix::sys::resource::Resource;
use protocol::{ExitStatus, LaunchError, LaunchStage, RunId};

use super::stage::{Stage, is_alive, is_root, play, program, python, sh};

#[test]
fn an_exit_code_is_told_after_the_launch() {
    play(async {
        let mut stage = Stage::new();
        let (prints, _) = stage.launched(1, sh("echo hello; exit 3")).await;
        assert_eq!(stage.exited(1).await, ExitStatus::Code(3));
        assert_eq!(prints.text(), "hello\n");
        assert!(stage.children.is_empty());
    });
}

#[test]
fn nothing_runs_before_go() {
    play(async {
        let mut stage = Stage::new();
        let file = stage.home.path().join("ran");
        let prints = stage.prepare(1, sh(&format!("touch {}", file.display())));
        stage.children.signal(RunId(1), Signal::INT, Scope::Tree);
        let why = stage.failed().await;
        assert_eq!(why.stage, LaunchStage::Vanished);
        assert!(stage.children.is_empty());
        assert!(!file.exists());
        assert_eq!(prints.text(), "", "the launcher has gone");
    });
}

#[test]
fn a_launcher_whose_daemon_is_gone_ends_without_a_word() {
    let mut prints = None;
    play(async {
        let mut stage = Stage::new();
        prints = Some(stage.prepare(1, sh("echo ran")));
    });
    // The runtime and all its descriptors are gone, as after a death of the daemon.
    assert_eq!(prints.unwrap().text(), "");
}

#[test]
fn a_signal_after_go_waits_for_the_program() {
    play(async {
        let mut stage = Stage::new();
        stage.launch(1, sh("exec sleep 1000"));
        stage.children.signal(RunId(1), Signal::TERM, Scope::Tree);
        assert!(matches!(stage.next().await, Event::Launched { .. }));
        let ExitStatus::Signal { signal, .. } = stage.exited(1).await else {
            panic!("not by a signal");
        };
        assert_eq!(signal, Signal::TERM);
    });
}

#[test]
fn each_failure_names_its_step_its_thing_and_the_kernels_answer() {
    play(async {
        let mut stage = Stage::new();
        let home = stage.home.path().to_owned();
        let file = |name: &str, text: &str, mode: u32| {
            let path = home.join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path.to_string_lossy().into_owned()
        };
        let plain = file("plain", "#!/bin/sh\n", 0o600);
        let orphan = file("orphan", "#!/no/such/shell -e\n", 0o700);
        let text = file("text", "no program\n", 0o700);
        let mut lost = sh("true");
        lost.cwd = home.join("nowhere");
        let lost_cwd = lost.cwd.to_string_lossy().into_owned();

        let cases = [
            (
                program("/no/such", &[]),
                LaunchStage::Exec,
                "/no/such",
                libc::ENOENT,
            ),
            (
                program(&plain, &[]),
                LaunchStage::Exec,
                &plain,
                libc::EACCES,
            ),
            (
                program(&orphan, &[]),
                LaunchStage::Exec,
                "/no/such/shell",
                libc::ENOENT,
            ),
            (program(&text, &[]), LaunchStage::Exec, &text, libc::ENOEXEC),
            (
                program("/bin/echo", &["a\0b"]),
                LaunchStage::Exec,
                "/bin/echo",
                libc::EINVAL,
            ),
            (lost, LaunchStage::Cwd, &lost_cwd, libc::ENOENT),
        ];
        for (number, (spec, step, on, errno)) in (1..).zip(cases) {
            stage.launch(number, spec);
            let expected = LaunchError {
                stage: step,
                on: on.to_owned(),
                errno,
            };
            assert_eq!(stage.failed().await, expected);
        }
        assert!(stage.children.is_empty());
    });
}

#[test]
fn the_environment_is_the_instances_with_the_runs_own() {
    play(async {
        let mut stage = Stage::new();
        let mut spec = program("/usr/bin/env", &[]);
        for name in ["NOTIFY_SOCKET", "NODE_CHANNEL_FD", "LISTEN_FDS", "KEPT"] {
            spec.inherited.set(name, "foreign");
        }
        spec.env.set("LISTEN_FDS", "declared");
        let (prints, _) = stage.launched(7, spec).await;
        stage.exited(7).await;
        let text = prints.text();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        let mark = format!("WSD_RUN={}/7", stage.home.path().display());
        let expected = [
            "KEPT=foreign",
            "LISTEN_FDS=declared",
            "NODE_APP_INSTANCE=0",
            "PATH=/usr/local/bin:/usr/bin:/bin",
            "PWD=/",
            "WSD_APP=app",
            "WSD_ID=5",
            &mark,
            "pm_id=5",
        ];
        assert_eq!(lines, expected);
    });
}

#[test]
fn an_environment_longer_than_any_message_arrives_whole() {
    play(async {
        let mut stage = Stage::new();
        let mut spec = sh("echo ${#BIG_9}");
        for number in 0..10 {
            spec.env.set(format!("BIG_{number}"), "x".repeat(100_000));
        }
        let (prints, _) = stage.launched(1, spec).await;
        stage.exited(1).await;
        assert_eq!(prints.text(), "100000\n");
    });
}

#[test]
fn an_app_leads_a_session_and_finds_no_descriptor_and_no_signal_changed() {
    play(async {
        let mut stage = Stage::new();
        // A descriptor of ours that is not close-on-exec, as a careless parent leaves them.
        let leaked = rustix::io::dup(std::io::stderr()).unwrap();
        let spec = python(
            "import os\n\
             print(os.getsid(0) == os.getpgrp() == os.getpid())\n\
             print([f for f in range(1000) if os.path.exists(f'/proc/self/fd/{f}')])\n\
             print(os.readlink('/proc/self/fd/0'))\n\
             status = open('/proc/self/status').read().split('\\n')\n\
             print([line for line in status if line.startswith('SigBlk')])\n",
        );
        let (prints, _) = stage.launched(1, spec).await;
        stage.exited(1).await;
        assert_eq!(
            prints.text(),
            "True\n[0, 1, 2]\n/dev/null\n['SigBlk:\\t0000000000000000']\n"
        );

        let (prints, _) = stage
            .launched(2, program("/bin/grep", &["SigIgn", "/proc/self/status"]))
            .await;
        stage.exited(2).await;
        assert_eq!(prints.text(), "SigIgn:\t0000000000000000\n");
        drop(leaked);
    });
}

#[test]
fn an_app_gets_the_limit_of_descriptors_that_the_daemon_was_given() {
    play(async {
        let mut stage = Stage::new();
        stage.children.open_files = 77;
        let (prints, _) = stage.launched(1, sh("ulimit -n")).await;
        stage.exited(1).await;
        assert_eq!(prints.text(), "77\n");
        let (soft, hard) = nix::sys::resource::getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(soft, hard);
    });
}

#[test]
fn an_app_of_another_user_has_its_groups_and_owns_its_output() {
    if !is_root() {
        println!("skipped: changing the user needs root");
        return;
    }
    play(async {
        let mut stage = Stage::new();
        let mut spec = sh("id -u; id -g; id -G; echo again > /dev/stdout; echo $HOME");
        spec.run_as = Some(RunAs {
            uid: 12345,
            gid: 12346,
            groups: vec![12346, 12399],
            name: None,
            home: Some("/srv".into()),
        });
        let (prints, _) = stage.launched(1, spec.clone()).await;
        stage.exited(1).await;
        assert_eq!(prints.text(), "12345\n12346\n12346 12399\nagain\n/srv\n");

        spec.cwd = stage.home.path().to_owned();
        fs::set_permissions(&spec.cwd, fs::Permissions::from_mode(0o700)).unwrap();
        stage.launch(2, spec);
        let why = stage.failed().await;
        assert_eq!((why.stage, why.errno), (LaunchStage::Cwd, libc::EACCES));
    });
}

#[test]
fn a_death_by_signal_is_that_signal() {
    play(async {
        let mut stage = Stage::new();
        let (_prints, pid) = stage.launched(1, sh("kill -KILL $$")).await;
        let killed = ExitStatus::Signal {
            signal: Signal::KILL,
            core: false,
        };
        assert_eq!(stage.exited(1).await, killed);
        assert!(!is_alive(&pid.to_string()));
    });
}

#[test]
fn a_real_time_signal_reaches_the_leader() {
    play(async {
        let mut stage = Stage::new();
        let script = "import signal\n\
                      signal.signal(40, lambda *_: exit(9))\n\
                      print('set', flush=True)\n\
                      signal.pause()\n";
        let (mut prints, _) = stage.launched(1, python(script)).await;
        assert_eq!(prints.line(), "set");
        let signal = Signal::from_number(40).unwrap();
        stage.children.signal(RunId(1), signal, Scope::Leader);
        assert_eq!(stage.exited(1).await, ExitStatus::Code(9));
    });
}
