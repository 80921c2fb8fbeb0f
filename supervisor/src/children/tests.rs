//! Real processes: launched, signalled, crashed, swept.

mod ends;
mod launches;
mod readiness;
mod stage;
mod timing;
