//! An app that needs no runtime: it answers every HTTP request with its process number.
//!
//! It listens at `PORT` of this machine, 3000 where nothing is said; at 0 the kernel picks a free port.
//! Which one it is, is the first line that it prints. It has no signal handler: SIGINT ends it.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

/// How many lines of a request are read before it is refused.
const LINES_MAX: usize = 100;

#[expect(
    clippy::disallowed_methods,
    reason = "main is where the environment is read"
)]
fn main() -> io::Result<()> {
    let port = match std::env::var("PORT") {
        Ok(text) => text.parse().map_err(io::Error::other)?,
        Err(_not_set) => 3000,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let port = listener.local_addr()?.port();
    writeln!(io::stdout(), "✓ Server running at http://localhost:{port}")?;
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || {
            if let Err(why) = answer(&stream) {
                // Nobody is left to tell where standard error is gone too.
                writeln!(io::stderr(), "a request was not answered: {why}").ok();
            }
        });
    }
    Ok(())
}

/// Reads the head of a request and answers it, whatever it asks for.
fn answer(mut stream: &TcpStream) -> io::Result<()> {
    for line in BufReader::new(stream).lines().take(LINES_MAX) {
        if line?.is_empty() {
            let body = format!("{{\"status\":\"ok\",\"pid\":{}}}\n", std::process::id());
            let length = body.len();
            return write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                 Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        }
    }
    Err(io::Error::other("its head has no end"))
}
