//! Clients leave, each after a whole answer, and a run that serves on is let go of.

use std::process::Command;

use config::Span;

use super::clients::{Client, Crowd, Then};
use super::servers::Server;
use super::stage::{NEVER, Stage};

#[tokio::test]
async fn every_client_of_node_leaves_after_a_whole_answer() {
    let stage = Stage::new();
    let server = Server::node(&stage, 1);
    every_client_leaves(stage, &server, (64, 100)).await;
}

#[tokio::test]
async fn every_client_of_threads_that_wait_leaves_after_a_whole_answer() {
    let stage = Stage::new();
    let server = Server::python(&stage, 1);
    every_client_leaves(stage, &server, (64, 100)).await;
}

#[tokio::test]
async fn every_client_of_workers_leaves_after_a_whole_answer() {
    let stage = Stage::new();
    let server = Server::python_with_workers(&stage, 1);
    every_client_leaves(stage, &server, (32, 100)).await;
}

#[tokio::test]
async fn every_client_of_a_node_cluster_leaves_after_a_whole_answer() {
    let stage = Stage::new();
    let server = Server::node_cluster(&stage, 1);
    every_client_leaves(stage, &server, (32, 100)).await;
}

#[tokio::test]
async fn large_answers_of_node_stay_whole() {
    let stage = Stage::new();
    let server = Server::node(&stage, 1);
    every_client_leaves(stage, &server, (8, 10_000_000)).await;
}

#[tokio::test]
async fn large_answers_of_threads_that_wait_stay_whole() {
    let stage = Stage::new();
    let server = Server::python(&stage, 1);
    every_client_leaves(stage, &server, (8, 10_000_000)).await;
}

#[tokio::test]
async fn a_thousand_clients_leave() {
    let stage = Stage::new();
    let server = Server::node(&stage, 1);
    every_client_leaves(stage, &server, (1000, 100)).await;
}

async fn every_client_leaves(mut stage: Stage, server: &Server, (count, length): (usize, usize)) {
    let crowd = Crowd::of(count, server.at, length);
    let before = crate::clock::boot();
    stage.begin(server, NEVER);
    stage.drained(server.run).await;
    crowd.left();
    let took = crate::clock::boot().since(before);
    let stops = stage.drains().stops();
    println!("{count} clients, {length} bytes: {took}, {stops} stops");
}

#[tokio::test]
async fn a_request_under_way_is_answered_however_long_it_takes() {
    let mut stage = Stage::new();
    let server = Server::node(&stage, 1);
    let mut client = Client::connect(server.at);
    let mut other = Client::connect(server.at);
    assert_eq!(other.ask(10), Then::Keep);
    stage.begin(&server, Span::millis(50));
    client.send("/10/600");
    assert_eq!(client.receive(10), Then::Close);
    drop(client);
    stage.drained(server.run).await;
}

#[tokio::test]
async fn a_run_that_serves_on_is_let_go_of() {
    let stage = Stage::new();
    let server = Server::node(&stage, 1);
    let mut client = Client::connect(server.at);
    let mut other = Client::connect(server.at);
    assert_eq!(other.ask(10), Then::Keep);
    stage.begin(&server, NEVER);
    while client.ask(10) == Then::Keep {}
    stage.drains().serve(server.run);
    while server.is_traced() {
        std::thread::yield_now();
    }
    for _ in 0..10 {
        assert_eq!(other.ask(10), Then::Keep);
    }
}

#[tokio::test]
async fn a_program_that_is_executed_meanwhile_is_not_disturbed() {
    let mut stage = Stage::new();
    let more = "
        const { spawn } = require('child_process');
        setInterval(() => spawn('true').on('exit', (code) => {
            if (code !== 0) process.exit(1);
        }), 5);
    ";
    let server = Server::node_with(&stage, 1, more);
    let crowd = Crowd::of(16, server.at, 100);
    stage.begin(&server, NEVER);
    stage.drained(server.run).await;
    crowd.left();
    let mut client = Client::connect(server.at);
    assert_eq!(client.ask(10), Then::Close);
}

#[tokio::test]
async fn a_run_that_dies_meanwhile_is_forgotten() {
    let stage = Stage::new();
    let mut server = Server::start(
        &stage,
        1,
        Command::new("node").args([
            "-e",
            "require('http').createServer((_, response) => { response.end('x'); process.exit(7); })
                .listen(0, '127.0.0.1', function () { console.log(this.address().port); });",
        ]),
    );
    let mut client = Client::connect(server.at);
    stage.begin(&server, NEVER);
    client.send("/");
    assert_eq!(server.ended().code(), Some(7));
    stage.drains().ended(server.run);
}
