//! Clients leave, each after a whole answer, and a run that serves on is let go of.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use config::Span;
use config::handover::KeepAlive;
use protocol::LackOf;

use super::clients::{Client, Crowd, Then};
use super::servers::Server;
use super::stage::{NEVER, Stage, spent, wait_until};

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
async fn large_answers_stay_whole_where_there_is_little_room() {
    for start in [
        Server::python_with_little_room,
        Server::asyncio_with_little_room,
    ] {
        let stage = Stage::new();
        let server = start(&stage, 1);
        every_client_leaves(stage, &server, (16, 1_000_000)).await;
    }
}

#[tokio::test]
async fn answers_stay_whole_where_the_client_does_not_read() {
    for (start, large) in [
        (Server::node as fn(&Stage, u64) -> Server, 5_000_000),
        (Server::python_with_little_room, 200_000),
        (Server::asyncio_with_little_room, 200_000),
    ] {
        let mut stage = Stage::new();
        let server = start(&stage, 1);
        stage.begin(&server, NEVER);
        while !server.is_traced() {
            std::thread::yield_now();
        }
        let lengths = [5, large, 3, 50_000, 7, 20_001, large, 1];
        let mut clients: Vec<Client> = (0..8).map(|_| Client::connect(server.at)).collect();
        for client in &mut clients {
            lengths
                .iter()
                .for_each(|length| client.send(&format!("/{length}")));
        }
        for client in &mut clients {
            for length in lengths {
                client.receive(length);
            }
        }
    }
}

#[tokio::test]
async fn every_client_leaves_a_listener_for_both_families() {
    let stage = Stage::new();
    let server = Server::python_for_both_families(&stage, 1);
    every_client_leaves(stage, &server, (16, 100)).await;
}

#[tokio::test]
async fn hundreds_of_clients_leave() {
    let stage = Stage::new();
    let server = Server::node(&stage, 1);
    every_client_leaves(stage, &server, (300, 100)).await;
}

