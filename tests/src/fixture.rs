//! What the fake apps share: to speak, to wait, to run themselves again.

use std::io::{self, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::poll::{PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};

/// Prints a line to standard output at once. Where nobody reads any more it is lost.
pub fn say(line: &str) {
    let mut out = io::stdout().lock();
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}

/// Prints a line to standard error.
pub fn complain(line: &str) {
    drop(writeln!(io::stderr(), "{line}"));
}

/// Lives for so long.
///
/// # Panics
/// Where the kernel does not wait.
pub fn linger(time: Duration) {
    let limit = u16::try_from(time.as_millis()).unwrap_or(u16::MAX);
    poll(&mut [], PollTimeout::from(limit)).expect("the kernel waits");
}

/// Lives until a signal ends it.
pub fn forever() -> ! {
    loop {
        std::thread::park();
    }
}

/// Makes these signals do nothing, in this thread and in those that it starts.
///
/// # Panics
/// Never: the kernel takes any set.
pub fn block(signals: &[Signal]) {
    signals
        .iter()
        .copied()
        .collect::<SigSet>()
        .thread_block()
        .expect("any set of signals can be blocked");
}

/// The value of a variable.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::vars().find_map(|(known, value)| (known == name).then_some(value))
}

/// The number that follows this word among the arguments.
#[must_use]
pub fn number_after(word: &str) -> Option<u64> {
    text_after(word)?.parse().ok()
}

/// The argument that follows this word.
#[must_use]
pub fn text_after(word: &str) -> Option<String> {
    std::env::args()
        .skip_while(|argument| argument != word)
        .nth(1)
}

/// Whether this word is among the arguments.
#[must_use]
pub fn is_asked(word: &str) -> bool {
    std::env::args().any(|argument| argument == word)
}

/// Runs this program again with other arguments; it shares the output.
///
/// # Panics
/// Where it cannot be started.
pub fn again(arguments: &[&str]) -> Child {
    let own = std::env::current_exe().expect("a running program has a path");
    Command::new(own)
        .args(arguments)
        .stdin(Stdio::null())
        .spawn()
        .expect("a program can start itself")
}
