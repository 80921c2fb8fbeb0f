//! A client that speaks the protocol without `wsctl`, for what `wsctl` never says.

use std::io::{BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use protocol::{Answering, Asking, Hello, Reply, Request, RequestId, Welcome, codec, version};

/// A connection on which both sides have said who they are.
#[derive(Debug)]
pub struct Client {
    read: BufReader<UnixStream>,
    write: UnixStream,
    asked: u32,
    /// What the daemon said of itself.
    pub welcome: Welcome,
}

impl Client {
    /// Connects and greets; none where nobody listens.
    ///
    /// # Panics
    /// Where who listens does not answer as a daemon does.
    #[must_use]
    pub fn connect(socket: &Path) -> Option<Self> {
        let mut write = UnixStream::connect(socket).ok()?;
        write
            .set_read_timeout(Some(Duration::from_secs(60)))
            .expect("a socket takes a time limit");
        let mut read = BufReader::new(write.try_clone().expect("a socket can be shared"));
        let hello = Hello {
            wsd: version::PROTOCOL,
            client: "tests".to_owned(),
            examine: false,
        };
        codec::write(&mut write, &hello).ok()?;
        let welcome = codec::read(&mut read).ok()?;
        Some(Self {
            read,
            write,
            asked: 0,
            welcome,
        })
    }

    /// Asks and waits for the answer.
    ///
    /// # Panics
    /// Where the connection breaks or another request is answered.
    pub fn ask(&mut self, request: Request) -> Reply {
        self.asked += 1;
        let id = format!("tests-{}-{}", std::process::id(), self.asked);
        self.ask_as(&id, request)
    }

    /// Asks under an id of its own.
    ///
    /// # Panics
    /// As [`Client::ask`].
    pub fn ask_as(&mut self, id: &str, request: Request) -> Reply {
        let id = RequestId(id.to_owned());
        self.send(&Asking {
            id: id.clone(),
            request,
        });
        let answer = self.answer();
        assert_eq!(answer.id, Some(id), "another request was answered");
        answer.reply
    }

    /// Asks and does not wait.
    ///
    /// # Panics
    /// Where the connection breaks.
    pub fn send(&mut self, asking: &Asking) {
        codec::write(&mut self.write, asking).expect("the daemon takes a request");
    }

    /// Lets each sending and receiving fail that takes longer.
    ///
    /// # Panics
    /// Never: a socket takes any limit but zero.
    pub fn give_up_after(&mut self, limit: Duration) {
        let set = self.write.set_write_timeout(Some(limit));
        set.and_then(|()| self.write.set_read_timeout(Some(limit)))
            .expect("a socket takes a limit");
    }

    /// Sends bytes that need not be a request; whether the daemon took them.
    pub fn send_raw(&mut self, bytes: &[u8]) -> bool {
        self.write.write_all(bytes).is_ok()
    }

    /// The next answer.
    ///
    /// # Panics
    /// Where none comes.
    pub fn answer(&mut self) -> Answering {
        codec::read(&mut self.read).unwrap_or_else(|why| panic!("no answer: {why}"))
    }

    /// The next answer; none where the daemon closed.
    #[must_use]
    pub fn answer_or_close(&mut self) -> Option<Answering> {
        codec::read(&mut self.read).ok()
    }

    /// Both halves, for one who reads something else than answers.
    #[must_use]
    pub fn into_parts(self) -> (BufReader<UnixStream>, UnixStream) {
        (self.read, self.write)
    }
}
