//! Notices on their way out: to the daemon's own log and to whoever follows.

use std::sync::Arc;

use protocol::{Notice, Noticed};
use tokio::sync::broadcast;

use crate::clock;

/// How many notices a follower may be behind; one that is further is dropped.
const BEHIND_MAX: usize = 4096;

/// The one publisher.
#[derive(Debug, Clone)]
pub(crate) struct Notices {
    followers: broadcast::Sender<Arc<Noticed>>,
}

impl Notices {
    pub(crate) fn new() -> Self {
        Self {
            followers: broadcast::Sender::new(BEHIND_MAX),
        }
    }

    /// Everything that is published from here on.
    pub(crate) fn follow(&self) -> broadcast::Receiver<Arc<Noticed>> {
        self.followers.subscribe()
    }

    /// Writes a notice to the log and sends it to all who follow; with nobody there, to nobody.
    pub(crate) fn publish(&self, notice: Notice) {
        log(&notice);
        if self.followers.receiver_count() > 0 {
            let noticed = Noticed {
                at: clock::wall(),
                notice,
            };
            drop(self.followers.send(Arc::new(noticed)));
        }
    }
}

/// One line a notice, its facts as JSON. A notice holds no environment.
fn log(notice: &Notice) {
    let facts = serde_json::to_string(notice).unwrap_or_default();
    match notice {
        Notice::StateDamaged { .. } => tracing::error!("{facts}"),
        Notice::LaunchFailed { .. }
        | Notice::Died { .. }
        | Notice::Errored { .. }
        | Notice::Killing { .. }
        | Notice::LeftoversEnded { .. }
        | Notice::SaveFailed { .. }
        | Notice::Hindered { .. }
        | Notice::Kept { .. }
        | Notice::LogBlocked { .. } => tracing::warn!("{facts}"),
        Notice::DaemonUp { .. }
        | Notice::DaemonEnding { .. }
        | Notice::Launched { .. }
        | Notice::Ready { .. }
        | Notice::Listening { .. }
        | Notice::Replacing { .. }
        | Notice::TookOver { .. }
        | Notice::Replaced { .. }
        | Notice::Stopping { .. }
        | Notice::Stopped { .. }
        | Notice::Finished { .. }
        | Notice::Applied { .. }
        | Notice::Deleted { .. }
        | Notice::LogResumed { .. } => tracing::info!("{facts}"),
    }
}
