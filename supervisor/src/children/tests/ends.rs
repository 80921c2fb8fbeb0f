//! What a run leaves behind, and how it is found.

use config::Signal;
use config::spec::Scope;
use protocol::{ExitStatus, RunId};

use super::stage::{Stage, is_alive, play, python, sh};

/// Forks twice into a session of its own and prints the pid of what is left; then does `then`.
fn forker(then: &str) -> String {
    format!(
        "import os, time, signal\n\
         r, w = os.pipe()\n\
         if os.fork() == 0:\n\
         \x20   os.setsid()\n\
         \x20   if os.fork() == 0:\n\
         \x20       os.write(w, b'%d' % os.getpid())\n\
         \x20       os.close(1); os.close(2)\n\
         \x20       while True: time.sleep(1000)\n\
         \x20   os._exit(0)\n\
         os.wait()\n\
         print(os.read(r, 20).decode(), flush=True)\n\
         {then}\n"
    )
}

#[test]
fn what_a_crashed_leader_left_in_another_session_is_told_signalled_and_gone() {
    play(async {
        let mut stage = Stage::new();
        let (mut prints, _) = stage.launched(1, python(&forker("os._exit(4)"))).await;
        let stray = prints.line();
        assert_eq!(stage.left(1).await, ExitStatus::Code(4));
        assert!(is_alive(&stray));
        assert!(!stage.children.is_empty());
        stage.children.signal(RunId(1), Signal::INT, Scope::Tree);
        assert_eq!(stage.exited(1).await, ExitStatus::Code(4));
        assert!(!is_alive(&stray));
        assert!(stage.children.is_empty());
    });
}

#[test]
fn a_stop_reaches_what_left_the_session() {
    play(async {
        let mut stage = Stage::new();
        let (mut prints, _) = stage.launched(1, python(&forker("time.sleep(1000)"))).await;
        let stray = prints.line();
        stage.children.signal(RunId(1), Signal::KILL, Scope::Tree);
        let killed = ExitStatus::Signal {
            signal: Signal::KILL,
            core: false,
        };
        // The leader may be seen to have gone first.
        let event = stage.next().await;
        if matches!(event, fleet::Event::LeaderExited { .. }) {
            assert_eq!(stage.exited(1).await, killed);
        } else {
            assert!(matches!(event, fleet::Event::Exited { status, .. } if status == killed));
        }
        assert!(!is_alive(&stray));
    });
}

#[test]
fn what_ignores_the_signal_is_awaited_until_it_is_killed() {
    play(async {
        let mut stage = Stage::new();
        // A shell's background job ignores SIGINT.
        let (mut prints, _) = stage.launched(1, sh("sleep 1000 & echo $!; exit 0")).await;
        let stray = prints.line();
        stage.left(1).await;
        stage.children.signal(RunId(1), Signal::INT, Scope::Tree);
        assert!(is_alive(&stray));
        stage.children.signal(RunId(1), Signal::KILL, Scope::Tree);
        assert_eq!(stage.exited(1).await, ExitStatus::Code(0));
        assert!(!is_alive(&stray));
    });
}

#[test]
fn each_process_of_the_tree_gets_a_signal_once() {
    play(async {
        let mut stage = Stage::new();
        let script = "import os, signal, sys, time\n\
            def got(*_): os.write(1, (name + ' got it\\n').encode())\n\
            def life(n):\n\
            \x20   global name\n\
            \x20   name = n\n\
            \x20   signal.signal(signal.SIGINT, got)\n\
            \x20   os.write(1, (n + '\\n').encode())\n\
            \x20   while True: signal.pause()\n\
            if os.fork() == 0: life('child')\n\
            if os.fork() == 0: os.setpgid(0, 0); life('group')\n\
            if os.fork() == 0: os.setsid(); life('session')\n\
            life('leader')\n";
        let (mut prints, _) = stage.launched(1, python(script)).await;
        let mut lines: Vec<String> = (0..4).map(|_| prints.line()).collect();
        stage.children.signal(RunId(1), Signal::INT, Scope::Tree);
        // The order to the run's task is taken up when this waits.
        tokio::task::yield_now().await;
        lines.extend((0..4).map(|_| prints.line()));
        stage.children.signal(RunId(1), Signal::KILL, Scope::Tree);
        while !matches!(stage.next().await, fleet::Event::Exited { .. }) {}
        lines.extend(prints.text().lines().map(str::to_owned));
        lines.sort_unstable();
        let expected = [
            "child",
            "child got it",
            "group",
            "group got it",
            "leader",
            "leader got it",
            "session",
            "session got it",
        ];
        assert_eq!(lines, expected);
    });
}

