//! Who gets the next connection.

use std::io::Read as _;
use std::iter;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;

use config::handover::Handover;
use config::spec::Scope;
use config::{Address, AppSpec};
use fleet::Event;
use nix::libc;
use protocol::{ExitStatus, LackOf, RunId};

use super::servers::{asked, free, is_refused, plain, server, who};
use crate::children::tests::stage::{Stage, play, python};

#[test]
fn two_runs_share_a_port_and_connections_go_where_they_are_steered() {
    play(async {
        for ip in ["127.0.0.1", "0.0.0.0", "::1"] {
            let mut stage = Stage::new();
            let at = free(ip);
            let _one = stage.listens(1, plain(at, 1), at).await;
            let _two = stage.listens(2, plain(at, 2), at).await;
            assert_eq!(who(at), ["1", "2"], "nothing was said");
            stage.steer(&[1], true);
            assert_eq!(who(at), ["1"]);
            stage.steer(&[2], true);
            assert_eq!(who(at), ["2"]);
            stage.kill(1).await;
            assert_eq!(who(at), ["2"]);
            let _three = stage.listens(3, plain(at, 3), at).await;
            assert_eq!(who(at), ["2"], "who is new waits for its turn");
            stage.steer(&[2, 3], true);
            assert_eq!(who(at), ["2", "3"]);
        }
    });
}

#[test]
fn an_address_for_both_families_is_steered_for_both() {
    play(async {
        let mut stage = Stage::new();
        let at = free("::");
        let v4 = ([127, 0, 0, 1], at.port()).into();
        let both = "s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)";
        let _one = stage.listens(1, server(at, "1", both), at).await;
        let _two = stage.listens(2, server(at, "2", both), at).await;
        for (run, name) in [(1, "1"), (2, "2"), (1, "1")] {
            stage.steer(&[run], true);
            assert_eq!(who(at), [name]);
            assert_eq!(who(v4), [name]);
        }
    });
}

#[test]
fn a_run_with_several_sockets_is_steered_to_as_a_set() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let several = |run: u64| {
            python(&format!(
                "import os, socket\n\
                 for n in range(3):\n    \
                     s = socket.socket()\n    \
                     s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\n    \
                     s.bind(('127.0.0.1', {}))\n    \
                     s.listen()\n    \
                     if os.fork() == 0:\n        \
                         while True:\n            \
                             c, _ = s.accept()\n            \
                             c.sendall(b'{run}%d' % n)\n            \
                             c.close()\n    \
                     s.close()\n\
                 print('up', flush=True)\n\
                 os.wait()\n",
                at.port()
            ))
        };
        let _one = stage.listens(1, several(1), at).await;
        let _two = stage.listens(2, several(2), at).await;
        stage.steer(&[1], true);
        assert_eq!(who(at), ["10", "11", "12"]);
        stage.steer(&[2], true);
        assert_eq!(who(at), ["20", "21", "22"]);
        stage.kill(1).await;
        assert_eq!(who(at), ["20", "21", "22"]);
    });
}

#[test]
fn runs_that_are_no_neighbours_get_their_shares() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let mut prints = Vec::new();
        for run in 1..6 {
            prints.push(stage.listens(run, plain(at, run), at).await);
        }
        for set in [&[1, 3][..], &[1, 2, 5], &[2, 3, 4], &[5]] {
            stage.steer(set, true);
            let names: Vec<String> = set.iter().map(u64::to_string).collect();
            assert_eq!(who(at), names);
        }
    });
}

#[test]
fn a_socket_for_several_paths_is_handed_over_as_one_of_plain_tcp() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let several_paths = "s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)\n\
             s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)";
        let _one = stage.listens(1, server(at, "1", several_paths), at).await;
        let _two = stage.listens(2, server(at, "2", several_paths), at).await;
        stage.steer(&[2], true);
        assert_eq!(who(at), ["2"]);
        stage.kill(2).await;
        stage.steer(&[1], true);
        assert_eq!(who(at), ["1"]);
    });
}

