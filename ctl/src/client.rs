//! A conversation with the daemon: greet, ask, be answered.
//!
//! A connection may break at any moment, because the daemon may be replaced at any moment. A request
//! carries an id of our own choosing, and asking again by it does nothing twice, so a broken
//! connection is made anew and the same question asked again, a few times. What changes something
//! may take as long as the slowest app does; what only reads has a time limit.

use std::io::{self, BufReader};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::PeerCredentials;
use protocol::codec::{self, LINE_MAX, ReadError};
use protocol::reply::Refusal;
use protocol::version::PROTOCOL;
use protocol::{Answering, Asking, Hello, Noticed, Reply, Request, RequestId, View, Welcome};

use crate::exit::{Exit, Failure};
use crate::known::Known;
use crate::words;

/// How long the daemon may take to greet, and to answer what only reads.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a question is asked again over a new connection.
const RECONNECTS: u32 = 3;

/// A connection on which the greetings have been exchanged.
#[derive(Debug)]
pub(crate) struct Client {
    socket: PathBuf,
    stream: BufReader<UnixStream>,
    welcome: Welcome,
    /// The user as whom the daemon runs.
    uid: u32,
}

/// Why a question has no answer.
enum Unanswered {
    /// The connection broke; the daemon may have heard it or not.
    Broken,
    /// It makes no sense to ask again.
    Failed(Failure),
}

impl Client {
    /// Connects and greets; none where nobody listens.
    ///
    /// Errors: who listens does not greet in time, speaks another version, or is not ours.
    pub(crate) fn connect(socket: &Path) -> anyhow::Result<Option<Self>> {
        Self::connect_saying(&hello(), socket)
    }

    /// The same, where the daemon is to look for what the machine lacks before it greets.
    ///
    /// Errors: as [`Client::connect`].
    pub(crate) fn connect_to_examine(socket: &Path) -> anyhow::Result<Option<Self>> {
        let examine = true;
        Self::connect_saying(&Hello { examine, ..hello() }, socket)
    }

    fn connect_saying(hello: &Hello, socket: &Path) -> anyhow::Result<Option<Self>> {
        for _ in 0..RECONNECTS {
            let stream = match UnixStream::connect(socket) {
                Ok(stream) => stream,
                Err(error) if is_nobody(&error) => return Ok(None),
                Err(error) => return Err(unreachable(socket, &error).into()),
            };
            match Self::greeted(hello, socket, stream) {
                Ok(client) => return Ok(Some(client)),
                Err(Unanswered::Failed(failure)) => return Err(failure.into()),
                // A daemon that ends drops whom it has not greeted, and has stopped to listen.
                Err(Unanswered::Broken) => {}
            }
        }
        let what = format!("the daemon at {} closed the connection", socket.display());
        Err(Failure::new(Exit::NoDaemon, what)
            .hint("it may be ending, or the socket may be another user's; try again")
            .into())
    }

    fn greeted(hello: &Hello, socket: &Path, stream: UnixStream) -> Result<Self, Unanswered> {
        let broken = |error: io::Error| broken(&error);
        stream.set_read_timeout(Some(PATIENCE)).map_err(broken)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(broken)?;
        let peer = getsockopt(&stream, PeerCredentials).map_err(|errno| broken(errno.into()))?;
        let mut stream = BufReader::new(stream);
        let welcome = greet(hello, &mut stream)?;
        Ok(Self {
            socket: socket.to_owned(),
            stream,
            welcome: fitting(welcome).map_err(Unanswered::Failed)?,
            uid: peer.uid(),
        })
    }

    /// What the daemon said of itself.
    pub(crate) const fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// The user as whom the daemon runs.
    pub(crate) const fn uid(&self) -> u32 {
        self.uid
    }

