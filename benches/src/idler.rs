//! The app that is measured with: it says on a socket that it runs, and then does nothing.

use std::io;
use std::os::unix::net::UnixDatagram;

use tests::fixture;

fn main() -> io::Result<()> {
    if let Some(socket) = fixture::variable("FIGURES_SOCKET") {
        let number = std::process::id().to_string();
        UnixDatagram::unbound()?.send_to(number.as_bytes(), socket)?;
    }
    fixture::forever()
}
