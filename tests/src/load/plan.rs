//! What is asked, how often, and on how many connections.

use std::time::Duration;

/// One request and its one right answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// A line that repeats what was asked.
    Line,
    /// The same, after so long.
    Slow(Duration),
    /// So many bytes of a known row.
    Bytes(usize),
    /// So many bytes are sent, in parts, and come back.
    Echo(usize),
    /// So many lines, one after each pause, of which the server does not say how many they will be.
    Drip(u32, Duration),
}

/// A connection on which the server speaks until somebody closes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streaming {
    /// Server-sent events.
    Events,
    /// A WebSocket.
    WebSocket,
}

/// A whole load.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How it is called in reports.
    pub name: &'static str,
    /// How many connections, at least 1.
    pub connections: u32,
    /// What is asked on each.
    pub request: Request,
    /// Whether a connection is used again.
    pub is_kept: bool,
    /// The longest pause between an answer and the next request; each pause is a random part of it.
    pub pause: Duration,
    /// How long an answer may take beyond the time that it takes by itself; later is a failure.
    pub patience: Duration,
    /// Nothing is asked: streams are opened instead.
    pub streaming: Option<Streaming>,
}

impl Plan {
    const fn new(name: &'static str, request: Request) -> Self {
        Self {
            name,
            connections: 64,
            request,
            is_kept: true,
            pause: Duration::ZERO,
            patience: Duration::from_secs(10),
            streaming: None,
        }
    }

    /// Each connection asks again as soon as it is answered.
    #[must_use]
    pub const fn keep_alive() -> Self {
        Self::new("keep-alive", Request::Line)
    }

    /// Each request makes a connection.
    #[must_use]
    pub const fn close() -> Self {
        let mut plan = Self::new("close", Request::Line);
        plan.is_kept = false;
        plan
    }

    /// As people behave: pauses up to a tenth of a second.
    #[must_use]
    pub const fn think() -> Self {
        let mut plan = Self::new("think", Request::Line);
        plan.pause = Duration::from_millis(100);
        plan
    }

    /// Requests that take two seconds, always under way.
    #[must_use]
    pub const fn slow() -> Self {
        Self::new("slow", Request::Slow(Duration::from_secs(2)))
    }

    /// Connections that rest most of the time: pauses up to six seconds.
    #[must_use]
    pub const fn idle() -> Self {
        let mut plan = Self::new("idle", Request::Line).with_connections(400);
        plan.pause = Duration::from_secs(6);
        plan
    }

    /// Bodies of 300 KB that are sent and come back.
    #[must_use]
    pub const fn echo() -> Self {
        Self::new("POST 300 KB", Request::Echo(300_000)).with_connections(16)
    }

    /// Answers of 1 MB.
    #[must_use]
    pub const fn megabyte() -> Self {
        Self::new("1 MB", Request::Bytes(1_000_000)).with_connections(16)
    }

    /// Answers of 10 MB.
    #[must_use]
    pub const fn ten_megabytes() -> Self {
        Self::new("10 MB", Request::Bytes(10_000_000)).with_connections(8)
    }

    /// Chunked answers that take a second to be whole.
    #[must_use]
    pub const fn drip() -> Self {
        Self::new("chunked", Request::Drip(20, Duration::from_millis(50)))
    }

    /// Streams that never end by themselves.
    #[must_use]
    pub const fn streams(kind: Streaming) -> Self {
        let name = match kind {
            Streaming::Events => "SSE",
            Streaming::WebSocket => "WebSocket",
        };
        let mut plan = Self::new(name, Request::Line);
        plan.streaming = Some(kind);
        plan
    }

    /// The same on so many connections.
    #[must_use]
    pub const fn with_connections(mut self, connections: u32) -> Self {
        self.connections = connections;
        self
    }
}

impl Request {
    /// The head, with its empty line. `tag` is what the answer must repeat.
    #[must_use]
    pub(super) fn head(self, tag: u64, is_kept: bool) -> String {
        let line = match self {
            Self::Line => format!("GET /?q={tag}"),
            Self::Slow(time) => format!("GET /slow?ms={}&q={tag}", time.as_millis()),
            Self::Bytes(count) => format!("GET /bytes?n={count}&q={tag}"),
            Self::Echo(_) => "POST /echo".to_owned(),
            Self::Drip(count, pause) => format!("GET /drip?n={count}&ms={}", pause.as_millis()),
        };
        let length = match self {
            Self::Echo(count) => format!("Content-Length: {count}\r\n"),
            Self::Line | Self::Slow(_) | Self::Bytes(_) | Self::Drip(..) => String::new(),
        };
        let close = if is_kept { "" } else { "Connection: close\r\n" };
        format!("{line} HTTP/1.1\r\nHost: localhost\r\n{length}{close}\r\n")
    }

    /// How long the right answer takes by itself.
    #[must_use]
    pub(super) fn time(self) -> Duration {
        match self {
            Self::Slow(time) => time,
            Self::Drip(count, pause) => pause * count,
            Self::Line | Self::Bytes(_) | Self::Echo(_) => Duration::ZERO,
        }
    }
}
