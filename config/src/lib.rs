//! What the user may ask for: text in, validated specifications or located errors out.
//!
//! [`AppSpec`] is what an app means, with every default filled in, every path absolute and every
//! unit in its type. It is all that the daemon ever sees: no invalid specification exists behind
//! the lowering, so nothing downstream checks again. Reading files is behind the feature `load`,
//! which only `wsctl` switches on; the daemon never evaluates a configuration.

#[cfg(feature = "load")]
pub mod dotenv;
pub mod env;
pub mod handover;
pub mod ident;
#[cfg(feature = "load")]
pub mod js;
pub mod signal;
pub mod spec;
pub mod units;

#[cfg(feature = "load")]
mod find;
#[cfg(feature = "load")]
pub mod finding;
#[cfg(feature = "load")]
pub mod formats;
#[cfg(feature = "load")]
pub mod load;
#[cfg(feature = "load")]
mod lower;
#[cfg(feature = "load")]
mod page;
#[cfg(feature = "load")]
mod place;
#[cfg(feature = "load")]
mod raw;
#[cfg(feature = "load")]
mod read;
#[cfg(feature = "load")]
mod report;
#[cfg(feature = "schema")]
mod schema;
#[cfg(feature = "load")]
mod search;
#[cfg(feature = "load")]
mod shape;
#[cfg(feature = "load")]
mod sheet;
#[cfg(feature = "load")]
mod suggest;
#[cfg(feature = "load")]
mod tree;

pub use env::Env;
pub use handover::{Address, Handover, HandoverRule};
pub use ident::{AppName, Namespace};
pub use signal::Signal;
pub use spec::AppSpec;
pub use units::{Bytes, Span};

#[cfg(feature = "load")]
pub use finding::{Finding, Severity};
#[cfg(feature = "load")]
pub use formats::Format;
#[cfg(feature = "load")]
pub use load::{Asker, Loaded, Source, User, Users, Wanted, is_config_name, load, load_text};
#[cfg(feature = "schema")]
pub use schema::schema;
