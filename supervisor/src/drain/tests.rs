//! Real servers, real clients.

mod clients;
mod drains;
mod retires;
mod servers;
mod stage;
mod watches;
