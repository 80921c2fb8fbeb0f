//! The daemon `wsd`.

mod inbox;

fn main() {}
