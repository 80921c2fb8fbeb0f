//! Every decision of the supervisor: an event goes in, records and effects come out.
//!
//! The crate is `no_std`, not for small machines, but because that is the shortest complete list of
//! what it must not do: no files, sockets, processes, threads, clocks, printing. Time is an
//! argument. The daemon performs the effects and turns what happens into events; how it does so is
//! none of this crate's business, and what an instance is or should be is nobody else's.
#![no_std]

extern crate alloc;

mod admit;
mod app;
mod backoff;
mod death;
mod deeds;
mod desk;
mod effect;
mod ending;
mod event;
mod finish;
mod fleet;
mod instance;
mod life;
mod presence;
mod ready;
mod replace;
mod roll;
mod run;
mod saved;
mod serve;
mod service;
mod target;
mod turn;
mod view;

pub use effect::{Effect, LaunchOrder};
pub use event::{Event, Ticket};
pub use fleet::Fleet;
pub use turn::Turn;
