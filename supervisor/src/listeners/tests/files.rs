//! Socket files: who is behind the name.

use std::fs::{self, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use config::spec::{RunAs, Scope};
use config::{Address, AppSpec, Signal};
use protocol::RunId;

use crate::children::tests::stage::{Prints, Stage, is_root, play, python};

/// A program that says its name to whoever connects to this file. `setup` comes before the bind.
fn server(path: &Path, name: &str, setup: &str) -> AppSpec {
    python(&format!(
        "import os, signal, socket, sys\n\
         path = {path:?}\n\
         s = socket.socket(socket.AF_UNIX)\n\
         {setup}\n\
         s.bind(path)\n\
         s.listen(5)\n\
         print('up', flush=True)\n\
         while True:\n    \
             c, _ = s.accept()\n    \
             c.sendall(b'{name}')\n    \
             c.close()\n"
    ))
}

/// As most programs do it.
const REMOVE_FIRST: &str = "if os.path.exists(path): os.remove(path)";

/// As some do it when they end.
const REMOVE_LAST: &str = "def end(*_):\n    os.remove(path); os._exit(0)\n\
                           signal.signal(signal.SIGTERM, end)";

fn asked(path: &Path) -> io::Result<String> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut name = String::new();
    stream.read_to_string(&mut name)?;
    Ok(name)
}

async fn listens(stage: &mut Stage, run: u64, spec: AppSpec, path: &Path) -> Prints {
    let mut prints = stage.up(run, spec, &[Address::Unix(path.to_owned())]).await;
    assert_eq!(prints.line(), "up");
    prints
}

/// What is in the folder of a socket file.
fn names(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path.parent().unwrap()).unwrap();
    let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn place(stage: &Stage) -> PathBuf {
    let folder = fs::canonicalize(stage.home.path()).unwrap().join("run");
    fs::create_dir(&folder).unwrap();
    folder.join("app.sock")
}

#[test]
fn a_file_leads_to_the_run_that_is_steered_to_and_no_client_misses_it() {
    play(async {
        let mut stage = Stage::new();
        let path = place(&stage);
        let _one = listens(&mut stage, 1, server(&path, "1", ""), &path).await;
        stage.steer(&[1], true);
        let clients = path.clone();
        let client = thread::spawn(move || {
            let names = (0..2000).map(|_| asked(&clients));
            names.collect::<io::Result<Vec<String>>>()
        });
        let _two = listens(&mut stage, 2, server(&path, "2", ""), &path).await;
        assert_eq!(asked(&path).unwrap(), "1");
        for run in [2, 1, 2, 1, 2] {
            stage.steer(&[run], true);
            assert_eq!(asked(&path).unwrap(), run.to_string());
        }
        client.join().unwrap().unwrap();
        stage.kill(1).await;
        assert_eq!(asked(&path).unwrap(), "2");
        assert_eq!(names(&path), ["app.sock", "app.sock.2"]);
    });
}

#[test]
fn a_successor_that_removes_the_file_before_it_binds_takes_nothing_away() {
    play(async {
        let mut stage = Stage::new();
        let path = place(&stage);
        let _one = listens(&mut stage, 1, server(&path, "1", REMOVE_FIRST), &path).await;
        stage.steer(&[1], true);
        let _two = listens(&mut stage, 2, server(&path, "2", REMOVE_FIRST), &path).await;
        assert_eq!(asked(&path).unwrap(), "1");
        stage.steer(&[2], true);
        assert_eq!(asked(&path).unwrap(), "2");
    });
}

#[test]
fn a_file_that_a_leaving_run_removes_is_put_back() {
    play(async {
        let mut stage = Stage::new();
        let path = place(&stage);
        let _one = listens(&mut stage, 1, server(&path, "1", REMOVE_LAST), &path).await;
        let _two = listens(&mut stage, 2, server(&path, "2", ""), &path).await;
        stage.steer(&[2], true);
        stage.children.signal(RunId(1), Signal::TERM, Scope::Leader);
        stage.exited(1).await;
        // Nobody tells when a file is back, but it must be.
        while asked(&path).is_err_and(|it| it.kind() == io::ErrorKind::NotFound) {
            thread::yield_now();
        }
        assert_eq!(asked(&path).unwrap(), "2");
    });
}

