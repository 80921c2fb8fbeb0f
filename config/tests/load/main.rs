//! From text to specifications or to located errors, with real files in a folder of its own.

#![expect(
    clippy::unwrap_used,
    reason = "a test whose scene cannot be set has failed"
)]

mod errors;
mod guide;
mod pages;
mod properties;
mod scene;
mod settings;
mod stdin;
mod telling;
