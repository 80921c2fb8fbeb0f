//! The harness: a throw-away home, the two real programs in it, and waits that cannot hang.
//!
//! A test makes a [`Home`], which is a folder of its own with a daemon of its own, asks through the
//! real `wsctl` or over the socket, and waits for notices, for log files or for the end of a process.
//! No test sleeps. Every wait ends with the home's time limit, and a test that fails prints what the
//! daemon wrote and noticed so far. When a home goes, everything that it started must be gone: a
//! process that is left fails the test.
//!
//! What the machine lacks is skipped out loud (see [`runtimes`]).

pub mod apps;
pub mod binaries;
pub mod client;
pub mod deadline;
pub mod fixture;
pub mod follower;
pub mod front;
pub mod home;
pub mod http;
pub mod journey;
pub mod load;
pub mod notices;
pub mod outcome;
pub mod ports;
pub mod processes;
pub mod reloading;
pub mod runtimes;
pub mod servers;
pub mod site;
pub mod watch;

pub use apps::{app, with};
pub use client::Client;
pub use deadline::Deadline;
pub use follower::Follower;
pub use front::{Front, NextUpstream};
pub use home::Home;
pub use journey::Signs;
pub use notices::Notices;
pub use outcome::Outcome;
pub use processes::Process;
pub use reloading::Served;
pub use servers::{Runtime, Server};
pub use site::Site;
