//! Both directions of one exchange, side by side, each with its one buffer: what was read is
//! written before more is read, so a slow reader slows its writer.

use std::future::pending;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::{Client, End, HELD_MAX};
use crate::http_head::{Word, is_unfinished, with_close};

/// What goes to the server.
#[derive(Debug)]
pub(super) struct Request {
    /// These bytes.
    pub(super) first: Vec<u8>,
    /// Then so many of the client's; all where none is given.
    pub(super) rest: Option<u64>,
    /// Whether the head of the answer gets the word that ends the connection.
    pub(super) gets_word: bool,
}

/// Who can no longer be read from or written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    Client,
    Server,
}

/// Passes the request on and the answer back, to the end of the answer.
pub(super) async fn run(
    client: &Client,
    server: &mut TcpStream,
    request: Request,
    room: &mut [u8],
) -> End {
    let (from_server, to_server) = server.split();
    tokio::select! {
        // The answer first: where both are over at the same time, it was whole.
        biased;
        answer = down(client, from_server, request.gets_word) => {
            answer.map_or(End::Broken, |()| End::Answered)
        }
        () = up(client, to_server, &request, room) => End::Broken,
    }
}

/// From the client to the server, until the client is lost. A server that takes no more may still
/// have an answer, so its loss ends nothing here.
async fn up(client: &Client, server: WriteHalf<'_>, request: &Request, room: &mut [u8]) {
    match pass_up(client, server, request, room).await {
        Err(Lost::Client) => {}
        Ok(()) | Err(Lost::Server) => pending().await,
    }
}

/// The request, then the client's end.
async fn pass_up(
    client: &Client,
    mut server: WriteHalf<'_>,
    request: &Request,
    room: &mut [u8],
) -> Result<(), Lost> {
    send(&mut server, &request.first).await?;
    let rest = request.rest.unwrap_or(u64::MAX);
    if pass_rest(client, &mut server, rest, room).await? || outlast(client, room).await? {
        server.shutdown().await.map_err(|_gone| Lost::Server)?;
    }
    Ok(())
}

/// So many bytes of the client's, or all up to its end; whether that has come.
async fn pass_rest(
    client: &Client,
    server: &mut WriteHalf<'_>,
    length: u64,
    room: &mut [u8],
) -> Result<bool, Lost> {
    let mut rest = length;
    while rest > 0 {
        let most = usize::try_from(rest).unwrap_or(usize::MAX).min(room.len());
        let part = hear(client, &mut room[..most]).await?;
        if part.is_empty() {
            return Ok(true);
        }
        send(server, part).await?;
        rest = rest.saturating_sub(part.len() as u64);
    }
    Ok(false)
}

/// Reads what comes beyond the request, which is for nobody, because the client's end is behind
/// it; whether that has come. Whoever goes on sending does not get to it.
async fn outlast(client: &Client, room: &mut [u8]) -> Result<bool, Lost> {
    let mut ignored = 0;
    while ignored <= HELD_MAX {
        let part = hear(client, room).await?;
        if part.is_empty() {
            return Ok(true);
        }
        ignored += part.len();
    }
    Ok(false)
}

/// From the server to the client, until the server ends it.
async fn down(client: &Client, mut server: ReadHalf<'_>, gets_word: bool) -> Result<(), Lost> {
    let mut room = vec![0; HELD_MAX];
    if gets_word {
        pass_head(client, &mut server, &mut room).await?;
    }
    loop {
        let part = receive(&mut server, &mut room).await?;
        if part.is_empty() {
            return Ok(());
        }
        tell(client, part).await?;
    }
}

/// The head of the answer, with the word in it, and what came with it. Interim heads go before it.
async fn pass_head(
    client: &Client,
    server: &mut ReadHalf<'_>,
    room: &mut [u8],
) -> Result<(), Lost> {
    let mut here = 0;
    loop {
        let part = receive(server, &mut room[here..]).await?;
        if part.is_empty() {
            return Err(Lost::Server);
        }
        here += part.len();
        let bytes = &room[..here];
        if is_unfinished(bytes) && here < room.len() {
            continue;
        }
        match with_close(bytes) {
            Word::Interim => {
                tell(client, bytes).await?;
                here = 0;
            }
            Word::Rewritten(rewritten) => return tell(client, rewritten.bytes()).await,
            Word::NotAHead | Word::SaysClose | Word::Upgrade => return tell(client, bytes).await,
        }
    }
}

async fn hear<'a>(client: &Client, room: &'a mut [u8]) -> Result<&'a [u8], Lost> {
    let length = client.read(room).await.map_err(|_error| Lost::Client)?;
    Ok(&room[..length])
}

async fn tell(client: &Client, bytes: &[u8]) -> Result<(), Lost> {
    client.write(bytes).await.map_err(|_error| Lost::Client)
}

async fn receive<'a>(server: &mut ReadHalf<'_>, room: &'a mut [u8]) -> Result<&'a [u8], Lost> {
    let length = server.read(room).await.map_err(|_error| Lost::Server)?;
    Ok(&room[..length])
}

async fn send(server: &mut WriteHalf<'_>, bytes: &[u8]) -> Result<(), Lost> {
    server.write_all(bytes).await.map_err(|_error| Lost::Server)
}
