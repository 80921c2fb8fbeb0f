//! A fake app that answers every HTTP request with its process and its instance number.
//!
//! It listens at `PORT` of 127.0.0.1.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use tests::fixture;

fn main() -> io::Result<()> {
    let port = fixture::variable("PORT").and_then(|port| port.parse().ok());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0)))?;
    fixture::say(&format!("listening on {}", listener.local_addr()?));
    let instance = fixture::variable("NODE_APP_INSTANCE").unwrap_or_default();
    let pid = std::process::id();
    let body = format!("{{\"pid\":{pid},\"instance\":\"{instance}\"}}");
    for stream in listener.incoming() {
        drop(stream.and_then(|stream| answer(&stream, &body)));
    }
    Ok(())
}

fn answer(mut stream: &TcpStream, body: &str) -> io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
}
