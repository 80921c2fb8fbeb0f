//! A fake app that says when it is ready: `channel` on the Node channel, `notify` on the notify socket,
//! `never` not at all; `--after MS` so long after it was started.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::Command;
use std::time::Duration;

use tests::fixture;

fn main() -> io::Result<()> {
    fixture::say("slow_ready up");
    let after = fixture::number_after("--after").unwrap_or(0);
    fixture::linger(Duration::from_millis(after));
    if fixture::is_asked("channel") {
        say_on_channel()?;
    }
    if fixture::is_asked("notify") {
        say_on_socket()?;
    }
    fixture::forever()
}

/// The descriptor's number comes as text, and only a shell may use such a number as it is.
fn say_on_channel() -> io::Result<()> {
    let script = r#"printf '"ready"\n' >&"$NODE_CHANNEL_FD""#;
    let status = Command::new("/bin/sh").args(["-c", script]).status()?;
    assert!(status.success(), "the channel is closed");
    Ok(())
}

fn say_on_socket() -> io::Result<()> {
    let name = fixture::variable("NOTIFY_SOCKET").expect("who waits for READY=1 says where");
    let socket = UnixDatagram::unbound()?;
    match name.strip_prefix('@') {
        Some(hidden) => {
            let address = SocketAddr::from_abstract_name(hidden)?;
            socket.send_to_addr(b"READY=1\n", &address)?;
        }
        None => {
            socket.send_to(b"READY=1\n", name)?;
        }
    }
    Ok(())
}
