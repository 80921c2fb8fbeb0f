//! Runs end, and what is silent stays open.

use std::io::{self, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use config::Span;
use config::handover::KeepAlive;
use protocol::{LackOf, Tally};

use super::clients::{Client, Then};
use super::servers::Server;
use super::stage::{NEVER, Stage, wait_until};

/// Ends all connections at once, as an orderly program does.
const ORDERLY: &str = "
process.on('SIGTERM', () => {
  for (const server of servers) { server.close(() => process.exit(5)); server.closeAllConnections(); }
});
const servers = [];
const create = require('http').createServer;
require('http').createServer = (...all) => { const it = create(...all); servers.push(it); return it; };
";

#[tokio::test]
async fn what_is_silent_is_taken_over_of_a_program_that_ends_at_once() {
    let mut stage = Stage::new();
    let server = Server::node(&stage, 1);
    let status = what_is_silent_is_taken_over(&mut stage, server).await;
    // Node handles the signal, and sends it to itself again.
    assert_eq!(status.signal(), Some(15));
}

#[tokio::test]
async fn what_is_silent_is_taken_over_of_a_program_that_closes_it() {
    let mut stage = Stage::new();
    let server = Server::node_with(&stage, 1, ORDERLY);
    let status = what_is_silent_is_taken_over(&mut stage, server).await;
    assert_eq!(status.code(), Some(5));
}

#[tokio::test]
async fn what_is_silent_is_taken_over_of_threads_that_wait() {
    let mut stage = Stage::new();
    let server = Server::python(&stage, 1);
    let status = what_is_silent_is_taken_over(&mut stage, server).await;
    assert_eq!(status.signal(), Some(9));
}

async fn what_is_silent_is_taken_over(
    stage: &mut Stage,
    mut server: Server,
) -> std::process::ExitStatus {
    let mut silent: Vec<Client> = (0..20).map(|_| Client::connect(server.at)).collect();
    for client in &mut silent {
        assert_eq!(client.ask(10), Then::Keep);
    }
    stage.begin(&server, Span::millis(200));
    stage.drained(server.run).await;
    stage.retire(&server, KeepAlive::Adopt);
    let tally = stage.retired(server.run).await;
    let adopted = Tally {
        adopted: 20,
        ..Tally::default()
    };
    assert_eq!(tally, adopted);
    let status = server.ended();
    stage.drains().ended(server.run);
    let successor = TcpListener::bind(server.at).unwrap();
    for client in &mut silent {
        client.stream().set_nonblocking(true).unwrap();
        let read = client.stream().read(&mut [0; 1]);
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::WouldBlock);
        client.stream().set_nonblocking(false).unwrap();
        client.send("/10");
        successor.accept().unwrap();
    }
    assert_eq!(stage.relay.counts().adopted, 20);
    status
}

#[tokio::test]
async fn what_is_under_way_when_time_is_up_is_cut_and_counted() {
    let mut stage = Stage::new();
    let mut server = Server::node(&stage, 1);
    let mut client = Client::connect(server.at);
    let mut other = Client::connect(server.at);
    stage.begin(&server, NEVER);
    while other.ask(10) == Then::Keep {}
    client.send("/10/100000");
    // When this one is answered, the other's request was read.
    let mut other = Client::connect(server.at);
    assert_eq!(other.ask(10), Then::Close);
    stage.retire(&server, KeepAlive::Close);
    let tally = stage.retired(server.run).await;
    assert_eq!((tally.adopted, tally.cut), (0, 1));
    server.ended();
    assert!(client.is_ended());
}

#[tokio::test]
async fn a_run_that_did_not_drain_is_looked_at_when_it_ends() {
    let mut stage = Stage::new();
    let mut server = Server::node(&stage, 1);
    let mut client = Client::connect(server.at);
    client.send("/10/100000");
    // When this one is answered, the other's request was read.
    let mut other = Client::connect(server.at);
    assert_eq!(other.ask(10), Then::Keep);
    stage.retire(&server, KeepAlive::Adopt);
    let tally = stage.retired(server.run).await;
    // Whether an answer is awaited by this one the kernel may be able to tell.
    assert_eq!((tally.cut, tally.adopted + tally.cut_unknown), (1, 1));
    server.ended();
}

