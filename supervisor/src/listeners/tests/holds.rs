//! Connections that come while nobody serves.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;

use config::spec::RunAs;
use fleet::Event;
use nix::libc;
use protocol::{LackOf, RunId};

use super::servers::{asked, free, is_refused, plain, server, who};
use crate::children::tests::stage::{Stage, is_root, play};

#[test]
fn a_connection_to_a_crashed_run_is_served_by_the_next_one() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let _one = stage.listens(1, plain(at, 1), at).await;
        stage.steer(&[1], true);
        for run in 2..5 {
            stage.kill(run - 1).await;
            stage.steer(&[], true);
            let waits: Vec<_> = (0..8).map(|_| thread::spawn(move || asked(at))).collect();
            let _next = stage.listens(run, plain(at, run), at).await;
            for client in waits {
                assert_eq!(client.join().unwrap().unwrap(), run.to_string());
            }
            assert_eq!(who(at), [run.to_string()], "before it is in service");
            stage.steer(&[run], true);
            assert_eq!(who(at), [run.to_string()]);
        }
    });
}

#[test]
fn connections_wait_in_a_socket_of_ours_while_the_old_run_ends() {
    play(async {
        for ip in ["127.0.0.1", "::"] {
            let mut stage = Stage::new();
            let at = free(ip);
            let _one = stage.listens(1, plain(at, 1), at).await;
            stage.steer(&[1], true);
            stage.steer(&[], true);
            let waits: Vec<_> = (0..8).map(|_| thread::spawn(move || asked(at))).collect();
            stage.kill(1).await;
            let _two = stage.listens(2, plain(at, 2), at).await;
            stage.steer(&[2], true);
            for client in waits {
                assert_eq!(client.join().unwrap().unwrap(), "2");
            }
            assert_eq!(who(at), ["2"]);
        }
    });
}

#[test]
fn what_is_held_no_longer_is_refused() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let _one = stage.listens(1, plain(at, 1), at).await;
        stage.steer(&[1], true);
        stage.kill(1).await;
        stage.steer(&[], true);
        let waits = thread::spawn(move || asked(at));
        stage.steer(&[], false);
        assert!(is_refused(at));
        assert!(waits.join().unwrap().is_err());
    });
}

#[test]
fn what_a_run_has_left_is_refused_once_nobody_will_take_it_up() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let other = free("127.0.0.1");
        let _one = stage.listens(1, plain(at, 1), at).await;
        let _two = stage.listens(2, plain(other, 2), other).await;
        stage.steer(&[1, 2], true);
        stage.kill(1).await;
        stage.kill(2).await;
        stage.steer(&[], true);
        stage.listeners.release(RunId(1));
        stage.listeners.wait();
        assert!(is_refused(at));
        let waits = thread::spawn(move || asked(other));
        let _three = stage.listens(3, plain(other, 3), other).await;
        assert_eq!(waits.join().unwrap().unwrap(), "3");
    });
}

#[test]
fn a_socket_that_is_handed_on_is_as_the_program_made_its_own() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let _one = stage.listens(1, plain(at, 1), at).await;
        stage.steer(&[1], true);
        stage.kill(1).await;
        let setup = "s.setblocking(False)\n\
                     os.set_inheritable(s.fileno(), True)\n\
                     s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)\n\
                     s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 7))\n";
        let mut spec = server(at, "2", setup);
        let script = spec.exec.args.last_mut().unwrap();
        *script = script.replace(
            "while True:",
            "print(fcntl.fcntl(s, fcntl.F_GETFL) & os.O_NONBLOCK != 0,\n    \
                 os.get_inheritable(s.fileno()),\n    \
                 s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY),\n    \
                 struct.unpack('ii', s.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)),\n    \
                 s.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN), flush=True)\n\
             s.setblocking(True)\nwhile True:",
        );
        let mut prints = stage.listens(2, spec, at).await;
        assert_eq!(prints.line(), "True True 1 (1, 7) 1");
        assert_eq!(who(at), ["2"]);
    });
}