#[test]
fn a_run_that_is_its_leader_alone_leaves_the_others_alone() {
    play(async {
        let mut stage = Stage::new();
        let mut spec = sh("sleep 1000 >/dev/null 2>&1 & echo $!; exit 2");
        spec.stop.scope = Scope::Leader;
        let (mut prints, _) = stage.launched(1, spec).await;
        let child = prints.line();
        assert_eq!(stage.exited(1).await, ExitStatus::Code(2));
        assert!(is_alive(&child));
        // In the middle of an exec it shows no mark, which is the sweep's to wait for.
        let command = std::path::Path::new("/proc").join(&child).join("cmdline");
        while !std::fs::read(&command).unwrap().starts_with(b"sleep") {
            std::thread::yield_now();
        }
        let ended = crate::leftovers::end_leftovers(stage.home.path()).unwrap();
        assert_eq!(ended.len(), 1);
    });
}

#[test]
fn a_zombie_that_nobody_reaps_does_not_hold_up_the_end() {
    play(async {
        let mut stage = Stage::new();
        // The middle process never reaps its child and is a stray itself until it is killed.
        let script = "import os, time\n\
            if os.fork() == 0:\n\
            \x20   if os.fork() == 0: os._exit(0)\n\
            \x20   time.sleep(1000)\n\
            print(flush=True)\n\
            os._exit(0)\n";
        stage.launched(1, python(script)).await;
        stage.left(1).await;
        stage.children.signal(RunId(1), Signal::TERM, Scope::Tree);
        stage.exited(1).await;
    });
}

#[test]
fn leftovers_of_this_home_are_ended_and_those_of_others_are_not() {
    play(async {
        let mut ours = Stage::new();
        let mut others = Stage::new();
        let stubborn = "import signal, time\n\
                        signal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
                        print(flush=True)\n\
                        time.sleep(1000)\n";
        let (mut a, _) = ours.launched(1, python(stubborn)).await;
        let (mut b, other) = others.launched(1, python(stubborn)).await;
        a.line();
        b.line();
        let (mut c, _) = ours.launched(2, sh("echo; exec sleep 1000")).await;
        c.line();
        let ended = crate::leftovers::end_leftovers(ours.home.path()).unwrap();
        assert_eq!(ended.len(), 2);
        ours.next().await;
        ours.next().await;
        assert!(is_alive(&other.to_string()));
        others.children.signal(RunId(1), Signal::KILL, Scope::Tree);
        others.exited(1).await;
        assert!(
            crate::leftovers::end_leftovers(ours.home.path())
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn what_emptied_its_environment_is_known_by_its_session() {
    play(async {
        let mut stage = Stage::new();
        let script = "exec env -i /bin/sh -c '/bin/sleep 1000 & echo $!'";
        let (mut prints, _) = stage.launched(1, sh(script)).await;
        let stray = prints.line();
        stage.left(1).await;
        stage.children.signal(RunId(1), Signal::KILL, Scope::Tree);
        stage.exited(1).await;
        assert!(!is_alive(&stray));
    });
}

#[test]
fn nothing_slips_through_between_a_fork_and_an_exec() {
    play(async {
        let mut stage = Stage::new();
        for run in 1..=100 {
            // The leader ends while its child is on its way through two sessions and two programs.
            stage.launch(run, sh("setsid setsid -f sleep 1000 & exit 0"));
            let mut event = stage.next().await;
            while !matches!(event, fleet::Event::Exited { .. }) {
                if matches!(event, fleet::Event::LeaderExited { .. }) {
                    stage.children.signal(RunId(run), Signal::KILL, Scope::Tree);
                }
                event = stage.next().await;
            }
            let missed = crate::leftovers::end_leftovers(stage.home.path()).unwrap();
            assert!(missed.is_empty(), "run {run} left {missed:?}");
        }
    });
}

#[test]
fn fifty_runs_that_crash_together_leave_nothing() {
    play(async {
        let mut stage = Stage::new();
        let count = 50;
        for run in 1..=count {
            stage.launch(run, sh("setsid -f sleep 1000; exit 1"));
        }
        let mut ended = 0;
        while ended < count {
            let event = stage.next().await;
            if let fleet::Event::LeaderExited { run, .. } = event {
                stage.children.signal(run, Signal::TERM, Scope::Tree);
            }
            ended += u64::from(matches!(event, fleet::Event::Exited { .. }));
        }
        let missed = crate::leftovers::end_leftovers(stage.home.path()).unwrap();
        assert!(missed.is_empty(), "{missed:?}");
    });
}

#[test]
fn a_hundred_runs_that_end_at_once_cost_a_few_looks() {
    play(async {
        let mut stage = Stage::new();
        let count = 100;
        for run in 1..=count {
            stage.launch(run, sh("exec sleep 1000"));
        }
        for _ in 0..count {
            assert!(matches!(stage.next().await, fleet::Event::Launched { .. }));
        }
        let before = stage.children.sweeper.looks();
        for run in 1..=count {
            stage.children.signal(RunId(run), Signal::TERM, Scope::Tree);
        }
        let mut ended = 0;
        while ended < count {
            if matches!(stage.next().await, fleet::Event::Exited { .. }) {
                ended += 1;
            }
        }
        let looks = stage.children.sweeper.looks() - before;
        println!("{looks} looks for {count} runs");
        assert!(looks < 50, "{looks} looks for {count} runs");
    });
}