#[test]
fn a_stranger_at_the_port_is_told_and_nothing_is_steered() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let _one = stage.listens(1, plain(at, 1), at).await;
        let _two = stage.listens(2, plain(at, 2), at).await;
        stage.steer(&[1], true);
        assert_eq!(who(at), ["1"]);
        let stranger = stranger(at);
        assert_eq!(who(at), ["1"], "it gets nothing by joining");
        stage.steer(&[2], true);
        for run in [1, 2] {
            let event = stage.next().await;
            let Event::Hindered { run: told, lack } = event else {
                panic!("not told but {event:?}");
            };
            assert_eq!((told.0, lack.of), (run, LackOf::Stranger));
        }
        assert_eq!(who(at), ["1"], "nobody knows who is who");
        leave(&stranger);
        stage.kill(1).await;
        stage.steer(&[2], true);
        assert_eq!(who(at), ["2"]);
    });
}

#[test]
fn a_stranger_gets_no_more_than_a_share_when_one_of_ours_leaves() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let _one = stage.listens(1, plain(at, 1), at).await;
        let _two = stage.listens(2, plain(at, 2), at).await;
        stage.steer(&[1], true);
        let stranger = stranger(at);
        stage.steer(&[2], true);
        stage.kill(1).await;
        assert_ne!(shares(at, &[stranger]), [CLIENTS]);
    });
}

#[test]
fn strangers_are_not_steered_when_the_last_of_ours_has_left() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let _one = stage.listens(1, plain(at, 1), at).await;
        stage.steer(&[1], true);
        let strangers = [stranger(at), stranger(at)];
        stage.kill(1).await;
        stage.steer(&[], false);
        assert!(!shares(at, &strangers).contains(&CLIENTS));
    });
}

#[test]
fn what_is_held_beside_a_stranger_waits_for_the_next_run() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let _one = stage.listens(1, plain(at, 1), at).await;
        stage.steer(&[1], true);
        let stranger = stranger(at);
        stage.steer(&[], true);
        stage.kill(1).await;
        leave(&stranger);
        let mut client = TcpStream::connect(at).unwrap();
        let _two = stage.listens(2, plain(at, 2), at).await;
        stage.steer(&[2], true);
        let mut name = String::new();
        client.read_to_string(&mut name).unwrap();
        assert_eq!(name, "2");
    });
}

#[test]
fn where_several_leave_at_once_no_run_gets_what_is_anothers() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let ends = python(&format!(
            "import os, signal, socket\n\
             def listens():\n    \
                 s = socket.socket()\n    \
                 s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\n    \
                 s.bind(('127.0.0.1', {}))\n    \
                 s.listen()\n    \
                 return s\n\
             both = [listens(), listens()]\n\
             def end(*_):\n    \
                 for s in reversed(both): s.shutdown(socket.SHUT_RDWR)\n    \
                 os.write(1, b'shut\\n')\n\
             signal.signal(signal.SIGTERM, end)\n\
             print('up', flush=True)\n\
             while True: signal.pause()\n",
            at.port()
        ));
        let mut one = stage.listens(1, ends, at).await;
        let _two = stage.listens(2, plain(at, 2), at).await;
        let _three = stage.listens(3, plain(at, 3), at).await;
        stage.steer(&[2], true);
        assert_eq!(who(at), ["2"]);
        let term = config::Signal::TERM;
        stage.children.signal(RunId(1), term, Scope::Leader);
        // Its task sends it when it gets its turn.
        tokio::task::yield_now().await;
        assert_eq!(one.line(), "shut");
        stage.steer(&[2], true);
        for _ in [2, 3] {
            let event = stage.next().await;
            let Event::Hindered { lack, .. } = event else {
                panic!("not told but {event:?}");
            };
            assert_eq!(lack.of, LackOf::Selector);
        }
        assert_eq!(who(at), ["2", "3"], "nobody knows who is who");
        stage.kill(3).await;
        stage.steer(&[2], true);
        assert_eq!(who(at), ["2"]);
    });
}

