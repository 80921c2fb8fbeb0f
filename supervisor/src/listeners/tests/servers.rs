//! Small servers, and who connects to them.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use config::{Address, AppName, AppSpec};
use fleet::Event;
use nix::libc;
use protocol::RunId;

use crate::children::tests::stage::{Prints, Stage, python};

/// A program that says its name to whoever connects.
///
/// `setup` may set options of the socket `s` before it is bound; it prints `up` when it listens.
pub(super) fn server(at: SocketAddr, name: &str, setup: &str) -> AppSpec {
    let family = if at.is_ipv4() { "AF_INET" } else { "AF_INET6" };
    python(&format!(
        "import fcntl, os, socket, struct, sys\n\
         s = socket.socket(socket.{family})\n\
         s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n\
         {setup}\n\
         s.bind(('{}', {}))\n\
         s.listen(5)\n\
         print('up', flush=True)\n\
         while True:\n    \
             c, _ = s.accept()\n    \
             c.sendall(b'{name}')\n    \
             c.close()\n",
        at.ip(),
        at.port(),
    ))
}

/// A server that is named after its run.
pub(super) fn plain(at: SocketAddr, run: u64) -> AppSpec {
    server(at, &run.to_string(), "")
}

/// An address with a port that is free.
pub(super) fn free(ip: &str) -> SocketAddr {
    let ip = ip.parse().unwrap();
    let held = TcpListener::bind(SocketAddr::new(ip, 0)).unwrap();
    held.local_addr().unwrap()
}

/// Who answers a connection there. Waits for as long as nobody does, but not for ever.
pub(super) fn asked(at: SocketAddr) -> Result<String, std::io::Error> {
    let mut stream = TcpStream::connect(at)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut name = String::new();
    stream.read_to_string(&mut name)?;
    Ok(name)
}

/// Who answers 48 connections there, each once, in order.
pub(super) fn who(at: SocketAddr) -> Vec<String> {
    let mut names: Vec<String> = (0..48).map(|_| asked(at).unwrap()).collect();
    names.sort();
    names.dedup();
    names
}

/// Whether a connection there is refused.
pub(super) fn is_refused(at: SocketAddr) -> bool {
    TcpStream::connect(at).is_err_and(|it| it.raw_os_error() == Some(libc::ECONNREFUSED))
}

impl Stage {
    /// Starts a server and waits until it is known where it listens.
    pub(super) async fn listens(&mut self, run: u64, spec: AppSpec, at: SocketAddr) -> Prints {
        let mut prints = self.up(run, spec, &[Address::Tcp(at)]).await;
        assert_eq!(prints.line(), "up");
        prints
    }

    /// Starts a program and waits until it is known that it listens at all of these, in this order.
    /// It may be known before it is that the program is launched.
    pub(super) async fn up(&mut self, run: u64, spec: AppSpec, at: &[Address]) -> Prints {
        let prints = self.launch(run, spec);
        let mut listens = Vec::new();
        let mut is_launched = false;
        while !is_launched || listens.len() < at.len() {
            let event = self.next().await;
            if let Event::Listening { run: told, at } = event {
                assert_eq!(told, RunId(run));
                listens.push(at);
            } else {
                let is_launch = matches!(event, Event::Launched { run: told, .. } if told.0 == run);
                assert!(is_launch, "run {run} does not listen but {event:?}");
                is_launched = true;
            }
        }
        assert_eq!(listens, at);
        prints
    }

    /// Lets connections go to these runs, from here on.
    pub(super) fn steer(&self, to: &[u64], held: bool) {
        let app = AppName::new("app").unwrap();
        let to = to.iter().copied().map(RunId).collect();
        self.listeners.steer(app, to, held);
        self.listeners.wait();
    }

    /// Kills a run, and waits until the listeners know.
    pub(super) async fn kill(&mut self, run: u64) {
        let killed = config::Signal::KILL;
        self.children
            .signal(RunId(run), killed, config::spec::Scope::Tree);
        while !matches!(self.next().await, Event::Exited { run: gone, .. } if gone.0 == run) {}
        self.listeners.ended(RunId(run));
        self.listeners.wait();
    }
}
