//! Streams: opened, read, and opened again when they end. The server counts on each from 0.

use std::time::Duration;

use tokio::time::timeout;

use super::client::{AFTER_FAILURE, Shared, pause};
use super::connection::Connection;
use super::incoming::Incoming;
use super::{How, Place, Streaming};
use crate::deadline::Stopwatch;

/// How long a stream may be silent, or take to open.
const LATE: Duration = Duration::from_secs(10);

/// Keeps one stream open, until the load is to end.
pub(super) async fn keep(shared: Shared, kind: Streaming) {
    while !shared.board.is_stopped() {
        let watch = Stopwatch::start();
        let mut stream = None;
        let fared = tokio::select! {
            () = shared.board.stopped() => return,
            fared = live(&shared, kind, &mut stream) => fared,
        };
        let place = stream.map_or(Place::Connecting, |stream| stream.connection.place);
        if let Err(how) = fared {
            shared.failed(place, how, false, watch.read());
            pause(AFTER_FAILURE).await;
        }
    }
}

/// Opens a stream and reads it to its end.
async fn live(shared: &Shared, kind: Streaming, slot: &mut Option<Stream>) -> Result<(), How> {
    let least = shared.board.least();
    let connection = timeout(LATE, Connection::open(shared.server, least)).await;
    let connection = connection.unwrap_or(Err(How::Late))?;
    let stream = slot.insert(Stream::on(connection, kind));
    let opened = timeout(LATE, stream.open()).await;
    opened.unwrap_or(Err(How::Late))?;
    shared.report.borrow_mut().streams.opened += 1;
    shared.board.answers.add_one();
    let watch = Stopwatch::start();
    loop {
        let came = timeout(LATE, stream.more()).await.unwrap_or(Err(How::Late));
        let mut report = shared.report.borrow_mut();
        report.streams.items += stream.count - stream.told;
        stream.told = stream.count;
        if !came? {
            report.streams.ended(watch.read(), stream.is_within());
            return Ok(());
        }
    }
}

struct Stream {
    connection: Connection,
    kind: Streaming,
    incoming: Incoming,
    /// What was freed of the framing and is not yet an item.
    text: Vec<u8>,
    /// How many items came, which is the number that the next one must have.
    count: u64,
    /// How many of them the report knows.
    told: u64,
    is_closed: bool,
}

impl Stream {
    fn on(connection: Connection, kind: Streaming) -> Self {
        Self {
            connection,
            kind,
            incoming: Incoming::ToEnd,
            text: Vec::new(),
            count: 0,
            told: 0,
            is_closed: false,
        }
    }

    async fn open(&mut self) -> Result<(), How> {
        let (path, more, wanted) = match self.kind {
            Streaming::Events => ("/sse", "Accept: text/event-stream\r\n", 200),
            Streaming::WebSocket => (
                "/ws",
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                101,
            ),
        };
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n");
        self.connection.send(head.as_bytes()).await?;
        let head = self.connection.head().await?;
        if head.status != wanted {
            return Err(How::Status(head.status));
        }
        if self.kind == Streaming::Events {
            self.incoming = Incoming::of(head.framing);
        }
        Ok(())
    }

    /// Takes in what comes next; whether anything may follow.
    async fn more(&mut self) -> Result<bool, How> {
        let text = &mut self.text;
        let buffer = self.connection.buffer();
        self.incoming.take(buffer, |bytes| {
            text.extend_from_slice(bytes);
            Ok(())
        })?;
        while let Some((number, length)) = self.item()? {
            if number.is_some_and(|number| number != self.count) {
                return Err(How::Bytes);
            }
            self.count += u64::from(number.is_some());
            if self.kind == Streaming::WebSocket {
                self.reply().await?;
            }
            self.text.drain(..length);
        }
        if self.incoming.is_whole() || self.is_closed {
            return Ok(false);
        }
        match self.connection.read().await {
            Ok(count) => Ok(count > 0),
            // How a stream is cut is the server's affair.
            Err(How::Reset) => Ok(false),
            Err(how) => Err(how),
        }
    }

    /// Does with a frame that is whole what the server expects: a ping is answered.
    async fn reply(&mut self) -> Result<(), How> {
        match self.text.as_slice() {
            [CLOSE, ..] => self.is_closed = true,
            [PING, length, payload @ ..] => {
                // What a client sends is masked; a mask of zeros changes nothing.
                let mut pong = vec![PONG, MASKED | length, 0, 0, 0, 0];
                pong.extend(&payload[..usize::from(*length)]);
                self.connection.send(&pong).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether a part of an item has come.
    const fn is_within(&self) -> bool {
        !self.text.is_empty()
    }

    /// The next item, if it is whole: its number, if it has one, and its length.
    fn item(&self) -> Result<Option<(Option<u64>, usize)>, How> {
        match self.kind {
            Streaming::Events => event(&self.text),
            Streaming::WebSocket => frame(&self.text),
        }
    }
}

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
const MASKED: u8 = 0x80;

/// An event: `data: 12` and an empty line.
fn event(text: &[u8]) -> Result<Option<(Option<u64>, usize)>, How> {
    let Some(end) = text.windows(2).position(|two| two == b"\n\n") else {
        return Ok(None);
    };
    let data = text[..end].strip_prefix(b"data: ").ok_or(How::Bytes)?;
    Ok(Some((Some(number(data)?), end + 2)))
}

/// A frame of a WebSocket, as servers send it: short, and not masked. Only texts are numbered.
fn frame(text: &[u8]) -> Result<Option<(Option<u64>, usize)>, How> {
    let [kind, length, rest @ ..] = text else {
        return Ok(None);
    };
    let Some(payload) = rest.get(..usize::from(*length)) else {
        return Ok(None);
    };
    let number = (*kind == TEXT).then(|| number(payload)).transpose()?;
    Ok(Some((number, 2 + payload.len())))
}

fn number(digits: &[u8]) -> Result<u64, How> {
    let text = str::from_utf8(digits).or(Err(How::Bytes))?;
    text.parse().or(Err(How::Bytes))
}

/// What became of the streams of a load.
#[derive(Debug, Clone, Copy, Default)]
pub struct StreamTally {
    /// How often one was opened.
    pub opened: u64,
    /// How many ended before the load did.
    pub ended: u64,
    /// How many of these within an item.
    pub cut: u64,
    /// How many items came.
    pub items: u64,
    /// The shortest life of those that ended.
    pub shortest: Option<Duration>,
}

impl StreamTally {
    fn ended(&mut self, lived: Duration, is_within: bool) {
        self.ended += 1;
        self.cut += u64::from(is_within);
        self.shortest = Some(self.shortest.map_or(lived, |shortest| shortest.min(lived)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_one_when_it_is_whole() {
        assert_eq!(event(b"data: 12\n"), Ok(None));
        assert_eq!(event(b"data: 12\n\nda"), Ok(Some((Some(12), 10))));
        assert_eq!(event(b"date: 12\n\n"), Err(How::Bytes));
        assert_eq!(frame(&[TEXT, 2, b'1']), Ok(None));
        assert_eq!(frame(&[TEXT, 2, b'1', b'2']), Ok(Some((Some(12), 4))));
        assert_eq!(frame(&[PING, 0]), Ok(Some((None, 2))));
    }
}