/// How many clients come at once.
const CLIENTS: usize = 48;

/// A socket that shares a port without our doing.
fn stranger(at: SocketAddr) -> OwnedFd {
    use rustix::net;
    let stranger = net::socket(net::AddressFamily::INET, net::SocketType::STREAM, None).unwrap();
    net::sockopt::set_socket_reuseport(&stranger, true).unwrap();
    net::bind(&stranger, &at).unwrap();
    net::listen(&stranger, 64).unwrap();
    stranger
}

/// Ends it for everybody: launchers of other tests may just have what we have, as they begin.
fn leave(stranger: &OwnedFd) {
    rustix::net::shutdown(stranger, rustix::net::Shutdown::Both).unwrap();
}

/// How many of [`CLIENTS`] that come to this port come to each of these sockets.
fn shares(at: SocketAddr, sockets: &[OwnedFd]) -> Vec<usize> {
    use rustix::net;
    let _clients: Vec<_> = (0..CLIENTS).map(|_| TcpStream::connect(at)).collect();
    let accepted = |socket: &OwnedFd| {
        rustix::fs::fcntl_setfl(socket, rustix::fs::OFlags::NONBLOCK).unwrap();
        iter::from_fn(|| net::accept(socket).ok()).count()
    };
    sockets.iter().map(accepted).collect()
}

#[test]
fn a_listener_that_its_program_shuts_down_is_none_any_more() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let mut spec = server(at, "1", "");
        let script = spec.exec.args.last_mut().unwrap();
        *script = script.replace(
            "s.listen(5)\n",
            "s.listen(5)\nt = socket.socket()\nt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n\
             s.shutdown(socket.SHUT_RDWR)\n\
             t.bind(s.getsockname()); t.listen(); s = t\n",
        );
        let _one = stage.listens(1, spec, at).await;
        let _two = stage.listens(2, plain(at, 2), at).await;
        for run in [2, 1, 2] {
            stage.steer(&[run], true);
            assert_eq!(who(at), [run.to_string()]);
        }
    });
}

#[test]
fn another_app_cannot_have_the_port() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let any = ([0, 0, 0, 0], at.port()).into();
        let _one = stage.listens(1, plain(any, 1), any).await;
        // As a program that would share it, which the kernel would allow.
        let mut other = server(
            at,
            "other",
            "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\n\
             try: s.bind(('127.0.0.1', int(sys.argv[1])))\n\
             except OSError as e: sys.exit(e.errno)\n",
        );
        other.name = config::AppName::new("other").unwrap();
        other.exec.args.push(at.port().to_string());
        let _other = stage.launched(2, other).await;
        assert_eq!(stage.exited(2).await, ExitStatus::Code(libc::EADDRINUSE));
        assert_eq!(who(at), ["1"]);
    });
}

#[test]
fn one_run_cannot_have_its_own_port_twice_unless_it_asks_to() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let twice = server(
            at,
            "",
            "t = socket.socket(); t.bind(('127.0.0.1', int(sys.argv[1]))); t.listen()\n\
             try: s.bind(('127.0.0.1', int(sys.argv[1])))\n\
             except OSError as e: sys.exit(e.errno)\n",
        );
        let mut spec = twice;
        spec.exec.args.push(at.port().to_string());
        let _run = stage.up(1, spec, &[Address::Tcp(at)]).await;
        assert_eq!(stage.exited(1).await, ExitStatus::Code(libc::EADDRINUSE));
    });
}

