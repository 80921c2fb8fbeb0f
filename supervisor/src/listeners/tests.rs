//! Real programs that listen, and real connections to them.

mod checks;
mod holds;
mod orders;
mod servers;
mod steers;
