//! The channel that Node calls IPC: one JSON value a line.
//!
//! Only one line matters here. A line is kept to the length of that one; what is longer is passed
//! over, however long it is. Descriptors that an app sends along are closed by the kernel, because
//! a plain read does not take them.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;

use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;

/// What `process.send('ready')` writes. Source: PM2 `wait_ready`.
const READY: &[u8] = b"\"ready\"";

/// The longest line that is kept, in bytes: the one we look for, and blanks round it.
const LINE_BYTES_MAX: usize = 64;

/// A line as far as it has come.
#[derive(Debug, Default)]
struct Line {
    bytes: Vec<u8>,
    is_too_long: bool,
}

/// Calls `ready` for each line that says so, until the app closes the channel.
pub(super) async fn hear(channel: OwnedFd, mut ready: impl FnMut()) {
    let opened = UnixStream::from_std(StdStream::from(channel));
    let outcome = match opened {
        Ok(channel) => read_lines(channel, &mut ready).await,
        Err(error) => Err(error),
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "a channel broke");
    }
}

async fn read_lines(mut channel: UnixStream, ready: &mut impl FnMut()) -> io::Result<()> {
    let mut line = Line::default();
    let mut chunk = [0; 1024];
    loop {
        let taken = channel.read(&mut chunk).await?;
        if taken == 0 {
            return Ok(());
        }
        for byte in &chunk[..taken] {
            if line.take(*byte) {
                ready();
            }
        }
    }
}

impl Line {
    /// Takes one byte in; true where it ended a line that says ready.
    fn take(&mut self, byte: u8) -> bool {
        if byte == b'\n' {
            let is_ready = !self.is_too_long && self.bytes.trim_ascii() == READY;
            self.bytes.clear();
            self.is_too_long = false;
            return is_ready;
        }
        if self.bytes.len() < LINE_BYTES_MAX {
            self.bytes.push(byte);
        } else {
            self.is_too_long = true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times_ready(said: &[u8]) -> usize {
        let mut line = Line::default();
        said.iter().filter(|byte| line.take(**byte)).count()
    }

    #[test]
    fn only_the_whole_line_says_ready() {
        assert_eq!(times_ready(b"\"ready\"\n"), 1);
        assert_eq!(times_ready(b"{\"cmd\":\"NODE_HANDLE\"}\n\"ready\"\r\n"), 1);
        for other in [
            &b"\"ready\""[..],
            b"ready\n",
            b"{\"x\":\"ready\"}\n",
            b"\"ready\" \"ready\"\n",
        ] {
            assert_eq!(times_ready(other), 0, "{other:?}");
        }
    }

    #[test]
    fn a_line_of_any_length_takes_no_room_and_is_not_ready() {
        let mut line = Line::default();
        for _ in 0..1_000_000 {
            assert!(!line.take(b' '));
        }
        assert!(line.bytes.capacity() <= 2 * LINE_BYTES_MAX);
        for byte in b"\"ready\"" {
            line.take(*byte);
        }
        assert!(!line.take(b'\n'), "what is passed over ends with its line");
        assert_eq!(b"\"ready\"\n".iter().filter(|b| line.take(**b)).count(), 1);
    }
}