#[test]
fn a_socket_that_its_run_has_closed_gets_no_connections() {
    play(async {
        let mut stage = Stage::new();
        let at = free("0.0.0.0");
        // As programs do that look whether a port is free.
        let probes = server(
            at,
            "1",
            "for a in ('127.0.0.1', '0.0.0.0'):\n    \
                 t = socket.socket(); t.bind((a, int(sys.argv[1]))); t.listen(); t.close()\n",
        );
        let mut spec = probes;
        spec.exec.args.push(at.port().to_string());
        let local = ([127, 0, 0, 1], at.port()).into();
        let both = [Address::Tcp(local), Address::Tcp(at)];
        let mut prints = stage.up(1, spec, &both).await;
        assert_eq!(prints.line(), "up");
        assert_eq!(who(local), ["1"]);
        stage.steer(&[1], true);
        assert_eq!(who(local), ["1"]);
    });
}

#[test]
fn a_socket_that_nobody_was_seen_to_have_goes_on_serving() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        // On its way from one process to another, a socket is no process's. Then the same run takes the
        // address anew, and what stands in its way is looked for.
        let mut spec = server(
            at,
            "1",
            "a, b = socket.socketpair()\n\
             s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen()\n\
             socket.send_fds(a, [b'x'], [s.fileno()]); s.close()\n\
             t = socket.socket(); t.bind(('127.0.0.1', int(sys.argv[1]))); t.close()\n\
             s = socket.socket(fileno=socket.recv_fds(b, 1, 1)[1][0])\n",
        );
        let script = spec.exec.args.last_mut().unwrap();
        let again = format!("s.bind(('{}', {}))\n", at.ip(), at.port());
        *script = script.replace(&again, "").replace("s.listen(5)\n", "");
        spec.exec.args.push(at.port().to_string());
        let _run = stage.listens(1, spec, at).await;
        assert_eq!(who(at), ["1"]);
    });
}

/// A server that listens somewhere else, too, and closes that before or after it is up.
fn closes(at: SocketAddr, other: SocketAddr, is_late: bool) -> AppSpec {
    let begin = "t = socket.socket(); t.bind(('127.0.0.1', int(sys.argv[1]))); t.listen()\n";
    let [early, late] = match is_late {
        true => ["", "t.close(); print('closed', flush=True)\n"],
        false => ["t.close()\n", ""],
    };
    let mut spec = server(at, "1", &format!("{begin}{early}"));
    let script = spec.exec.args.last_mut().unwrap();
    let up = "print('up', flush=True)\n";
    *script = script.replace(up, &format!("{up}{late}"));
    spec.exec.args.push(other.port().to_string());
    spec
}

/// How often a look is repeated: launchers of other tests may just have what we have, as they begin.
const LOOKS: u64 = 20;

#[test]
fn where_a_program_has_closed_its_listener_clients_are_refused() {
    play(async {
        for is_late in [false, true] {
            let mut are_refused = false;
            for _ in 0..LOOKS {
                let mut stage = Stage::new();
                let [at, other] = [free("127.0.0.1"), free("127.0.0.1")];
                let both = [Address::Tcp(other), Address::Tcp(at)];
                let mut one = stage.up(1, closes(at, other, is_late), &both).await;
                assert_eq!(one.line(), "up");
                if is_late {
                    assert_eq!(one.line(), "closed");
                    stage.steer(&[1], true);
                }
                assert_eq!(who(at), ["1"]);
                are_refused = is_refused(other);
                if are_refused {
                    break;
                }
            }
            assert!(are_refused);
        }
    });
}

#[test]
fn what_was_closed_is_known_before_a_successor_listens() {
    play(async {
        let mut stage = Stage::new();
        let [at, other] = [free("127.0.0.1"), free("127.0.0.1")];
        let both = [Address::Tcp(other), Address::Tcp(at)];
        let mut one = stage.up(1, closes(at, other, true), &both).await;
        assert_eq!([one.line(), one.line()], ["up", "closed"]);
        assert!(!is_refused(other));
        for next in 2..2 + LOOKS {
            stage
                .launched(next, python("import signal; signal.pause()"))
                .await;
            stage.listeners.wait();
            if is_refused(other) {
                return;
            }
        }
        panic!("somebody is waited for");
    });
}