#[test]
fn a_connection_to_the_file_of_a_crashed_run_is_served_by_the_next_one() {
    play(async {
        for setup in ["", REMOVE_FIRST] {
            let mut stage = Stage::new();
            let path = place(&stage);
            let _one = listens(&mut stage, 1, server(&path, "1", setup), &path).await;
            stage.steer(&[1], true);
            for run in 2..5 {
                stage.kill(run - 1).await;
                stage.steer(&[], true);
                let clients = path.clone();
                let waits = thread::spawn(move || asked(&clients));
                let spec = server(&path, &run.to_string(), setup);
                let _next = listens(&mut stage, run, spec, &path).await;
                assert_eq!(waits.join().unwrap().unwrap(), run.to_string());
                stage.steer(&[run], true);
                assert_eq!(asked(&path).unwrap(), run.to_string());
            }
        }
    });
}

#[test]
fn clients_of_a_file_wait_while_the_old_run_ends() {
    play(async {
        let mut stage = Stage::new();
        let path = place(&stage);
        let open = "os.umask(0o022)";
        let _one = listens(&mut stage, 1, server(&path, "1", open), &path).await;
        let mode = fs::metadata(&path).unwrap().mode();
        stage.steer(&[1], true);
        stage.steer(&[], true);
        assert_eq!(fs::metadata(&path).unwrap().mode(), mode);
        let clients = path.clone();
        let waits = thread::spawn(move || asked(&clients));
        stage.kill(1).await;
        let _two = listens(&mut stage, 2, server(&path, "2", REMOVE_FIRST), &path).await;
        stage.steer(&[2], true);
        assert_eq!(waits.join().unwrap().unwrap(), "2");
    });
}

#[test]
fn what_the_app_has_set_for_its_file_holds_for_the_successors() {
    play(async {
        let mut stage = Stage::new();
        let path = place(&stage);
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        let masked = server(&path, "1", "os.umask(0o027)");
        let _one = listens(&mut stage, 1, masked, &path).await;
        stage.steer(&[1], true);
        let _two = listens(&mut stage, 2, server(&path, "2", "os.umask(0o077)"), &path).await;
        assert_eq!(mode(&path), 0o750);
        assert_eq!(mode(&path.with_file_name("app.sock.2")), 0o700);
        // By the name that it knows, which leads to the old run still.
        fs::set_permissions(&path, Permissions::from_mode(0o766)).unwrap();
        stage.steer(&[2], true);
        assert_eq!(asked(&path).unwrap(), "2");
        assert_eq!(mode(&path), 0o766);
    });
}

#[test]
fn an_app_that_is_stopped_keeps_nothing_beside_its_file() {
    play(async {
        let mut stage = Stage::new();
        let path = place(&stage);
        let _one = listens(&mut stage, 1, server(&path, "1", REMOVE_LAST), &path).await;
        stage.steer(&[1], true);
        stage.steer(&[], false);
        stage.children.signal(RunId(1), Signal::TERM, Scope::Leader);
        stage.exited(1).await;
        stage.listeners.ended(RunId(1));
        stage.listeners.wait();
        assert_eq!(names(&path), [""; 0]);
    });
}

#[test]
fn files_of_another_user_are_handed_over_with_its_rights() {
    if !is_root() {
        println!("skipped: changing the user needs root");
        return;
    }
    play(async {
        let mut stage = Stage::new();
        let path = place(&stage);
        let home = stage.home.path();
        fs::set_permissions(home, Permissions::from_mode(0o711)).unwrap();
        let folder = path.parent().unwrap();
        // Writable for one of its groups only.
        chown(folder, Some(0), Some(12399)).unwrap();
        fs::set_permissions(folder, Permissions::from_mode(0o770)).unwrap();
        let of_user = |name: &str, setup: &str| {
            let mut spec = server(&path, name, setup);
            spec.run_as = Some(RunAs {
                uid: 12345,
                gid: 12346,
                groups: vec![12346, 12399],
                name: None,
                home: None,
            });
            spec
        };
        let _one = listens(&mut stage, 1, of_user("1", REMOVE_FIRST), &path).await;
        stage.steer(&[1], true);
        let _two = listens(&mut stage, 2, of_user("2", REMOVE_FIRST), &path).await;
        stage.steer(&[2], true);
        assert_eq!(asked(&path).unwrap(), "2");
        stage.steer(&[], true);
        stage.kill(2).await;
        let clients = path.clone();
        let waits = thread::spawn(move || asked(&clients));
        let _three = listens(&mut stage, 3, of_user("3", ""), &path).await;
        assert_eq!(waits.join().unwrap().unwrap(), "3");
        let about = fs::metadata(&path).unwrap();
        assert_eq!((about.uid(), about.gid()), (12345, 12346));
    });
}
