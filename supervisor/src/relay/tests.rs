mod answers;
mod ends;
mod many;
mod requests;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::net::{Shutdown, shutdown};

use super::{Adopted, Counts, Ends, Limits, Relay};

const GET: &str = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const OK_WITH_WORD: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

/// The address at which clients reach a server that listens at every one.
const ONE_OF_MANY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A client whose connection is with the relay, and an address at which nobody listens as yet.
struct Scene {
    relay: Relay,
    client: TcpStream,
    /// What the program that had accepted it still holds.
    duplicate: OwnedFd,
    address: SocketAddr,
    /// The old program's.
    listener: TcpListener,
}

fn scene() -> Scene {
    scene_with(Limits::default(), "127.0.0.1:0")
}

fn scene_with(limits: Limits, address: &str) -> Scene {
    let listener = TcpListener::bind(address).unwrap();
    let relay = Relay::new(limits);
    let address = listener.local_addr().unwrap();
    let (client, duplicate) = adopt_one(&relay, &listener, address);
    Scene {
        relay,
        client,
        duplicate,
        address,
        listener,
    }
}

/// Connects, accepts and gives the connection away. The client, and a duplicate.
fn adopt_one(relay: &Relay, listener: &TcpListener, local: SocketAddr) -> (TcpStream, OwnedFd) {
    let (client, server) = pair(listener);
    let duplicate = server.try_clone().unwrap();
    relay.adopt(vec![Adopted {
        socket: server,
        local,
    }]);
    (client, duplicate)
}

fn pair(listener: &TcpListener) -> (TcpStream, OwnedFd) {
    let mut address = listener.local_addr().unwrap();
    if address.ip().is_unspecified() {
        address.set_ip(ONE_OF_MANY.into());
    }
    let client = TcpStream::connect(address).unwrap();
    let (server, _) = listener.accept().unwrap();
    (client, server.into())
}

impl Scene {
    /// Lets this be the new program, for one connection. The old one's socket stays in its place.
    fn serve<T: Send + 'static>(
        &self,
        program: impl FnOnce(TcpStream) -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let listener = self.listener.try_clone().unwrap();
        thread::spawn(move || program(listener.accept().unwrap().0))
    }

    /// Shuts the receiving half, as the old program's end may need it.
    fn shut_half(&self) {
        shutdown(&self.duplicate, Shutdown::Read).unwrap();
    }

    fn ask(&mut self, text: &str) {
        self.client.write_all(text.as_bytes()).unwrap();
    }

    /// All that comes until the end.
    fn answer(&mut self) -> String {
        let mut text = String::new();
        self.client.read_to_string(&mut text).unwrap();
        text
    }

    /// Closes the client's side and says how it has ended for the relay.
    fn end(self) -> Ends {
        drop(self.client);
        ends_of(&self.relay, 1)
    }
}

/// The ends, once there are that many.
fn ends_of(relay: &Relay, count: u64) -> Ends {
    let mut ended = Ends::default();
    until(|| {
        ended = relay.counts().ended;
        sum(&ended) == count
    });
    ended
}

fn sum(ended: &Ends) -> u64 {
    let Ends {
        answered,
        left,
        silent,
        foreign,
        unreached,
        broken,
    } = ended;
    answered + left + silent + foreign + unreached + broken
}

/// Waits; the test's own limit ends it.
fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        thread::yield_now();
    }
}

/// Reads the head of a message, to its empty line.
fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// Answers `OK` to one request. What it was asked.
fn say_ok(mut stream: TcpStream) -> String {
    let head = read_head(&mut stream);
    stream.write_all(OK.as_bytes()).unwrap();
    head
}

/// Bytes in which each place can be told from its neighbours.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place % 251) as u8).collect()
}

fn short(limit: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    limit(&mut limits);
    limits
}

const AT_ONCE: Duration = Duration::from_millis(1);

fn only(set: impl FnOnce(&mut Ends)) -> Ends {
    let mut ends = Ends::default();
    set(&mut ends);
    ends
}

#[test]
fn counts_begin_at_nothing() {
    assert_eq!(Relay::new(Limits::default()).counts(), Counts::default());
}
