//! A fake app that only SIGKILL ends.

use nix::sys::signal::Signal;
use tests::fixture;

fn main() {
    fixture::block(&[Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
    fixture::say("stubborn up");
    fixture::forever();
}
