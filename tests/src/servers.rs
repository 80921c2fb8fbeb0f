//! The real servers that are reloaded: every runtime, as it is run by people who know nothing of reloads.
//!
//! Each has one small file in `tests/servers`, which listens on `PORT` and names in every answer its
//! release, read from `RELEASE_FILE` when it starts, and its process.

mod commands;

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::load::Request;
use crate::processes::{self, Process, Signal};
use crate::{Deadline, binaries, fixture, ports, runtimes};

/// How a server is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// Node's `http`.
    Node,
    /// The same, with the handler for signals that the guides show.
    NodeGraceful,
    /// The same in two workers of Node's `cluster`.
    NodeCluster,
    /// `Bun.serve`.
    Bun,
    /// Node's `http` in Bun.
    BunNode,
    /// `Deno.serve`.
    Deno,
    /// uvicorn on asyncio and h11.
    Uvicorn,
    /// uvicorn on uvloop and httptools.
    UvicornLoop,
    /// uvicorn with `--workers 2`.
    UvicornWorkers,
    /// gunicorn's own workers, which keep no connection.
    Gunicorn,
    /// gunicorn with uvicorn's workers.
    GunicornUvicorn,
    /// Go, without a C library.
    Go,
    /// nginx as an app.
    Nginx,
}

impl Runtime {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Node,
        Self::NodeGraceful,
        Self::NodeCluster,
        Self::Bun,
        Self::BunNode,
        Self::Deno,
        Self::Uvicorn,
        Self::UvicornLoop,
        Self::UvicornWorkers,
        Self::Gunicorn,
        Self::GunicornUvicorn,
        Self::Go,
        Self::Nginx,
    ];

    /// Its name, as a table shows it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Node => "Node",
            Self::NodeGraceful => "Node, graceful",
            Self::NodeCluster => "Node cluster",
            Self::Bun => "Bun.serve",
            Self::BunNode => "Bun node:http",
            Self::Deno => "Deno",
            Self::Uvicorn => "uvicorn",
            Self::UvicornLoop => "uvicorn uvloop",
            Self::UvicornWorkers => "uvicorn 2 workers",
            Self::Gunicorn => "gunicorn",
            Self::GunicornUvicorn => "gunicorn uvicorn",
            Self::Go => "Go static",
            Self::Nginx => "nginx",
        }
    }

    /// Whether its server in `tests/servers` has an answer to such a request.
    #[must_use]
    pub const fn answers(self, request: Request) -> bool {
        match self {
            Self::Nginx => matches!(request, Request::Line | Request::Bytes(1_000_000)),
            Self::Gunicorn => !matches!(request, Request::Drip(..)),
            Self::Node
            | Self::NodeGraceful
            | Self::NodeCluster
            | Self::Bun
            | Self::BunNode
            | Self::Deno
            | Self::Uvicorn
            | Self::UvicornLoop
            | Self::UvicornWorkers
            | Self::GunicornUvicorn
            | Self::Go => true,
        }
    }

    /// The server, in a folder of its own and on a free port; none, said out loud, where something is
    /// not installed.
    ///
    /// # Panics
    /// Where the folder cannot be made.
    #[must_use]
    pub fn server(self, folder: &Path) -> Option<Server> {
        let line = commands::line(self)?;
        Some(Server::new(line, folder))
    }
}

/// A program with its arguments, in which `@PORT@` stands for the port.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    program: PathBuf,
    /// The file that an interpreter runs; none where the program is no interpreter.
    script: Option<PathBuf>,
    arguments: Vec<String>,
}

/// A server that can be started, by itself or as an app.
#[derive(Debug, Clone)]
pub struct Server {
    line: Line,
    folder: PathBuf,
    port: u16,
    /// Further variables.
    variables: Map<String, Value>,
}

impl Server {
    fn new(mut line: Line, folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("room for a folder");
        let port = ports::free();
        for argument in &mut line.arguments {
            *argument = argument.replace("@PORT@", &port.to_string());
        }
        let server = Self {
            line,
            folder: folder.to_owned(),
            port,
            variables: Map::new(),
        };
        server.release(1);
        // What nginx serves as a long answer.
        let row: String = ('a'..='w').collect();
        let mut bytes = row.repeat(1_000_000 / row.len() + 1);
        bytes.truncate(1_000_000);
        fs::write(folder.join("bytes"), bytes).expect("room for a file");
        server
    }

    /// A server of `tests/servers` that Node runs, by its file.
    ///
    /// # Panics
    /// As [`Runtime::server`].
    #[must_use]
    pub fn of_node(file: &str, folder: &Path) -> Option<Self> {
        Some(Self::new(commands::node(file)?, folder))
    }

