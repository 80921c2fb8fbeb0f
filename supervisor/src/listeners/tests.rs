//! Real programs that listen, and real connections to them.

mod checks;
mod holds;
mod servers;
mod steers;
