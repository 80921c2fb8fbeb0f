//! Real programs that listen, and real connections to them.

mod checks;
mod files;
mod given;
mod holds;
mod orders;
mod privileges;
mod servers;
mod steers;
