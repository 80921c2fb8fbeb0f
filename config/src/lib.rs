//! What the user may ask for: text in, validated specifications or located errors out.
//!
//! [`AppSpec`] is what an app means, with every default filled in, every path absolute and every
//! unit in its type. It is all that the daemon ever sees: no invalid specification exists behind
//! the lowering, so nothing downstream checks again. Reading files is behind the feature `load`,
//! which only `wsctl` switches on; the daemon never evaluates a configuration.

#[cfg(feature = "load")]
pub mod dotenv;
pub mod env;
pub mod ident;
#[cfg(feature = "load")]
pub mod js;
pub mod signal;
pub mod spec;
pub mod units;

pub use env::Env;
pub use ident::{AppName, Namespace};
pub use signal::Signal;
pub use spec::AppSpec;
pub use units::{Bytes, Span};