#[tokio::test]
async fn connections_are_counted_though_nobody_can_look_at_them() {
    let mut stage = Stage::new();
    let mut server = Server::node(&stage, 1);
    let mut clients: Vec<Client> = (0..3).map(|_| Client::connect(server.at)).collect();
    for client in &mut clients {
        assert_eq!(client.ask(10), Then::Keep);
    }
    stage.retire_without_thread(&server);
    stage.hindered(server.run, LackOf::Trace).await;
    let tally = stage.retired(server.run).await;
    assert_eq!((tally.adopted, tally.cut, tally.cut_unknown), (0, 0, 3));
    server.ended();
}

#[tokio::test]
async fn what_was_not_silent_for_long_enough_is_kept_open_and_counted_as_unknown() {
    let mut stage = Stage::new();
    let server = Server::node(&stage, 1);
    let _untouched = Client::connect(server.at);
    // It is accepted before the next one is.
    let mut other = Client::connect(server.at);
    assert_eq!(other.ask(10), Then::Keep);
    stage.begin(&server, NEVER);
    while other.ask(10) == Then::Keep {}
    stage.retire(&server, KeepAlive::Adopt);
    let tally = stage.retired(server.run).await;
    assert_eq!((tally.adopted, tally.cut, tally.cut_unknown), (1, 0, 1));
    wait_until(|| stage.relay.counts().adopted == 2);
}

#[tokio::test]
async fn a_stream_is_neither_silent_nor_taken_over() {
    let mut stage = Stage::new();
    let more = "
        const create = require('http').createServer;
        require('http').createServer = (answer) => create((request, response) => {
            if (request.url !== '/stream') return answer(request, response);
            response.writeHead(200, { 'Content-Type': 'text/event-stream' });
            setInterval(() => response.write('data: x\\n\\n'), 5);
        });
    ";
    let server = Server::node_with(&stage, 1, more);
    let mut stream = Client::connect(server.at);
    stream.send("/stream");
    assert_eq!(stream.stream().read(&mut [0; 10]).unwrap(), 10);
    let mut client = Client::connect(server.at);
    stage.begin(&server, Span::millis(50));
    while client.ask(10) == Then::Keep {}
    drop(client);
    let mut rest = [0; 1000];
    stream.stream().read_exact(&mut rest).unwrap();
    stage.retire(&server, KeepAlive::Adopt);
    let tally = stage.retired(server.run).await;
    assert_eq!((tally.adopted, tally.cut, tally.cut_unknown), (0, 0, 1));
}

#[tokio::test]
async fn connections_by_a_file_get_the_word_and_are_counted_where_they_are_cut() {
    let mut stage = Stage::new();
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("door");
    let script = format!(
        "require('http').createServer((_, response) => response.end('x'))
            .listen('{}', () => console.log(0));",
        path.display()
    );
    let server = Server::start(&stage, 1, Command::new("node").args(["-e", &script]));
    let mut silent = UnixStream::connect(&path).unwrap();
    assert!(!ask_for_end(&mut silent));
    let mut busy = UnixStream::connect(&path).unwrap();
    stage.begin(&server, Span::millis(300));
    while !ask_for_end(&mut busy) {}
    drop(busy);
    stage.drained(server.run).await;
    stage.retire(&server, KeepAlive::Adopt);
    let tally = stage.retired(server.run).await;
    assert_eq!((tally.adopted, tally.cut, tally.cut_unknown), (0, 0, 1));
}

/// Whether the answer says that it is the last.
fn ask_for_end(client: &mut UnixStream) -> bool {
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\nx") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    let answer = String::from_utf8(answer).unwrap();
    answer.contains("Connection: close")
}
