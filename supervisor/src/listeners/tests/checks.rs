//! A request to one run alone.

use std::net::SocketAddr;

use config::{AppSpec, Span};
use fleet::Event;
use protocol::{CheckFailure, RunId};

use super::servers::{free, plain, server, who};
use crate::children::tests::stage::{Stage, play};

/// A server that answers each client with what it is given, after it has read a request.
fn answering(at: SocketAddr, answer: &str) -> AppSpec {
    let mut spec = server(at, "", "");
    let script = spec.exec.args.last_mut().unwrap();
    *script = script.replace(
        "c.sendall(b'')",
        &format!("print(c.recv(999), flush=True); {answer}"),
    );
    spec
}

async fn checked(stage: &mut Stage, run: u64, within: Span) -> Result<(), CheckFailure> {
    stage
        .listeners
        .check(RunId(run), "/health?x=1".to_owned(), within);
    let event = stage.next().await;
    let Event::Checked { run: told, outcome } = event else {
        panic!("not checked but {event:?}");
    };
    assert_eq!(told, RunId(run));
    stage.listeners.wait();
    outcome
}

#[test]
fn a_check_reaches_the_run_that_clients_do_not() {
    play(async {
        for ip in ["127.0.0.1", "0.0.0.0", "::", "::1"] {
            let mut stage = Stage::new();
            let at = free(ip);
            let _old = stage.listens(1, plain(at, 1), at).await;
            let good = "c.sendall(b'HTTP/1.1 204 No Content\\r\\n\\r\\n')";
            let mut new = stage.listens(2, answering(at, good), at).await;
            stage.steer(&[1], true);
            let told = checked(&mut stage, 2, Span::secs(5)).await;
            assert_eq!(told, Ok(()), "{ip}");
            let asked = new.line();
            assert!(
                asked.starts_with("b'GET /health?x=1 HTTP/1.1\\r\\nHost: "),
                "{asked}"
            );
            assert!(asked.contains("Connection: close\\r\\n"), "{asked}");
            assert_eq!(who(at), ["1"]);
            let old = checked(&mut stage, 1, Span::secs(5)).await;
            assert_eq!(old, Err(CheckFailure::NotHttp), "the old run says its name");
            assert_eq!(who(at), ["1"]);
        }
    });
}

#[test]
fn clients_go_where_they_went_while_a_check_waits() {
    play(async {
        let mut stage = Stage::new();
        let at = free("127.0.0.1");
        let _old = stage.listens(1, plain(at, 1), at).await;
        let silent = "import time; time.sleep(1000)";
        let mut new = stage.listens(2, answering(at, silent), at).await;
        stage.steer(&[1], true);
        stage
            .listeners
            .check(RunId(2), "/".to_owned(), Span::millis(400));
        assert!(new.line().starts_with("b'GET / "));
        assert_eq!(who(at), ["1"]);
        let event = stage.next().await;
        let late = Err(CheckFailure::Late(Span::millis(400)));
        assert!(
            matches!(&event, Event::Checked { outcome, .. } if *outcome == late),
            "{event:?}"
        );
    });
}

#[test]
fn a_check_says_what_was_wrong() {
    play(async {
        let cases = [
            (
                "c.sendall(b'HTTP/1.1 503 No\\r\\n\\r\\n')",
                CheckFailure::Status(503),
            ),
            ("c.sendall(b'hello')", CheckFailure::NotHttp),
            ("pass", CheckFailure::Broken(nix::libc::ECONNRESET)),
        ];
        for (answer, failure) in cases {
            let mut stage = Stage::new();
            let at = free("127.0.0.1");
            let _run = stage.listens(1, answering(at, answer), at).await;
            assert_eq!(checked(&mut stage, 1, Span::secs(5)).await, Err(failure));
        }
        let mut stage = Stage::new();
        let nobody = checked(&mut stage, 9, Span::secs(5)).await;
        assert_eq!(nobody, Err(CheckFailure::NoPort));
    });
}
