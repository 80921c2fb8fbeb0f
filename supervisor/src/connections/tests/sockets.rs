use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use config::Span;
use rustix::net::sockopt;
use rustix::net::{AddressFamily, SocketType};

use crate::connections::{Connections, Family, Port, Row, State, States, Traffic};

/// A listener and a connection to it, both sides.
struct Scene {
    listener: TcpListener,
    server: TcpStream,
    client: TcpStream,
}

fn scene(address: &str) -> Scene {
    let listener = TcpListener::bind(address).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    Scene {
        listener,
        server,
        client,
    }
}

impl Scene {
    fn port(&self, family: Family) -> Port {
        port_of(&self.listener, family)
    }
}

fn port_of(listener: &TcpListener, family: Family) -> Port {
    Port {
        family,
        number: listener.local_addr().unwrap().port(),
    }
}

/// All but how long ago it was.
fn rows(ports: &[Port], states: States) -> Vec<Row> {
    let mut rows = Connections::open().unwrap().at(ports, states).unwrap();
    let traffic = rows.iter_mut().filter_map(|row| row.traffic.as_mut());
    traffic.for_each(|it| it.came_ago = Span::ZERO);
    rows
}

fn inode(socket: impl AsFd) -> u64 {
    let owned = socket.as_fd().try_clone_to_owned().unwrap();
    std::fs::File::from(owned).metadata().unwrap().ino()
}

/// What an accepted connection with nothing on it looks like.
fn silent(server: &TcpStream, state: State) -> Row {
    Row {
        inode: inode(server),
        cookie: sockopt::socket_cookie(server).unwrap(),
        local: server.local_addr().unwrap(),
        remote: server.peer_addr().unwrap(),
        state,
        waiting_in: 0,
        waiting_out: 0,
        uid: rustix::process::getuid().as_raw(),
        traffic: Some(untouched()),
    }
}

/// What has come and gone where nothing has.
fn untouched() -> Traffic {
    Traffic::of(&[0; 160]).unwrap()
}

#[test]
fn a_connection_is_told_with_all_that_is_known_of_it() {
    for (address, family) in [("127.0.0.1:0", Family::V4), ("[::1]:0", Family::V6)] {
        let scene = scene(address);
        let found = rows(&[scene.port(family)], States::OPEN);
        assert_eq!(found, [silent(&scene.server, State::Established)]);
    }
}

#[test]
fn the_two_families_are_apart_and_a_listener_for_both_is_of_the_second() {
    let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let (server, _) = listener.accept().unwrap();
    let of = |family| Port {
        family,
        number: port,
    };
    assert_eq!(rows(&[of(Family::V4)], States::OPEN), []);
    let found = rows(&[of(Family::V6)], States::OPEN);
    assert_eq!(found, [silent(&server, State::Established)]);
    let mapped = Ipv4Addr::LOCALHOST.to_ipv6_mapped();
    assert_eq!(found[0].local, SocketAddr::new(mapped.into(), port));
    drop(client);
}

#[test]
fn several_ports_are_told_together() {
    let scenes = [scene("127.0.0.1:0"), scene("127.0.0.1:0"), scene("[::1]:0")];
    let ports = [
        scenes[0].port(Family::V4),
        scenes[1].port(Family::V4),
        scenes[2].port(Family::V6),
    ];
    let wanted = scenes
        .each_ref()
        .map(|it| silent(&it.server, State::Established));
    assert_eq!(rows(&ports, States::OPEN), wanted);
}

#[test]
fn bytes_that_were_not_read_are_counted() {
    let mut scene = scene("127.0.0.1:0");
    scene.client.write_all(b"hello").unwrap();
    // To be sure that they have come.
    scene.server.peek(&mut [0; 5]).unwrap();
    let found = rows(&[scene.port(Family::V4)], States::OPEN);
    assert_eq!(found[0].waiting_in, 5);
}

