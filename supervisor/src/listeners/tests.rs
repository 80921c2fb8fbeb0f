//! Real programs that listen, and real connections to them.

mod holds;
mod servers;
mod steers;