    /// Asks, and waits for the answer. A refusal is an error, with what may have been meant.
    pub(crate) fn ask(&mut self, request: Request) -> anyhow::Result<Reply> {
        let reply = self.try_ask(request)?;
        let Reply::Refused { why } = &reply else {
            return Ok(reply);
        };
        let failure = match why {
            Refusal::NoSuchApp { word } => Known::from_view(&self.view()?).unknown(word),
            Refusal::AlreadyUp { .. }
            | Refusal::TooManyInstances { .. }
            | Refusal::NameTwice { .. }
            | Refusal::NotRoot { .. }
            | Refusal::Empty
            | Refusal::ShuttingDown
            | Refusal::Busy { .. }
            | Refusal::NoDump { .. }
            | Refusal::Malformed { .. }
            | Refusal::TooLong { .. }
            | Refusal::Version { .. } => words::refusal(why),
        };
        Err(failure.into())
    }

    /// Asks, and waits for the answer, which may be a refusal.
    pub(crate) fn try_ask(&mut self, request: Request) -> anyhow::Result<Reply> {
        let limit = reads_only(&request).then_some(PATIENCE);
        let line = codec::line(&Asking {
            id: fresh_id()?,
            request,
        });
        if u64::try_from(line.len()).is_ok_and(|length| length > LINE_MAX) {
            return Err(Failure::new(
                Exit::Usage,
                format!("the request is longer than {}", words::bytes(LINE_MAX)),
            )
            .hint("start fewer apps at once, or with smaller environments (`filter_env`)")
            .into());
        }
        for _ in 0..RECONNECTS {
            match self.exchange(&line, limit) {
                Ok(reply) => return Ok(reply),
                Err(Unanswered::Failed(failure)) => return Err(failure.into()),
                Err(Unanswered::Broken) => self.reconnect()?,
            }
        }
        Err(lost().into())
    }

    /// The fleet as it is. Apps without a user of their own have the daemon's.
    pub(crate) fn view(&mut self) -> anyhow::Result<View> {
        let mut view = match self.try_ask(Request::List)? {
            Reply::View { view } => view,
            Reply::Refused { why } => return Err(words::refusal(&why).into()),
            Reply::Pong
            | Reply::Specs { .. }
            | Reply::Settled { .. }
            | Reply::Signalled { .. }
            | Reply::Flushed { .. }
            | Reply::Dumped { .. }
            | Reply::Following
            | Reply::Ended => return Err(unexpected()),
        };
        for app in &mut view.apps {
            app.uid.get_or_insert(self.uid);
        }
        Ok(view)
    }

    /// The stream itself, after `Request::Events`: it can be waited for.
    pub(crate) fn stream(&self) -> &UnixStream {
        self.stream.get_ref()
    }

    /// Whether a whole line has come in already, so that reading it waits for nothing.
    pub(crate) fn has_line(&self) -> bool {
        self.stream.buffer().contains(&b'\n')
    }

    /// The next notice; none when the daemon has closed.
    pub(crate) fn notice(&mut self) -> anyhow::Result<Option<Noticed>> {
        match codec::read(&mut self.stream) {
            Ok(noticed) => Ok(Some(noticed)),
            Err(ReadError::Closed) => Ok(None),
            Err(error) => Err(error).context("failed to read a notice"),
        }
    }

    /// Waits until the daemon has closed the connection, for a while.
    pub(crate) fn wait_for_end(mut self) {
        let rest = io::copy(&mut self.stream, &mut io::sink());
        // A daemon that lingers has done what was asked nevertheless.
        drop(rest);
    }

    fn reconnect(&mut self) -> anyhow::Result<()> {
        *self = Self::connect(&self.socket)?.ok_or_else(lost)?;
        Ok(())
    }

    fn exchange(&mut self, line: &[u8], limit: Option<Duration>) -> Result<Reply, Unanswered> {
        let stream = self.stream.get_mut();
        stream
            .set_read_timeout(limit)
            .map_err(|error| broken(&error))?;
        // A daemon that refuses a line may close before it has read all of it: its answer is still
        // there to be read.
        let sent = io::Write::write_all(stream, line);
        match codec::read::<Answering>(&mut self.stream) {
            Ok(answering) => Ok(answering.reply),
            Err(ReadError::Io(error)) if is_late(&error) => Err(Unanswered::Failed(late())),
            Err(ReadError::Malformed(error)) => Err(Unanswered::Failed(garbled(&error))),
            Err(ReadError::Io(_) | ReadError::Closed | ReadError::TooLong) => {
                drop(sent);
                Err(Unanswered::Broken)
            }
        }
    }
}

