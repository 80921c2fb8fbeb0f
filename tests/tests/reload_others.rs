//! The other runtimes, and nginx in front: one reload each, of which nothing may fail.

use std::net::{Ipv6Addr, SocketAddr};
use std::time::Duration;

use protocol::Mode;
use serde_json::json;
use tests::load::{Load, Plan};
use tests::{Home, NextUpstream, Runtime, Served, Server, reloading};

fn home() -> Home {
    let home = Home::with_limit(Duration::from_secs(30));
    home.start_daemon();
    home
}

fn is_whole(runtime: Runtime, plan: Plan) {
    drop(reloading::cell(home(), runtime, Mode::Overlap, plan, 1));
}

#[test]
fn a_graceful_node_is_whole() {
    is_whole(Runtime::NodeGraceful, Plan::keep_alive());
}

#[test]
fn the_workers_of_a_node_cluster_are_whole() {
    is_whole(Runtime::NodeCluster, Plan::keep_alive());
}

#[test]
fn node_in_bun_is_whole() {
    is_whole(Runtime::BunNode, Plan::keep_alive());
}

#[test]
fn deno_is_whole() {
    is_whole(Runtime::Deno, Plan::keep_alive());
}

#[test]
fn uvicorn_without_its_quick_parts_is_whole() {
    is_whole(Runtime::Uvicorn, Plan::keep_alive());
}

#[test]
fn the_workers_of_uvicorn_are_whole() {
    is_whole(Runtime::UvicornWorkers, Plan::keep_alive());
}

#[test]
fn gunicorn_is_whole() {
    is_whole(Runtime::Gunicorn, Plan::close());
}

#[test]
fn uvicorn_in_gunicorn_is_whole() {
    is_whole(Runtime::GunicornUvicorn, Plan::keep_alive());
}

#[test]
fn go_is_whole() {
    is_whole(Runtime::Go, Plan::keep_alive());
}

#[test]
fn nginx_as_an_app_is_whole() {
    is_whole(Runtime::Nginx, Plan::keep_alive());
}

/// One reload in each way of an app that is asked through nginx.
fn is_whole_through_nginx(runtime: Runtime, plan: Plan, next: NextUpstream) {
    for mode in [Mode::Overlap, Mode::Queue] {
        let settings = json!({ "handover": reloading::word(mode) });
        if let Some(served) = Served::start(home(), runtime, settings) {
            reloaded_through_nginx(served, plan, next, mode);
        }
    }
}

fn reloaded_through_nginx(mut served: Served, plan: Plan, next: NextUpstream, mode: Mode) {
    let Some((load, _front)) = served.load_through_nginx(plan, next) else {
        return;
    };
    for _ in 0..2 {
        assert_eq!(served.reload(&load).handed.mode, mode);
        served.await_answers(&load, &plan);
    }
    load.finish().assert_whole();
}

/// Two reloads of a server at a socket file, with nginx in front, which never asks twice.
fn is_whole_at_a_file(file: &str, plan: Plan, mode: Mode) {
    let home = home();
    if let Some(server) = Server::of_node(file, &home.work().join("server")) {
        let settings = json!({ "handover": reloading::word(mode) });
        let served = Served::of(home, server.at_file(), settings);
        reloaded_through_nginx(served, plan, NextUpstream::Off, mode);
    }
}

#[test]
fn node_at_a_socket_file_is_whole() {
    is_whole_at_a_file("node.js", Plan::keep_alive(), Mode::Overlap);
    is_whole_at_a_file("node.js", Plan::close(), Mode::Queue);
}

#[test]
fn a_node_that_takes_its_socket_file_away_is_whole() {
    is_whole_at_a_file("node_graceful.js", Plan::keep_alive(), Mode::Overlap);
}

#[test]
fn a_listener_for_both_kinds_of_ip_is_whole_over_the_newer_one() {
    let Some(mut served) = Served::start(home(), Runtime::Node, json!({})) else {
        return;
    };
    let address = SocketAddr::from((Ipv6Addr::LOCALHOST, served.server.port()));
    let plan = Plan::keep_alive();
    let load = Load::on(address, plan);
    served.await_answers(&load, &plan);
    served.reload(&load);
    served.await_answers(&load, &plan);
    load.finish().assert_whole();
}

#[test]
fn node_behind_nginx_is_whole() {
    is_whole_through_nginx(Runtime::Node, Plan::keep_alive(), NextUpstream::Default);
}

#[test]
fn node_behind_an_nginx_that_asks_once_is_whole() {
    is_whole_through_nginx(Runtime::Node, Plan::echo(), NextUpstream::Off);
}

#[test]
fn bun_behind_an_nginx_that_asks_once_is_whole() {
    is_whole_through_nginx(Runtime::Bun, Plan::keep_alive(), NextUpstream::Off);
}
