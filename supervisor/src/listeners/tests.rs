//! Real programs that listen, and real connections to them.

mod checks;
mod files;
mod given;
mod holds;
mod orders;
mod servers;
mod steers;