/// The error for an answer of another kind than the question has.
pub(crate) fn unexpected() -> anyhow::Error {
    let what = "the daemon answered something else than was asked";
    Failure::new(Exit::NotReached, what)
        .hint("`wsctl` and the daemon may be of different versions: `wsctl ping` shows both")
        .into()
}

fn hello() -> Hello {
    Hello {
        wsd: PROTOCOL,
        client: env!("CARGO_PKG_VERSION").to_owned(),
        examine: false,
    }
}

fn greet(hello: &Hello, stream: &mut BufReader<UnixStream>) -> Result<Welcome, Unanswered> {
    codec::write(stream.get_mut(), hello).map_err(|error| broken(&error))?;
    codec::read(stream).map_err(|error| match error {
        ReadError::Malformed(error) => Unanswered::Failed(garbled(&error)),
        ReadError::Io(error) => broken(&error),
        ReadError::Closed | ReadError::TooLong => Unanswered::Broken,
    })
}

fn fitting(welcome: Welcome) -> Result<Welcome, Failure> {
    if welcome.wsd == PROTOCOL {
        return Ok(welcome);
    }
    let what = format!(
        "the daemon (wsd {}, pid {}) speaks version {} of the protocol and this wsctl ({}) version {PROTOCOL}",
        welcome.daemon,
        welcome.pid,
        welcome.wsd,
        env!("CARGO_PKG_VERSION"),
    );
    Err(Failure::new(Exit::NoDaemon, what)
        .hint("use the `wsctl` of the same installation, or end the daemon and start the new one"))
}

/// An id that no other request has: 128 random bits as text.
fn fresh_id() -> anyhow::Result<RequestId> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("failed to get random bytes from the kernel")?;
    let text = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(RequestId(text))
}

/// Whether a request changes nothing and needs no app's consent, so that its answer comes at once.
const fn reads_only(request: &Request) -> bool {
    match request {
        Request::Ping | Request::List | Request::Specs { .. } | Request::Events => true,
        Request::Apply { .. }
        | Request::Start { .. }
        | Request::Stop { .. }
        | Request::Restart { .. }
        | Request::Reload { .. }
        | Request::Delete { .. }
        | Request::Reset { .. }
        | Request::Scale { .. }
        | Request::Signal { .. }
        | Request::Flush { .. }
        | Request::Dump
        | Request::Resurrect
        | Request::Kill => false,
    }
}

fn is_nobody(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::NotADirectory
    )
}

fn is_late(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

fn broken(error: &io::Error) -> Unanswered {
    if is_late(error) {
        Unanswered::Failed(late())
    } else {
        Unanswered::Broken
    }
}

fn unreachable(socket: &Path, error: &io::Error) -> Failure {
    let why = words::io_error(error);
    let what = format!("failed to connect to {}: {why}", socket.display());
    Failure::new(Exit::NoDaemon, what)
        .hint("the daemon may be another user's; WSD_HOME says whose is asked")
}

fn late() -> Failure {
    let seconds = PATIENCE.as_secs();
    let what = format!("the daemon did not answer within {seconds} s");
    Failure::new(Exit::NoDaemon, what).hint(
        "its process may be stopped or starved; its number is in the file `wsd.lock` of its folder",
    )
}

fn lost() -> Failure {
    Failure::new(
        Exit::NoDaemon,
        "the connection to the daemon broke before it answered",
    )
    .hint("what it had begun may have been done: `wsctl list` shows")
}

fn garbled(error: &serde_json::Error) -> Failure {
    let what = format!("the daemon's answer makes no sense: {error}");
    Failure::new(Exit::NoDaemon, what).hint("`wsctl` and the daemon may be of different versions")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_valid_and_never_the_same() {
        let (first, second) = (fresh_id().unwrap(), fresh_id().unwrap());
        assert!(first.is_valid());
        assert_ne!(first, second);
    }

    #[test]
    fn a_folder_without_a_socket_has_no_daemon() {
        let home = tempfile::tempdir().unwrap();
        let client = Client::connect(&home.path().join("wsd.sock")).unwrap();
        assert!(client.is_none());
    }
}
