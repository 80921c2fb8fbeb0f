//! One JSON value a line, in both directions, with a bound on the line.

use std::io::{self, BufRead, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest line that either side accepts, in bytes, its newline included.
///
/// A request with a thousand apps of 8 KiB of environment each fits.
pub const LINE_MAX: u64 = 16 * 1024 * 1024;

/// Why no value could be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The other side closed, between two lines.
    #[error("the connection was closed")]
    Closed,
    /// The line is longer than [`LINE_MAX`], or the other side closed within it.
    #[error("the line is not whole or longer than {LINE_MAX} bytes")]
    TooLong,
    /// The line is not the value that was expected.
    #[error("the line is not what was expected")]
    Malformed(#[from] serde_json::Error),
    /// The socket failed.
    #[error("the connection failed")]
    Io(#[from] io::Error),
}

/// A value as one line, its newline included.
///
/// # Panics
/// Never: every type of this crate has a JSON form.
#[must_use]
pub fn line<T: Serialize>(value: &T) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("every message has a JSON form");
    line.push(b'\n');
    line
}

/// Reads a value from the text of one line.
///
/// # Errors
/// `serde_json::Error` where it is not one; the text of the error names line and column.
pub fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(line)
}

/// Writes a value as one line and flushes.
///
/// # Errors
/// What the writer says.
pub fn write<T: Serialize>(to: &mut impl Write, value: &T) -> io::Result<()> {
    to.write_all(&line(value))?;
    to.flush()
}

/// Reads one line and the value in it.
///
/// # Errors
/// [`ReadError`].
pub fn read<T: DeserializeOwned>(from: &mut impl BufRead) -> Result<T, ReadError> {
    let mut line = Vec::new();
    from.take(LINE_MAX).read_until(b'\n', &mut line)?;
    match line.last() {
        None => Err(ReadError::Closed),
        Some(b'\n') => Ok(parse(&line)?),
        Some(_) => Err(ReadError::TooLong),
    }
}
