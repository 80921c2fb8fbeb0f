//! Sockets that an app is given instead of opening them.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

use config::{Address, AppSpec};
use nix::libc;
use protocol::LaunchStage;

use super::servers::{asked, free, who};
use crate::children::tests::stage::{Stage, play, python};

/// A program that says the name to whoever comes to its first socket, and prints how it was told.
fn server(at: &[Address], name: &str) -> AppSpec {
    let mut spec = python(&format!(
        "import os, socket\n\
         told = [os.environ.get(it) for it in ('LISTEN_FDS', 'LISTEN_FDNAMES', 'NODE_CHANNEL_FD')]\n\
         mine = os.environ['LISTEN_PID'] == str(os.getpid())\n\
         there = [f for f in range(200) if os.path.exists(f'/proc/self/fd/{{f}}')]\n\
         print(*told, mine, there, flush=True)\n\
         s = socket.socket(fileno=3)\n\
         while True:\n    \
             c, _ = s.accept()\n    \
             c.sendall(b'{name}')\n    \
             c.close()\n"
    ));
    spec.handover.listen = at.to_vec();
    spec
}

#[test]
fn an_app_is_told_of_its_sockets_and_they_are_handed_over() {
    play(async {
        let mut stage = Stage::new();
        let tcp = free("127.0.0.1");
        let folder = fs::canonicalize(stage.home.path()).unwrap();
        let path = folder.join("a:b.sock");
        let at = [Address::Tcp(tcp), Address::Unix(path.clone())];
        let told = format!("2 {}:a_b.sock None True [0, 1, 2, 3, 4]", tcp.port());

        let mut prints = stage.up(1, server(&at, "1"), &at).await;
        assert_eq!(prints.line(), told);
        stage.steer(&[1], true);
        let mut prints = stage.up(2, server(&at, "2"), &at).await;
        assert_eq!(prints.line(), told);
        assert_eq!(who(tcp), ["1"]);
        stage.steer(&[2], true);
        assert_eq!(who(tcp), ["2"]);

        stage.kill(1).await;
        stage.kill(2).await;
        stage.steer(&[], true);
        let waits = thread::spawn(move || asked(tcp));
        let mut prints = stage.up(3, server(&at, "3"), &at).await;
        assert_eq!(prints.line(), told);
        assert_eq!(waits.join().unwrap().unwrap(), "3");
    });
}

#[test]
fn the_channel_comes_behind_the_sockets() {
    play(async {
        let mut stage = Stage::new();
        let at = [Address::Tcp(free("127.0.0.1"))];
        let mut spec = server(&at, "1");
        spec.ready.wait_ready = true;
        let mut prints = stage.up(1, spec, &at).await;
        let line = prints.line();
        assert!(line.ends_with(" 4 True [0, 1, 2, 3, 4]"), "{line}");
    });
}

#[test]
fn a_socket_file_that_an_earlier_life_has_left_is_replaced() {
    play(async {
        let mut stage = Stage::new();
        let folder = fs::canonicalize(stage.home.path()).unwrap();
        let path = folder.join("app.sock");
        drop(UnixListener::bind(&path).unwrap());
        let at = [Address::Unix(path.clone())];
        let _prints = stage.up(1, server(&at, "1"), &at).await;
        let mut name = String::new();
        let mut client = UnixStream::connect(&path).unwrap();
        client.read_to_string(&mut name).unwrap();
        assert_eq!(name, "1");
    });
}

#[test]
fn a_socket_file_at_which_somebody_listens_is_left_to_them() {
    play(async {
        let mut stage = Stage::new();
        let folder = fs::canonicalize(stage.home.path()).unwrap();
        let (strangers, apps) = (folder.join("stranger.sock"), folder.join("app.sock"));
        let _stranger = UnixListener::bind(&strangers).unwrap();
        let mut other = server(&[Address::Unix(apps.clone())], "other");
        other.name = config::AppName::new("other").unwrap();
        let _prints = stage.up(1, other, &[Address::Unix(apps.clone())]).await;

        for (run, path) in [(2, strangers), (3, apps)] {
            let file = fs::metadata(&path).unwrap().ino();
            stage.launch(run, server(&[Address::Unix(path.clone())], ""));
            let why = stage.failed().await;
            assert_eq!(why.stage, LaunchStage::Listen);
            let on = Address::Unix(path.clone()).to_string();
            assert_eq!((why.on, why.errno), (on, libc::EADDRINUSE));
            assert_eq!(fs::metadata(&path).unwrap().ino(), file);
        }
    });
}

#[test]
fn an_address_that_cannot_be_had_fails_the_launch_by_its_name() {
    play(async {
        let mut stage = Stage::new();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = taken.local_addr().unwrap();
        stage.launch(1, server(&[Address::Tcp(at)], ""));
        let why = stage.failed().await;
        assert_eq!(why.stage, LaunchStage::Listen);
        assert_eq!((why.on, why.errno), (at.to_string(), libc::EADDRINUSE));
    });
}
