//! Named journeys: events and times on the left, exact effects on the right.
//!
//! A story plays events to a fleet by a [`world::World`] and says all that each of them makes it do,
//! in the short words of [`told`]. After each turn the records, read back as a journal, must amount
//! to what the fleet itself would write.

mod told;
mod with;
mod world;

#[path = "../given/journal.rs"]
mod journal;
#[path = "../given/spec.rs"]
mod spec;

mod apply;
mod ask_again;
mod crash;
mod delete;
mod disk;
mod dump;
mod given;
mod hold;
mod job;
mod lacks;
mod late;
mod launch;
mod limits;
mod overtaken;
mod ready;
mod reload;
mod reload_fails;
mod reload_overtaken;
mod reload_queue;
mod restart;
mod roll;
mod scale;
mod select;
mod shut_down;
mod start;
mod stop;
mod tree;
mod verbs;
mod watch;