    /// What the next run is to call itself.
    ///
    /// # Panics
    /// Where the file cannot be written.
    pub fn release(&self, number: u64) {
        fs::write(self.release_file(), format!("{number}\n")).expect("room for a file");
    }

    fn release_file(&self) -> PathBuf {
        self.folder.join("release")
    }

    /// The same with one more variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// The same at a socket file in its folder; only the servers on Node know how.
    ///
    /// # Panics
    /// Never: a path of a test is text.
    #[must_use]
    pub fn at_file(self) -> Self {
        let file = self.folder.join("socket");
        let text = file.to_str().expect("a path of a test is text").to_owned();
        self.with("SOCKET", text)
    }

    fn file(&self) -> Option<&str> {
        self.variables.get("SOCKET").and_then(Value::as_str)
    }

    /// Where it listens, as nginx writes it.
    #[must_use]
    pub fn upstream(&self) -> String {
        self.file()
            .map_or_else(|| self.address().to_string(), |file| format!("unix:{file}"))
    }

    /// Where it listens, if that is a port.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), self.port)
    }

    /// The port on which it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn environment(&self) -> Map<String, Value> {
        let path = format!("{}:/usr/bin:/bin", runtimes::tools().join("bin").display());
        let mut all = Map::new();
        all.insert("PATH".to_owned(), json!(path));
        all.insert("PORT".to_owned(), json!(self.port.to_string()));
        all.insert("RELEASE_FILE".to_owned(), json!(self.release_file()));
        all.insert("PYTHONDONTWRITEBYTECODE".to_owned(), json!("1"));
        all.extend(self.variables.clone());
        all
    }

    /// It as an app of a configuration.
    #[must_use]
    pub fn app(&self, name: &str) -> Value {
        let (script, interpreter) = match &self.line.script {
            Some(script) => (script.clone(), self.line.program.clone()),
            None => (self.line.program.clone(), PathBuf::from("none")),
        };
        json!({
            "name": name,
            "script": script,
            "interpreter": interpreter,
            "args": self.line.arguments,
            "cwd": self.folder,
            "env": self.environment(),
        })
    }

    /// It by itself, without a supervisor; it is killed when what is given goes; it speaks into the file `log`.
    ///
    /// # Panics
    /// Where it cannot be started.
    #[must_use]
    pub fn spawn(&self) -> Bare {
        let mut command = Command::new(&self.line.program);
        command.args(&self.line.script).args(&self.line.arguments);
        command.current_dir(&self.folder).env_clear();
        for (name, value) in self.environment() {
            command.env(name, value.as_str().unwrap_or_default());
        }
        let log = File::create(self.folder.join("log")).expect("room for a file");
        let more = log.try_clone().expect("a file can be shared");
        command.stdin(Stdio::null()).stdout(log).stderr(more);
        // By this mark its workers are found, wherever they went.
        command.env("WSD_HOME", &self.folder);
        let child = command.spawn().expect("the server can be started");
        Bare {
            child,
            mark: self.folder.clone(),
        }
    }

    fn is_listening(&self) -> bool {
        self.file().map_or_else(
            || TcpStream::connect(self.address()).is_ok(),
            |file| UnixStream::connect(file).is_ok(),
        )
    }

    /// Waits until somebody listens where it should.
    ///
    /// # Panics
    /// Where nobody does in time.
    #[track_caller]
    pub fn await_listening(&self, deadline: Deadline) {
        // There is no event for it that a stranger to the process could wait for.
        while !self.is_listening() {
            assert!(!deadline.is_over(), "nobody listens: {}", self.upstream());
            fixture::linger(Duration::from_millis(5));
        }
    }
}

/// A server without a supervisor.
#[derive(Debug)]
pub struct Bare {
    child: Child,
    mark: PathBuf,
}

impl Bare {
    /// Its process.
    ///
    /// # Panics
    /// Where it has ended.
    #[must_use]
    pub fn process(&self) -> Process {
        Process::open(self.child.id()).expect("a child is there until it is reaped")
    }

    /// Asks it to end as a supervisor does, and kills it and its workers when it has not within `limit`.
    ///
    /// # Panics
    /// Where it has ended before.
    pub fn stop(self, limit: Duration) {
        let process = self.process();
        process.signal(Signal::INT);
        if !process.ends_within(limit) {
            process.signal(Signal::KILL);
        }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        for left in processes::of_home(&self.mark) {
            left.signal(Signal::KILL);
            if !left.ends_within(Duration::from_secs(10)) {
                fixture::complain(&format!("{} lives on", processes::shown(left.pid)));
            }
        }
    }
}

/// The folder with the servers' files.
fn files() -> PathBuf {
    binaries::workspace().join("tests/servers")
}
