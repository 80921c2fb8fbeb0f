//! Real processes: launched, signalled, crashed, swept.

mod ends;
mod launches;
mod readiness;
pub(crate) mod stage;
mod timing;
