//! Runs are looked at while they serve, and drain with what is known of them.

use std::io::Read as _;
use std::net::TcpListener;

use config::Span;
use config::handover::KeepAlive;
use protocol::LackOf;

use super::clients::{Client, Then};
use super::servers::Server;
use super::stage::{NEVER, Stage, wait_until};
use crate::clock;

#[tokio::test]
async fn a_run_that_is_watched_serves_until_all_is_known_and_then_drains_at_once() {
    let mut stage = Stage::new();
    let server = Server::node(&stage, 1);
    let mut client = Client::connect(server.at);
    let mut other = Client::connect(server.at);
    assert_eq!((client.ask(10), other.ask(10)), (Then::Keep, Then::Keep));
    stage.watch(&server, NEVER);
    wait_until(|| server.is_traced());
    // Known from the beginning; and it asks nothing.
    let _silent = Client::connect(server.at);
    for length in 0..50 {
        assert_eq!(other.ask(length), Then::Keep);
    }
    assert!(stage.is_quiet(Span::millis(100)).await);
    assert_eq!(client.ask(10), Then::Keep);
    stage.watched(server.run).await;
    stage.begin(&server, Span::ZERO);
    stage.drained(server.run).await;
    // Nobody waited for them.
    assert_eq!((client.ask(10), other.ask(10)), (Then::Close, Then::Close));
}

#[tokio::test]
async fn a_request_under_way_is_known_and_alone_waited_for() {
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
    let sent = clock::boot();
    client.send("/10/1500");
    let mut other = Client::connect(server.at);
    // When this one is answered, the other's request was read.
    assert_eq!(other.ask(10), Then::Keep);
    drop(other);
    stage.watch(&server, NEVER);
    stage.watched(server.run).await;
    stage.begin(&server, Span::ZERO);
    stage.drained(server.run).await;
    assert!(clock::boot().since(sent) >= Span::millis(1500));
    assert_eq!(client.receive(10), Then::Close);
}

#[tokio::test]
async fn what_does_not_move_counts_as_silent_and_is_taken_over() {
    let mut stage = Stage::new();
    let mut server = Server::node(&stage, 1);
    let mut silent = Client::connect(server.at);
    assert_eq!(silent.ask(10), Then::Keep);
    let begun = clock::boot();
    stage.watch(&server, Span::millis(200));
    stage.watched(server.run).await;
    assert!(clock::boot().since(begun) >= Span::millis(200));
    stage.begin(&server, Span::ZERO);
    stage.drained(server.run).await;
    stage.retire(&server, KeepAlive::Adopt);
    let tally = stage.retired(server.run).await;
    assert_eq!((tally.adopted, tally.cut, tally.cut_unknown), (1, 0, 0));
    server.ended();
    let successor = TcpListener::bind(server.at).unwrap();
    silent.send("/10");
    successor.accept().unwrap();
}

#[tokio::test]
async fn a_run_that_is_watched_is_let_go_of() {
    let mut stage = Stage::new();
    let server = Server::node(&stage, 1);
    let mut client = Client::connect(server.at);
    for _ in 0..3 {
        stage.watch(&server, NEVER);
        wait_until(|| server.is_traced());
        assert_eq!(client.ask(10), Then::Keep);
        stage.watched(server.run).await;
        stage.drains().serve(server.run);
        wait_until(|| !server.is_traced());
        assert_eq!(client.ask(10), Then::Keep);
    }
}

#[tokio::test]
async fn what_may_not_be_traced_is_not_waited_for() {
    let mut stage = Stage::new();
    let server = Server::node(&stage, 1);
    let mut client = Client::connect(server.at);
    assert_eq!(client.ask(10), Then::Keep);
    let _tracer = server.traced_by_another();
    stage.watch(&server, NEVER);
    stage.hindered(server.run, LackOf::Trace).await;
    stage.watched(server.run).await;
}
