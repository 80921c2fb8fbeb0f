//! One connection of a client: it asks, and takes nothing but the right answer.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::answer::{Framing, Head, Run};
use super::body::Body;
use super::incoming::Incoming;
use super::{How, Place, Request};

/// How much is read at once.
const READ: usize = 64 * 1024;

/// How much of a body is sent at once.
const SENT: usize = 50_000;

/// A connection and what its last request has come to.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// How far the last request has come.
    pub(super) place: Place,
    /// How many answers it has had.
    pub(super) answers: u32,
    /// The earliest release that may answer here.
    pub(super) least: u64,
}

/// A right answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) run: Run,
    pub(super) is_last: bool,
    /// The length of its body.
    pub(super) length: usize,
}

/// What a connection on which nothing was asked is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    Open,
    /// The server has closed it.
    Ended,
    /// The server spoke although nobody asked.
    Unasked,
}

impl Connection {
    pub(super) async fn open(server: SocketAddr, least: u64) -> Result<Self, How> {
        let stream = TcpStream::connect(server).await;
        let stream = stream.map_err(|why| How::from(&why))?;
        stream.set_nodelay(true).map_err(|why| How::from(&why))?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
            place: Place::Between,
            answers: 0,
            least,
        })
    }

    /// What it is, as far as the runtime has heard.
    pub(super) fn look(&self) -> Rest {
        match self.stream.try_read(&mut [0]) {
            Err(why) if why.kind() == io::ErrorKind::WouldBlock => Rest::Open,
            Ok(0) | Err(_) => Rest::Ended,
            Ok(_) => Rest::Unasked,
        }
    }

    /// Ends when it is no longer open.
    pub(super) async fn rest(&self) -> Rest {
        loop {
            let readable = self.stream.readable().await;
            let rest = readable.map_or(Rest::Ended, |()| self.look());
            if rest != Rest::Open {
                return rest;
            }
        }
    }

    /// Asks one thing and takes in the answer.
    pub(super) async fn ask(
        &mut self,
        request: Request,
        tag: u64,
        is_kept: bool,
    ) -> Result<Answer, How> {
        self.send(request.head(tag, is_kept).as_bytes()).await?;
        if let Request::Echo(length) = request {
            self.send_parts(&Body::sent(length, tag)).await?;
        }
        let head = self.head().await?;
        let body = Body::of(request, tag);
        match head.framing {
            _ if head.status != 200 => return Err(How::Status(head.status)),
            Framing::Length(length) if length != body.length() => return Err(How::Length),
            Framing::Length(_) | Framing::Chunked | Framing::ToEnd => {}
        }
        let run = head.run.ok_or(How::Anonymous)?;
        self.take_in(head.framing, &body).await?;
        if !self.buffer.is_empty() {
            return Err(How::Malformed);
        }
        self.answers += 1;
        self.place = Place::Between;
        Ok(Answer {
            run,
            is_last: head.is_last || !is_kept,
            length: body.length(),
        })
    }

    /// Sends all of these bytes.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), How> {
        self.place = Place::Sending;
        let sent = self.stream.write_all(bytes).await;
        sent.map_err(|why| How::from(&why))
    }

    async fn send_parts(&mut self, body: &Body) -> Result<(), How> {
        let mut at = 0;
        while at < body.length() {
            let part = body.part(at, SENT);
            self.send(part).await?;
            at += part.len();
            // The server is to see that a body comes in parts.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Waits for the head of an answer.
    pub(super) async fn head(&mut self) -> Result<Head, How> {
        self.place = Place::Before;
        loop {
            if let Some((head, length)) = Head::read(&self.buffer)? {
                self.buffer.drain(..length);
                return Ok(head);
            }
            if self.read().await? == 0 {
                return Err(How::Ended);
            }
        }
    }

    /// Reads what has come, at least one byte, into the buffer; 0: it has ended.
    pub(super) async fn read(&mut self) -> Result<usize, How> {
        self.buffer.reserve(READ);
        let count = self.stream.read_buf(&mut self.buffer).await;
        let count = count.map_err(|why| How::from(&why))?;
        if count > 0 {
            self.place = Place::Within;
        }
        Ok(count)
    }

    /// What has come and was not taken.
    pub(super) const fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    async fn take_in(&mut self, framing: Framing, body: &Body) -> Result<(), How> {
        let mut incoming = Incoming::of(framing);
        let mut at = 0;
        loop {
            incoming.take(&mut self.buffer, |bytes| {
                let is_right = body.has(at, bytes);
                at += bytes.len();
                is_right.then_some(()).ok_or(How::Bytes)
            })?;
            let is_whole = incoming.is_whole();
            if is_whole || self.read().await? == 0 {
                let is_end = is_whole || framing == Framing::ToEnd;
                return match at == body.length() {
                    _ if !is_end => Err(How::Ended),
                    true => Ok(()),
                    false => Err(How::Length),
                };
            }
        }
    }
}