#[test]
fn what_a_dead_run_held_is_not_taken_for_closed() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let _one = stage.listens(1, plain(at, 1), at).await;
        stage.steer(&[1], true);
        let killed = config::Signal::KILL;
        stage.children.signal(RunId(1), killed, Scope::Tree);
        stage.exited(1).await;
        // It is known already, but not to the listeners.
        stage.steer(&[1], true);
        let _waits = TcpStream::connect(at).unwrap();
    });
}

#[test]
fn ports_that_the_kernel_chose_and_other_sockets_are_left_alone() {
    play(async {
        let mut stage = Stage::new();
        let spec = python(
            "import os, socket\n\
             s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()\n\
             print(s.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT))\n\
             t = socket.socket(); t.listen()\n\
             u = socket.socket(type=socket.SOCK_DGRAM); u.bind(('127.0.0.1', 0))\n\
             a = socket.socket(socket.AF_UNIX); a.bind(f'\\0wsd-test-{os.getpid()}'); a.listen()\n\
             try: os.read(0, 1); s.bind(('127.0.0.1', 40000))\n\
             except OSError as e: print(e.errno)\n",
        );
        let (prints, _) = stage.launched(1, spec).await;
        assert_eq!(stage.exited(1).await, ExitStatus::Code(0));
        assert_eq!(prints.text(), format!("0\n{}\n", libc::EINVAL));
    });
}

#[test]
fn who_wants_no_handover_is_not_filtered_and_nobody_loses_a_port_by_it() {
    play(async {
        let mut stage = Stage::new();
        let filtered = |handover| {
            let mut spec = crate::children::tests::stage::program(
                "/bin/grep",
                &["Seccomp:", "/proc/self/status"],
            );
            spec.handover.mode = handover;
            spec
        };
        let (off, _) = stage.launched(1, filtered(Handover::Off)).await;
        stage.exited(1).await;
        let (auto, _) = stage.launched(2, filtered(Handover::Auto)).await;
        stage.exited(2).await;
        let (off, auto) = (off.text(), auto.text());
        assert_ne!(off, auto, "what we have ourselves is inherited by both");
        assert_eq!(auto, "Seccomp:\t2\n");
    });
}

#[test]
fn a_stopped_app_refuses() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let _one = stage.listens(1, plain(at, 1), at).await;
        stage.steer(&[1], true);
        stage.steer(&[], false);
        assert_eq!(asked(at).unwrap(), "1", "while it lives");
        stage.kill(1).await;
        assert!(is_refused(at));
    });
}

#[test]
fn a_program_that_is_stopped_and_closes_its_listener_refuses_at_once() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let mut spec = server(at, "", "");
        let script = spec.exec.args.last_mut().unwrap();
        *script = script.replace(
            "import fcntl",
            "import signal\n\
             def end(*_):\n    s.close(); os.write(1, b'closed\\n'); signal.pause()\n\
             signal.signal(signal.SIGTERM, end)\n\
             import fcntl",
        );
        let mut one = stage.listens(1, spec, at).await;
        stage.steer(&[1], true);
        stage.steer(&[], false);
        let term = config::Signal::TERM;
        stage.children.signal(RunId(1), term, Scope::Leader);
        // Its task sends it when it gets its turn.
        tokio::task::yield_now().await;
        assert_eq!(one.line(), "closed");
        assert!(is_refused(at));

        // Another instance comes up before it has ended, and nothing is lacking for that.
        let _two = stage.listens(2, plain(at, 2), at).await;
        assert_eq!(who(at), ["2"]);
        stage.kill(1).await;
        stage.steer(&[2], true);
        let _three = stage.listens(3, plain(at, 3), at).await;
        for run in [3, 2] {
            stage.steer(&[run], true);
            assert_eq!(who(at), [run.to_string()]);
        }
    });
}
