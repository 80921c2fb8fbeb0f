//! Clients that do not behave harm nobody.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::time::Duration;

use protocol::view::StateView;
use protocol::{Answering, Asking, Hello, Refusal, Reply, Request, RequestId, codec, version};
use tests::{Client, Home, Outcome, app, binaries, runtimes};

/// A home with one app, whose daemon is asked after `harm` was done.
fn unharmed_by(harm: impl FnOnce(&Home)) {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    let process = home.process("web");
    let daemon = home.daemon();
    home.wait_ready("web");
    harm(&home);
    assert!(daemon.is_alive() && process.is_alive());
    home.ctl(["list"]).exits(0).shows(&["web", "online"]);
}

fn raw(home: &Home) -> UnixStream {
    let stream = UnixStream::connect(home.paths().socket()).expect("the daemon listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(8)))
        .expect("a socket takes a limit");
    stream
        .set_write_timeout(Some(Duration::from_secs(8)))
        .expect("a socket takes a limit");
    stream
}

/// Whether the daemon closes a connection, whatever it says before.
fn is_closed(mut stream: &UnixStream) -> bool {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).is_ok()
}

#[test]
fn garbage_in_place_of_a_greeting_is_dropped() {
    unharmed_by(|home| {
        let mut stream = raw(home);
        stream
            .write_all(b"GET / HTTP/1.1\r\n\r\n\x00\xff\xfe\n")
            .unwrap();
        assert!(is_closed(&stream));
    });
}

#[test]
fn a_line_that_is_no_request_is_refused() {
    unharmed_by(|home| {
        let mut client = home.client();
        assert!(client.send_raw(b"{\"id\": 7, \"nonsense\": [[[[\n"));
        let refused = matches!(
            client.answer().reply,
            Reply::Refused {
                why: Refusal::Malformed { .. }
            }
        );
        assert!(refused);
        assert_eq!(home.ask(Request::Ping), Reply::Pong);
    });
}

#[test]
fn a_line_that_never_ends_is_refused() {
    unharmed_by(|home| {
        let mut client = home.client();
        let piece = vec![b'x'; 1024 * 1024];
        let taken = (0..32).take_while(|_| client.send_raw(&piece)).count();
        assert!(taken < 32, "the daemon takes more than it may");
        if let Some(Answering { reply, .. }) = client.answer_or_close() {
            assert!(matches!(
                reply,
                Reply::Refused {
                    why: Refusal::TooLong { .. }
                }
            ));
        }
    });
}

#[test]
fn half_a_request_keeps_nobody_else_waiting() {
    unharmed_by(|home| {
        let mut client = home.client();
        assert!(client.send_raw(b"{\"id\":\"half\",\"requ"));
        home.ctl(["ping"]).ok();
    });
}

#[test]
fn a_client_that_has_closed_its_half_is_answered_or_dropped() {
    unharmed_by(|home| {
        let (mut read, mut write) = home.client().into_parts();
        let asking = Asking {
            id: RequestId("half-closed".to_owned()),
            request: Request::Ping,
        };
        codec::write(&mut write, &asking).unwrap();
        write.shutdown(Shutdown::Write).unwrap();
        match codec::read::<Answering>(&mut read) {
            Ok(answer) => assert_eq!(answer.reply, Reply::Pong),
            Err(why) => assert!(matches!(why, codec::ReadError::Closed), "{why}"),
        }
    });
}

#[test]
fn what_was_asked_is_done_though_the_client_has_gone() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    home.wait_ready("web");
    let mut client = home.client();
    client.send(&Asking {
        id: RequestId("gone".to_owned()),
        request: Request::Restart {
            select: vec![protocol::Selector::All],
        },
    });
    drop(client);
    home.wait_ready("web");
    assert_eq!(home.instance("web").restarts, 1);
}

#[test]
fn answers_are_not_kept_without_end_for_a_client_that_never_reads() {
    unharmed_by(|home| {
        let mut client = home.client();
        let ask = codec::line(&Asking {
            id: RequestId("deaf".to_owned()),
            request: Request::List,
        });
        client.give_up_after(Duration::from_secs(2));
        let many = ask.repeat(1000);
        let taken = (0..200).take_while(|_| client.send_raw(&many)).count();
        assert!(
            taken < 200,
            "the daemon keeps answers for one who does not read"
        );
        home.ctl(["ping"]).ok();
    });
}

#[test]
fn a_hundred_silent_clients_keep_nobody_waiting() {
    unharmed_by(|home| {
        let silent: Vec<UnixStream> = (0..100).map(|_| raw(home)).collect();
        home.ctl(["ping"]).ok();
        drop(silent);
    });
}

#[test]
fn another_version_is_told_which_one_is_spoken() {
    unharmed_by(|home| {
        let stream = raw(home);
        let hello = Hello {
            wsd: version::PROTOCOL + 1,
            client: "from the future".to_owned(),
            examine: false,
        };
        codec::write(&mut &stream, &hello).unwrap();
        let mut text = String::new();
        (&stream).read_to_string(&mut text).unwrap();
        assert!(text.contains("\"wsd\":1"), "{text}");
    });
}

#[test]
fn the_same_request_asked_twice_is_done_once() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    let restart = || Request::Restart {
        select: vec![protocol::Selector::All],
    };
    let first = home.client().ask_as("once", restart());
    let second = home.client().ask_as("once", restart());
    assert_eq!(first, second);
    assert_eq!(home.instance("web").restarts, 1);
}

#[test]
fn another_user_is_turned_away_even_where_the_files_let_it_in() {
    let Some(user) = runtimes::user() else { return };
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    home.open_to_all();
    let open = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open(home.paths().home(), 0o755);
    open(&home.paths().socket(), 0o777);
    let program = home.work().join("wsctl");
    std::fs::copy(binaries::wsctl(), &program).unwrap();
    let mut command = home.command(&program);
    command.args(["stop", "all"]);
    command.uid(u32::try_from(user.uid).unwrap());
    command.gid(u32::try_from(user.gid).unwrap());
    assert_eq!(Outcome::of(&mut command, home.deadline()).code, Some(3));
    assert_eq!(home.state("web"), StateView::Online);
    assert!(Client::connect(&home.paths().socket()).is_some());
}
