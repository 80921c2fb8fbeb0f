//! Servers that know nothing of a drain.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Sender, channel};

use config::Signal;
use nix::unistd::Pid;
use protocol::RunId;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::sockopt::socket_acceptconn;
use rustix::process::{PidfdFlags, pidfd_open};
use tempfile::TempDir;

use super::stage::Stage;
use crate::seats;

/// Answers `GET /LENGTH` with so many bytes, by Node, which knows no more than that.
const NODE: &str = "
const http = require('http');
http.createServer((request, response) => {
  const [, length, delay] = request.url.split('/');
  const answer = () => response.end('x'.repeat(Number(length)));
  request.resume();
  if (delay) setTimeout(answer, Number(delay)); else answer();
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
";

/// The same by Python, a thread for each connection, whose sockets wait.
const PYTHON: &str = "
import http.server, time
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True
    def do_GET(self):
        _, length, *delay = self.path.split('/')
        if delay: time.sleep(int(delay[0]) / 1000)
        body = b'x' * int(length)
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1000
server = Server(('127.0.0.1', 0), Answer)
print(server.server_address[1], flush=True)
";

/// A server that is killed with the test.
pub(super) struct Server {
    pub(super) run: RunId,
    pub(super) at: SocketAddr,
    child: Child,
    handle: OwnedFd,
    _prints: BufReader<ChildStdout>,
    /// Where the file is that it is started from.
    _home: Option<TempDir>,
}

impl Server {
    pub(super) fn node(stage: &Stage, run: u64) -> Self {
        Self::start(stage, run, Command::new("node").args(["-e", NODE]))
    }

    /// Node with more to it, before its server is made.
    pub(super) fn node_with(stage: &Stage, run: u64, more: &str) -> Self {
        let script = format!("{more}\n{NODE}");
        Self::start(stage, run, Command::new("node").args(["-e", &script]))
    }

    /// Node whose workers are handed each connection by their parent, which alone listens.
    pub(super) fn node_cluster(stage: &Stage, run: u64) -> Self {
        let script = format!(
            "const cluster = require('cluster');
             if (cluster.isPrimary) {{
               cluster.fork(); cluster.fork();
               cluster.once('message', (_, port) => console.log(port));
             }} else {{ console.log = (port) => process.send(port); {NODE} }}"
        );
        let home = TempDir::new().unwrap();
        let file = home.path().join("cluster.js");
        std::fs::write(&file, script).unwrap();
        let mut server = Self::start(stage, run, Command::new("node").arg(file));
        server._home = Some(home);
        server
    }

    pub(super) fn python(stage: &Stage, run: u64) -> Self {
        let script = format!("{PYTHON}\nserver.serve_forever()");
        Self::start(stage, run, Command::new("python3").args(["-c", &script]))
    }

    /// Python with three processes that accept from one socket.
    pub(super) fn python_with_workers(stage: &Stage, run: u64) -> Self {
        let script = format!("{PYTHON}\nimport os\nos.fork(); os.fork()\nserver.serve_forever()");
        Self::start(stage, run, Command::new("python3").args(["-c", &script]))
    }

    /// The same with little room for what is sent.
    pub(super) fn python_with_little_room(stage: &Stage, run: u64) -> Self {
        let script = format!(
            "{PYTHON}
import socket
server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
server.serve_forever()"
        );
        Self::start(stage, run, Command::new("python3").args(["-c", &script]))
    }

    /// Python's asyncio, whose sockets do not wait, with little room for what is sent.
    pub(super) fn asyncio_with_little_room(stage: &Stage, run: u64) -> Self {
        let script = "
import asyncio, socket
async def answer(reader, writer):
    while line := await reader.readline():
        length = int(line.split(b' ')[1][1:])
        while await reader.readline() != b'\\r\\n': pass
        writer.write(b'HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n' % length)
        writer.write(b'x' * length)
        await writer.drain()
    writer.close()
async def main():
    listener = socket.create_server(('127.0.0.1', 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    server = await asyncio.start_server(answer, sock=listener)
    print(listener.getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
";
        Self::start(stage, run, Command::new("python3").args(["-c", script]))
    }

    /// Python that listens on both families, of which one is told.
    pub(super) fn python_for_both_families(stage: &Stage, run: u64) -> Self {
        let script = PYTHON.replace(
            "server = Server(('127.0.0.1', 0), Answer)",
            "import socket
Server.address_family = socket.AF_INET6
server = Server(('::', 0), Answer)",
        );
        let script = format!("{script}\nserver.serve_forever()");
        Self::start(stage, run, Command::new("python3").args(["-c", &script]))
    }

    /// Starts a program that prints its port, in a session of its own, as the launcher does.
    pub(super) fn start(stage: &Stage, run: u64, program: &Command) -> Self {
        let run = RunId(run);
        let mut own = Command::new("setsid");
        own.arg(program.get_program()).args(program.get_args());
        own.env("WSD_RUN", stage.mark(run)).stdout(Stdio::piped());
        let mut child = own.spawn().unwrap();
        let mut prints = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        prints.read_line(&mut port).unwrap();
        let port = port.trim().parse().unwrap();
        let number = rustix::process::Pid::from_child(&child);
        Self {
            run,
            at: SocketAddr::from(([127, 0, 0, 1], port)),
            child,
            handle: pidfd_open(number, PidfdFlags::empty()).unwrap(),
            _prints: prints,
            _home: None,
        }
    }

    pub(super) fn leader(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    pub(super) fn is_traced(&self) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.leader())).unwrap();
        !status.contains("TracerPid:\t0\n")
    }

    /// Whether its first thread stands still for whoever traces it.
    pub(super) fn is_standing(&self) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.leader())).unwrap();
        status.contains("State:\tt")
    }

    /// How many of its threads are traced.
    pub(super) fn traced(&self) -> usize {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.leader())).unwrap();
        let status = threads
            .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("status")).ok());
        status.filter(|it| !it.contains("TracerPid:\t0\n")).count()
    }

    /// Has another thread trace it, for as long as what is returned is kept.
    pub(super) fn traced_by_another(&self) -> Sender<()> {
        let (tracing, is_tracing) = channel();
        let (done, is_done) = channel();
        let leader = self.leader();
        std::thread::spawn(move || {
            tracing.send(crate::sys::trace::seize(leader)).unwrap();
            is_done.recv().ok();
        });
        is_tracing.recv().unwrap().unwrap();
        done
    }

    /// Sends it a signal.
    pub(super) fn signal(&self, signal: &str) {
        let signal = signal.parse().unwrap();
        crate::sys::signal_process(self.handle.as_fd(), signal).unwrap();
    }

    /// A handle on it.
    pub(super) fn handle(&self) -> OwnedFd {
        self.handle.try_clone().unwrap()
    }

    /// Duplicates of its listeners.
    pub(super) fn listeners(&self) -> Vec<OwnedFd> {
        let sockets = seats::sockets(self.leader()).unwrap();
        let duplicates = sockets
            .into_iter()
            .filter_map(|(number, _)| seats::duplicate(&self.handle, number).ok());
        duplicates
            .filter(|it| socket_acceptconn(it.as_fd()).unwrap_or(false))
            .collect()
    }

    /// Waits for its end.
    pub(super) fn ended(&mut self) -> std::process::ExitStatus {
        // Not by `wait`, which would be told the stops of one that is traced.
        let mut awaited = [PollFd::new(&self.handle, PollFlags::IN)];
        poll(&mut awaited, None).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let group = Signal::KILL;
        // Its workers, too, and all are ours.
        crate::sys::signal_group(self.leader(), group).ok();
        self.ended();
    }
}
