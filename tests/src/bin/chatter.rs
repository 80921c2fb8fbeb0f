//! A fake app that prints, in the order of its arguments, and then lives on or, with `exit`, ends.
//!
//! `lines=N` numbered lines as fast as it can; `long=N` one line of so many `x`; `bytes` the byte 0xFF in
//! a line; `part` a text with no newline; `errors` a line on standard error; `close` closes both
//! outputs; `wait` until a signal SIGUSR1.

use std::io::{self, BufWriter, Write};

use nix::sys::signal::{SigSet, Signal};
use tests::fixture;

fn main() -> io::Result<()> {
    fixture::block(&[Signal::SIGUSR1]);
    for deed in std::env::args().skip(1) {
        match deed.split_once('=').unwrap_or((&deed, "0")) {
            ("lines", count) => lines(count.parse().unwrap_or(0))?,
            ("long", size) => long(size.parse().unwrap_or(0))?,
            ("bytes", _) => print(b"before \xff after\n")?,
            ("part", _) => print(b"no newline at the end")?,
            ("errors", _) => fixture::complain("an error line"),
            ("close", _) => close(),
            ("wait", _) => wait(),
            ("exit", _) => return Ok(()),
            (text, _) => fixture::say(text),
        }
    }
    fixture::forever()
}

fn print(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

fn lines(count: u64) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for number in 0..count {
        writeln!(out, "line {number}")?;
    }
    out.flush()
}

fn long(size: usize) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let piece = [b'x'; 64 * 1024];
    let mut left = size;
    while left > 0 {
        let now = left.min(piece.len());
        out.write_all(&piece[..now])?;
        left -= now;
    }
    out.write_all(b"\n")?;
    out.flush()
}

fn close() {
    nix::unistd::close(1).expect("standard output is open");
    nix::unistd::close(2).expect("standard error is open");
}

fn wait() {
    SigSet::from(Signal::SIGUSR1)
        .wait()
        .expect("a signal can be awaited");
}