async fn every_client_leaves(mut stage: Stage, server: &Server, (count, length): (usize, usize)) {
    let crowd = Crowd::of(count, server.at, length);
    let before = crate::clock::boot();
    stage.begin(server, NEVER);
    stage.drained(server.run).await;
    crowd.left();
    let took = crate::clock::boot().since(before);
    let stops = stage.drains().stops();
    let spent = spent().as_millis();
    println!("{count} clients, {length} bytes: {took}, {stops} stops, {spent} ms of CPU");
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
async fn a_request_that_was_read_before_is_waited_for() {
    for is_first in [true, false] {
        let mut stage = Stage::new();
        let server = Server::node(&stage, 1);
        let mut client = Client::connect(server.at);
        let mut other = Client::connect(server.at);
        if !is_first {
            assert_eq!(client.ask(10), Then::Keep);
            // The kernel's clock must have ticked since.
            ask_for(Span::millis(20), &mut other);
        }
        client.send("/10/1500");
        ask_for(Span::millis(200), &mut other);
        drop(other);
        let receiving = std::thread::spawn(move || client.receive(10));
        stage.begin(&server, Span::millis(500));
        stage.drained(server.run).await;
        stage.retire(&server, KeepAlive::Adopt);
        assert_eq!(receiving.join().unwrap(), Then::Close);
    }
}

/// Asks again and again for so long.
fn ask_for(long: Span, client: &mut Client) {
    let begun = crate::clock::boot();
    while crate::clock::boot().since(begun) < long {
        assert_eq!(client.ask(10), Then::Keep);
    }
}

#[tokio::test]
async fn a_run_that_serves_on_is_let_go_of() {
    let mut stage = Stage::new();
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
async fn a_run_that_drains_anew_leaves_no_thread_behind_what_was_owed() {
    let mut stage = Stage::new();
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("door");
    // What there is room for ends within the word; so a part of it is owed.
    let script = format!(
        "
import socket, sys
def small(it):
    it.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    it.setblocking(False)
    return it
one, other = socket.socketpair()
room = small(one).send(bytes(1000000))
listener = socket.socket(socket.AF_UNIX)
listener.bind('{}'); listener.listen()
print(0, flush=True)
client, _ = listener.accept()
small(client)
line = b'HTTP/1.1 200 '
line += b'x' * (room - len(line) - 12) + b'\\r\\n'
head = line + b'Content-Length: 5\\r\\n\\r\\n'
client.setblocking(True)
client.recv(100)
client.setblocking(False)
sent = client.send(head)
client.setblocking(True)
try:
    client.sendall(head[sent:] + b'hello')
except BrokenPipeError:
    sys.exit(7)
",
        path.display()
    );
    let mut server = Server::start(&stage, 1, Command::new("python3").args(["-c", &script]));
    let mut client = UnixStream::connect(&path).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stage.begin(&server, NEVER);
    wait_until(|| server.is_traced());
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let is_waiting = |_| server.is_standing();
    wait_until(|| (0..1000).all(is_waiting));
    stage.drains().serve(server.run);
    stage.begin(&server, NEVER);
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8(answer).unwrap();
    assert!(text.ends_with("x\r\nConnection"), "{}", text.len());
    assert_eq!(server.ended().code(), Some(7));
}

#[tokio::test]
async fn all_of_many_threads_are_let_go_of() {
    let mut stage = Stage::new();
    let many = "
import socket, threading
listener = socket.create_server(('127.0.0.1', 0))
threading.stack_size(65536)
for _ in range(300): threading.Thread(target=threading.Event().wait).start()
print(listener.getsockname()[1], flush=True)
";
    let server = Server::start(&stage, 1, Command::new("python3").args(["-c", many]));
    for _ in 0..5 {
        stage.begin(&server, NEVER);
        wait_until(|| server.traced() > 300);
        stage.drains().serve(server.run);
        wait_until(|| server.traced() == 0);
    }
}

#[tokio::test]
async fn tools_that_a_run_uses_meanwhile_are_not_traced_for_long() {
    let mut stage = Stage::new();
    let tool = "
import os, socket, sys
listener = socket.create_server(('127.0.0.1', 0))
print(listener.getsockname()[1], flush=True)
client, _ = listener.accept()
client.recv(100)
tool = os.fork()
if tool == 0:
    os.execvp('grep', ['grep', '-q', 'TracerPid:.0$', '/proc/self/status'])
_, status = os.waitpid(tool, 0)
os._exit(os.waitstatus_to_exitcode(status))
";
    let mut server = Server::start(&stage, 1, Command::new("python3").args(["-c", tool]));
    stage.begin(&server, NEVER);
    while !server.is_traced() {
        std::thread::yield_now();
    }
    let mut client = Client::connect(server.at);
    client.send("/");
    assert_eq!(server.ended().code(), Some(0));
}

#[tokio::test]
async fn a_run_that_dies_meanwhile_is_forgotten() {
    let mut stage = Stage::new();
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

#[tokio::test]
async fn a_run_that_is_stopped_and_continued_drains_all_the_same() {
    let mut stage = Stage::new();
    let server = Server::node(&stage, 1);
    let crowd = Crowd::of(16, server.at, 100);
    server.signal("SIGSTOP");
    stage.begin(&server, NEVER);
    while !server.is_traced() {
        std::thread::yield_now();
    }
    server.signal("SIGCONT");
    stage.drained(server.run).await;
    crowd.left();
}

#[tokio::test]
async fn a_parent_sees_the_end_of_its_workers() {
    let mut stage = Stage::new();
    let mut parent = Server::start(
        &stage,
        1,
        Command::new("python3").args([
            "-c",
            "
import os, socket
listener = socket.create_server(('127.0.0.1', 0))
worker = os.fork()
if worker == 0:
    client, _ = listener.accept()
    client.recv(100)
    os._exit(7)
print(listener.getsockname()[1], flush=True)
_, status = os.waitpid(worker, 0)
os._exit(os.waitstatus_to_exitcode(status))
",
        ]),
    );
    stage.begin(&parent, NEVER);
    while !parent.is_traced() {
        std::thread::yield_now();
    }
    let mut client = Client::connect(parent.at);
    client.send("/");
    assert_eq!(parent.ended().code(), Some(7));
}

#[tokio::test]
async fn a_run_that_another_traces_is_only_watched() {
    let mut stage = Stage::new();
    let server = Server::node(&stage, 1);
    let tracer = server.traced_by_another();
    let mut client = Client::connect(server.at);
    assert_eq!(client.ask(10), Then::Keep);
    let answered = crate::clock::boot();
    stage.begin(&server, Span::millis(300));
    stage.hindered(server.run, LackOf::Trace).await;
    // By its times the kernel does not tell a request from the answer in the same tick before it.
    while crate::clock::boot().since(answered) < Span::millis(20) {
        std::thread::yield_now();
    }
    let asked = crate::clock::boot();
    let asking = std::thread::spawn(move || {
        for path in ["/10/1000", "/10/100", "/10/100", "/10/100", "/10/100"] {
            client.send(path);
            assert_eq!(client.receive(10), Then::Keep);
        }
        client
    });
    stage.drained(server.run).await;
    let took = crate::clock::boot().since(asked);
    assert!(took >= Span::millis(1400 + 300), "{took}");
    let client = asking.join().unwrap();
    stage.retire(&server, KeepAlive::Adopt);
    let tally = stage.retired(server.run).await;
    assert_eq!((tally.adopted, tally.cut_unknown), (0, 1));
    drop((tracer, client));
}