#[test]
fn whether_the_last_word_was_the_clients_is_told() {
    let mut scene = scene("127.0.0.1:0");
    let port = scene.port(Family::V4);
    let traffic = || rows(&[port], States::OPEN)[0].traffic.unwrap();
    assert!(traffic().unanswered().is_none() && !traffic().is_answered());
    scene.client.write_all(b"hello").unwrap();
    scene.server.peek(&mut [0; 5]).unwrap();
    assert!(traffic().unanswered().is_some());
    assert_eq!((traffic().came, traffic().sent), (1, 0));
    // Until they are in different ticks of the kernel's clock.
    while !traffic().is_answered() {
        scene.server.write_all(b"x").unwrap();
        scene.client.read_exact(&mut [0; 1]).unwrap();
    }
    while traffic().unanswered().is_none() {
        scene.client.write_all(b"y").unwrap();
        scene.server.peek(&mut [0; 5]).unwrap();
    }
}

#[test]
fn a_connection_that_the_client_has_ended_is_told_and_one_that_we_have_is_not() {
    let mut scene = scene("127.0.0.1:0");
    scene.client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(scene.server.read(&mut [0; 1]).unwrap(), 0);
    let found = rows(&[scene.port(Family::V4)], States::OPEN);
    // The end that came counts as a byte until it is read; here it was.
    assert_eq!(found[0].state, State::CloseWait);
    assert_eq!(found[0].inode, inode(&scene.server));
    scene.server.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rows(&[scene.port(Family::V4)], States::OPEN), []);
}

#[test]
fn a_listener_tells_how_many_wait_to_be_accepted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::listen(&listener, 77).unwrap();
    let address = listener.local_addr().unwrap();
    let clients: Vec<TcpStream> = (0..5)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    let port = [port_of(&listener, Family::V4)];
    let found = rows(&port, States::LISTEN);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].state, State::Listen);
    assert_eq!(found[0].local, address);
    assert_eq!((found[0].waiting_in, found[0].waiting_out), (5, 77));
    assert_eq!(found[0].inode, inode(&listener));
    // They are no one's yet.
    let waiting = rows(&port, States::OPEN);
    assert_eq!(waiting.len(), 5);
    assert!(waiting.iter().all(|row| row.inode == 0));
    drop(clients);
}

#[test]
fn all_listeners_of_a_group_are_told() {
    let first = reusing(0);
    let port = port_of(&first, Family::V4);
    let others = [reusing(port.number), reusing(port.number)];
    let mut found: Vec<u64> = rows(&[port], States::LISTEN)
        .iter()
        .map(|row| row.inode)
        .collect();
    let mut wanted: Vec<u64> = others.iter().chain([&first]).map(inode).collect();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
}

fn reusing(port: u16) -> TcpListener {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    sockopt::set_socket_reuseport(&socket, true).unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    rustix::net::bind(&socket, &address).unwrap();
    rustix::net::listen(&socket, 16).unwrap();
    socket.into()
}

#[test]
fn a_dump_of_many_messages_tells_each_connection_once() {
    let scene = scene("127.0.0.1:0");
    let address = scene.listener.local_addr().unwrap();
    let mut pairs = Vec::new();
    for _ in 0..450 {
        let client = TcpStream::connect(address).unwrap();
        pairs.push((client, scene.listener.accept().unwrap().0));
    }
    let mut connections = Connections::open().unwrap();
    for _ in 0..3 {
        let found = connections
            .at(&[scene.port(Family::V4)], States::OPEN)
            .unwrap();
        let mut cookies: Vec<u64> = found.iter().map(|row| row.cookie).collect();
        cookies.sort_unstable();
        cookies.dedup();
        assert_eq!((found.len(), cookies.len()), (451, 451));
    }
}

#[test]
fn a_port_where_nothing_is_has_no_rows() {
    let scene = scene("127.0.0.1:0");
    let port = scene.port(Family::V4);
    assert_eq!(rows(&[port], States::LISTEN).len(), 1);
    let Scene { listener, .. } = scene;
    drop(listener);
    assert_eq!(rows(&[port], States::LISTEN), []);
    assert_eq!(rows(&[], States::OPEN), []);
}

/// Leaves connections behind that are closed on the server's side first.
fn leave_in_time_wait(listener: &TcpListener, count: usize) {
    for _ in 0..count {
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        drop(listener.accept().unwrap());
        assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
    }
}

#[test]
fn thousands_of_connections_that_are_over_are_not_told() {
    let scene = scene("127.0.0.1:0");
    leave_in_time_wait(&scene.listener, 2_000);
    let found = rows(&[scene.port(Family::V4)], States::OPEN);
    assert_eq!(found, [silent(&scene.server, State::Established)]);
}
