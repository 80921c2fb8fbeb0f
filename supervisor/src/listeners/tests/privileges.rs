//! What the filter costs an app of privileges, and where it is left out for them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use config::AppSpec;
use config::handover::NoNewPrivs;
use fleet::Event;
use protocol::LackOf;

use crate::children::tests::stage::{Stage, is_root, play, program};

/// What a program finds of itself.
fn looks_at_itself(grep: &Path) -> AppSpec {
    let status = ["-E", "^(NoNewPrivs|Seccomp):", "/proc/self/status"];
    program(&grep.to_string_lossy(), &status)
}

/// What it prints, and what it is said to lack.
async fn found(stage: &mut Stage, run: u64, spec: AppSpec) -> (String, Option<LackOf>) {
    let prints = stage.launch(run, spec);
    let mut lacks = None;
    loop {
        let event = stage.next().await;
        if let Event::Hindered { lack, .. } = event {
            lacks = Some(lack.of);
        } else if matches!(event, Event::Exited { .. }) {
            return (prints.text(), lacks);
        }
    }
}

#[test]
fn an_app_of_root_keeps_its_privileges() {
    if !is_root() {
        println!("skipped: apps of root need root");
        return;
    }
    play(async {
        let mut stage = Stage::new();
        let grep = Path::new("/bin/grep");
        let mut spec = looks_at_itself(grep);
        let kept = "NoNewPrivs:\t0\nSeccomp:\t2\n".to_owned();
        assert_eq!(
            found(&mut stage, 1, spec.clone()).await,
            (kept.clone(), None)
        );
        spec.handover.no_new_privs = NoNewPrivs::Never;
        assert_eq!(found(&mut stage, 2, spec).await, (kept, None));
    });
}

#[test]
fn an_app_of_an_ordinary_user_gives_up_privileges_where_it_may() {
    const ALONE: &str = "listeners::tests::privileges::as_an_ordinary_user";
    let ours = std::env::current_exe().unwrap();
    let mut alone = Command::new(&ours);
    alone.args(["--exact", ALONE, "--ignored"]).current_dir("/");
    // Where the tests have their files another user may only pass through.
    let folder = tempfile::tempdir().unwrap();
    alone.env("TMPDIR", folder.path());
    if is_root() {
        std::os::unix::fs::chown(folder.path(), Some(12345), Some(12345)).unwrap();
        alone.uid(12345).gid(12345);
    }
    match alone.output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(said.contains("1 passed"), "{said}");
        }
        Err(error) => println!(
            "skipped: another user cannot run {}: {error}",
            ours.display()
        ),
    }
}

#[test]
#[ignore = "run by an_app_of_an_ordinary_user_gives_up_privileges_where_it_may"]
fn as_an_ordinary_user() {
    let ours = fs::read_to_string("/proc/self/status").unwrap();
    if !ours.contains("NoNewPrivs:\t0\nSeccomp:\t0\n") {
        println!("skipped: whoever runs the tests is filtered or has given up privileges");
        return;
    }
    play(async {
        let mut stage = Stage::new();
        let spec = looks_at_itself(Path::new("/bin/grep"));
        let with_filter = "NoNewPrivs:\t1\nSeccomp:\t2\n".to_owned();
        let found_auto = found(&mut stage, 1, spec.clone()).await;
        assert_eq!(found_auto, (with_filter, None));

        let bare = "NoNewPrivs:\t0\nSeccomp:\t0\n".to_owned();
        let mut never = spec;
        never.handover.no_new_privs = NoNewPrivs::Never;
        let found_never = found(&mut stage, 2, never).await;
        assert_eq!(found_never, (bare.clone(), Some(LackOf::Unwanted)));

        let file = stage.home.path().join("grep");
        fs::copy("/bin/grep", &file).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o4755)).unwrap();
        let found_privileged = found(&mut stage, 3, looks_at_itself(&file)).await;
        assert_eq!(found_privileged, (bare, Some(LackOf::Privileged { file })));
    });
}
