//! The app that is measured: it says on the socket named by its argument that it executes, and does
//! nothing more.

use std::io;
use std::os::unix::net::UnixDatagram;

use benches::clock::Moment;
use benches::message::Executes;

fn main() -> io::Result<()> {
    let says = Executes {
        at: Moment::now(),
        pid: std::process::id(),
    };
    let Some(socket) = std::env::args_os().nth(1) else {
        return Err(io::Error::other("name the socket on which to say it"));
    };
    UnixDatagram::unbound()?.send_to(&says.to_bytes(), socket)?;
    loop {
        std::thread::park();
    }
}