#[test]
fn where_no_socket_of_ours_can_hold_it_is_told() {
    if !is_root() {
        println!("skipped: another network needs root");
        return;
    }
    play(async {
        let mut stage = Stage::new();
        let at = free("0.0.0.0");
        let elsewhere = "import ctypes\n\
                         if ctypes.CDLL(None).unshare(0x40000000): sys.exit('no network')\n\
                         s = socket.socket()";
        let _one = stage.listens(1, server(at, "1", elsewhere), at).await;
        stage.steer(&[1], true);
        stage.steer(&[], true);
        let event = stage.next().await;
        let Event::Hindered { run, lack } = event else {
            panic!("not told but {event:?}");
        };
        assert_eq!(
            (run, lack.of, lack.errno),
            (RunId(1), LackOf::Hold, libc::EXDEV)
        );
    });
}

#[test]
fn a_successor_that_is_up_gets_what_its_dead_predecessor_had() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let _one = stage.listens(1, plain(at, 1), at).await;
        let _two = stage.listens(2, plain(at, 2), at).await;
        stage.steer(&[1], true);
        stage.kill(1).await;
        assert_eq!(who(at), ["2"]);
        stage.steer(&[2], true);
        assert_eq!(who(at), ["2"]);
    });
}

#[test]
fn a_successor_that_dies_leaves_nothing_behind() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let _one = stage.listens(1, plain(at, 1), at).await;
        stage.steer(&[1], true);
        for run in 2..6 {
            let _next = stage.listens(run, plain(at, run), at).await;
            assert_eq!(who(at), ["1"]);
            stage.kill(run).await;
        }
        stage.steer(&[], false);
        assert_eq!(who(at), ["1"], "no share is lost to the dead");
    });
}

#[test]
fn an_app_of_another_user_is_handed_over_too() {
    if !is_root() {
        println!("skipped: changing the user needs root");
        return;
    }
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let of_user = |run: u64| {
            let mut spec = plain(at, run);
            spec.run_as = Some(RunAs {
                uid: 12345,
                gid: 12346,
                groups: vec![12346],
                name: None,
                home: None,
            });
            spec
        };
        let _one = stage.listens(1, of_user(1), at).await;
        let _two = stage.listens(2, of_user(2), at).await;
        stage.steer(&[2], true);
        assert_eq!(who(at), ["2"]);
        stage.kill(1).await;
        stage.steer(&[], true);
        let waits = thread::spawn(move || asked(at));
        stage.kill(2).await;
        let _three = stage.listens(3, of_user(3), at).await;
        assert_eq!(waits.join().unwrap().unwrap(), "3");
    });
}

#[test]
fn a_run_of_another_user_gets_the_port_of_a_dead_one() {
    if !is_root() {
        println!("skipped: changing the user needs root");
        return;
    }
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let _one = stage.listens(1, plain(at, 1), at).await;
        stage.steer(&[1], true);
        stage.kill(1).await;
        let mut spec = plain(at, 2);
        spec.run_as = Some(RunAs {
            uid: 12345,
            gid: 12346,
            groups: vec![12346],
            name: None,
            home: None,
        });
        let _two = stage.listens(2, spec, at).await;
        assert_eq!(who(at), ["2"]);
    });
}

#[test]
fn who_waits_where_no_run_will_come_is_served_by_the_one_that_is_there() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        // It never accepts.
        let mut deaf = plain(at, 1);
        let script = deaf.exec.args.last_mut().unwrap();
        *script = script.replace("while True:", "signal.pause()\nwhile True:");
        *script = script.replace("import fcntl", "import signal, fcntl");
        let _one = stage.listens(1, deaf, at).await;
        stage.steer(&[1], true);
        let mut client = TcpStream::connect(at).unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        let mut http = plain(at, 2);
        let script = http.exec.args.last_mut().unwrap();
        let answer = "c.recv(999); c.sendall(b'HTTP/1.1 204 Two\\r\\n\\r\\n')";
        *script = script.replace("c.sendall(b'2')", answer);
        let _two = stage.listens(2, http, at).await;
        stage.kill(1).await;
        stage.steer(&[2], true);
        let mut said = [0; 16];
        client.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"HTTP/1.1 204 Two");
    });
}
