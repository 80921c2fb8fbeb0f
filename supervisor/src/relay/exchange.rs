//! One connection, from its silence to its end.

mod pump;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

use super::Limits;
use super::client::Client;
use crate::http_head::{Asked, Rest};
use pump::Request;

/// How much is held for each direction, in bytes; no head may be longer.
const HELD_MAX: usize = 64 * 1024;

/// The time between two tries to connect.
const PACE: Duration = Duration::from_millis(50);

/// How a connection has ended. See [`super::Ends`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Answered,
    Left,
    Silent,
    Foreign,
    Unreached,
    Broken,
}

/// Serves a client to the end.
pub(super) async fn serve(client: Client, local: SocketAddr, limits: Limits) -> End {
    let heard = timeout(limits.silence, client.speaks()).await;
    let end = match heard {
        Err(_elapsed) => End::Silent,
        Ok(Ok(true)) => {
            // On the heap, because most connections never come here.
            let exchange = Box::pin(exchange(&client, local, limits));
            timeout(limits.exchange, exchange)
                .await
                .unwrap_or(End::Broken)
        }
        Ok(Ok(false) | Err(_)) => End::Left,
    };
    match end {
        End::Answered | End::Silent | End::Foreign | End::Unreached => client.finish().await,
        End::Broken => client.abort(),
        End::Left => drop(client),
    }
    end
}

/// From the first byte of the request to the last of the answer.
async fn exchange(client: &Client, local: SocketAddr, limits: Limits) -> End {
    let mut room = vec![0; HELD_MAX];
    let request = match request(client, &mut room, limits.silence).await {
        Ok(request) => request,
        Err(end) => return end,
    };
    let Ok(address) = client.server_at(local) else {
        return End::Broken;
    };
    let Some(mut server) = connect(address, limits.refusal).await else {
        return End::Unreached;
    };
    client.hurry();
    pump::run(client, &mut server, request, &mut room).await
}

/// Reads until the head of a request is there.
async fn request(client: &Client, room: &mut [u8], silence: Duration) -> Result<Request, End> {
    let mut here = 0;
    loop {
        let free = &mut room[here..];
        if free.is_empty() {
            return Err(End::Foreign);
        }
        here += match timeout(silence, client.read(free)).await {
            Ok(Ok(more @ 1..)) => more,
            Ok(Ok(_) | Err(_)) => return Err(End::Left),
            Err(_elapsed) => return Err(End::Silent),
        };
        let as_it_is = |gets_word| Request {
            first: room[..here].to_vec(),
            rest: None,
            gets_word,
        };
        return Ok(match Asked::of(&room[..here]) {
            Asked::Unfinished => continue,
            Asked::Foreign => return Err(End::Foreign),
            Asked::Several => as_it_is(false),
            Asked::Upgrade => as_it_is(true),
            Asked::One { bytes, rest } => Request {
                first: bytes,
                rest: match rest {
                    Rest::Bytes(count) => Some(count),
                    Rest::Chunks => None,
                },
                gets_word: true,
            },
        });
    }
}

/// Connects to the server. Refusals are waited out for a while: it may be about to come.
async fn connect(address: SocketAddr, refusal: Duration) -> Option<TcpStream> {
    let tries = refusal.as_millis() / PACE.as_millis();
    let mut pace = interval(PACE);
    for _ in 0..=tries {
        if let Some(server) = try_to_connect(address).await {
            return Some(server);
        }
        pace.tick().await;
    }
    None
}

async fn try_to_connect(address: SocketAddr) -> Option<TcpStream> {
    let server = TcpStream::connect(address).await.ok()?;
    // Where nobody listens, a connection may come from the very port that it goes to, and meets
    // itself.
    if server.local_addr().ok() == Some(address) {
        return None;
    }
    // Where that is refused, small parts are only later.
    drop(server.set_nodelay(true));
    Some(server)
}
