//! What the two programs say to each other: types and one codec.
//!
//! A conversation over the Unix socket is lines of JSON. The client sends one [`Hello`], the daemon
//! answers with one [`Welcome`]; then each [`Asking`] line of the client gets one [`Answering`] line
//! with the same id, in the order in which the daemon is done. After `Request::Events` the daemon
//! sends [`Noticed`] lines until the client goes.
//!
//! The daemon sends facts, never sentences: `wsctl` finds the words.

pub mod codec;
pub mod exit;
pub mod handover;
pub mod ids;
pub mod notice;
pub mod paths;
pub mod reply;
pub mod request;
pub mod saved;
pub mod time;
pub mod version;
pub mod view;

pub use exit::{ExitStatus, LaunchError, LaunchStage};
pub use handover::{CheckFailure, Handed, Lack, LackOf, Mode, Tally};
pub use ids::{Generation, InstanceId, Pid, RequestId, RunId};
pub use notice::{Notice, Noticed};
pub use paths::Paths;
pub use reply::{Answering, Refusal, Reply};
pub use request::{Asking, Request, Selector};
pub use time::Time;
pub use version::{Hello, Welcome};
pub use view::View;
