//! One client: greeting, then requests one after another, or notices until it goes.

use std::io;
use std::time::Duration;

use interprocess::local_socket::tokio::Stream;
use protocol::codec::{self, LINE_MAX};
use protocol::{Answering, Asking, Hello, Refusal, Reply, Request, RequestId, Welcome};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use crate::clients::Reception;

/// How long the first line may take to arrive, and any line from its first byte to its last.
const LINE_LIMIT: Duration = Duration::from_secs(10);

/// How long a client may be silent between two requests.
const IDLE_LIMIT: Duration = Duration::from_secs(600);

/// How long a reply may take to leave.
const REPLY_LIMIT: Duration = Duration::from_secs(10);

/// A connection, with what has been read and not yet understood.
#[derive(Debug)]
pub(crate) struct Conversation {
    stream: BufReader<Stream>,
}

/// What arrived.
enum Heard<T> {
    Said(T),
    Gone,
    Wrong(Refusal),
}

impl Conversation {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream: BufReader::with_capacity(2048, stream),
        }
    }

    /// Waits for the client's first line; none where there is nothing to be said to it any more.
    pub(crate) async fn greeting(&mut self) -> io::Result<Option<Hello>> {
        match within(LINE_LIMIT, self.hear()).await? {
            Heard::Gone => Ok(None),
            Heard::Wrong(why) => self.refuse(None, why).await.map(|()| None),
            Heard::Said(hello) => Ok(Some(hello)),
        }
    }

    /// Says our own first line.
    pub(crate) async fn greet(&mut self, welcome: &Welcome) -> io::Result<()> {
        self.say(welcome).await
    }

    /// Serves requests until the client goes, falls silent, or says something that is none.
    pub(crate) async fn converse(&mut self, reception: &Reception) -> io::Result<()> {
        let mut closing = reception.closing.clone();
        loop {
            let more = tokio::select! {
                bytes = within(IDLE_LIMIT, self.stream.fill_buf()) => !bytes?.is_empty(),
                _ = closing.changed() => false,
            };
            if !more {
                return Ok(());
            }
            match within(LINE_LIMIT, self.hear::<Asking>()).await? {
                Heard::Gone => return Ok(()),
                Heard::Wrong(why) => return self.refuse(None, why).await,
                Heard::Said(asking) if !asking.id.is_valid() => {
                    let detail = "`id` must be 1 to 64 printable ASCII characters".to_owned();
                    return self.refuse(None, Refusal::Malformed { detail }).await;
                }
                Heard::Said(Asking {
                    id,
                    request: Request::Events,
                }) => {
                    return self.follow(id, reception).await;
                }
                Heard::Said(asking) => self.serve(asking, reception).await?,
            }
        }
    }

    /// Says that nothing was done, and why.
    pub(crate) async fn refuse(&mut self, id: Option<RequestId>, why: Refusal) -> io::Result<()> {
        self.say(&Answering {
            id,
            reply: Reply::Refused { why },
        })
        .await
    }

    async fn serve(&mut self, asking: Asking, reception: &Reception) -> io::Result<()> {
        let id = Some(asking.id.clone());
        let (ticket, reply) = reception.ask(asking);
        tokio::select! {
            reply = reply => match reply {
                Ok(reply) => self.say(&Answering { id, reply }).await,
                Err(_ended) => self.refuse(id, Refusal::ShuttingDown).await,
            },
            () = gone(&mut self.stream) => {
                reception.hang_up(ticket);
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        }
    }

    async fn follow(&mut self, id: RequestId, reception: &Reception) -> io::Result<()> {
        let mut closing = reception.closing.clone();
        let mut notices = reception.notices.follow();
        self.say(&Answering {
            id: Some(id),
            reply: Reply::Following,
        })
        .await?;
        loop {
            let notice = tokio::select! {
                biased;
                notice = notices.recv() => notice,
                _ = closing.changed() => return Ok(()),
                () = gone(&mut self.stream) => return Ok(()),
            };
            match notice {
                Ok(notice) => self.say(&*notice).await?,
                Err(RecvError::Closed) => return Ok(()),
                Err(RecvError::Lagged(_)) => return Err(io::Error::other("a follower too slow")),
            }
        }
    }

    async fn say<T: Serialize>(&mut self, value: &T) -> io::Result<()> {
        let line = codec::line(value);
        within(REPLY_LIMIT, self.stream.get_mut().write_all(&line)).await
    }

    /// One line and the value in it.
    async fn hear<T: DeserializeOwned>(&mut self) -> io::Result<Heard<T>> {
        let mut line = Vec::new();
        loop {
            let buffer = self.stream.fill_buf().await?;
            if buffer.is_empty() {
                return Ok(Heard::Gone);
            }
            let newline = memchr::memchr(b'\n', buffer);
            let taken = newline.map_or(buffer.len(), |at| at + 1);
            line.extend_from_slice(&buffer[..taken]);
            self.stream.consume(taken);
            if line.len() as u64 > LINE_MAX {
                return Ok(Heard::Wrong(Refusal::TooLong { max: LINE_MAX }));
            }
            if newline.is_some() {
                break;
            }
        }
        Ok(match codec::parse(&line) {
            Ok(value) => Heard::Said(value),
            Err(error) => Heard::Wrong(Refusal::Malformed {
                detail: error.to_string(),
            }),
        })
    }
}

/// Returns when the client has closed. What it says meanwhile stays in the buffer.
async fn gone(stream: &mut BufReader<Stream>) {
    match stream.fill_buf().await {
        Ok(bytes) if !bytes.is_empty() => std::future::pending().await,
        Ok(_) | Err(_) => {}
    }
}

/// The outcome of `work`, or that it took too long.
async fn within<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(limit, work)
        .await
        .unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()))
}
