//! How an app says that it is ready.
//!
//! Two ways, both open to every app that asked for it by `wait_ready`: the line `"ready"` on the
//! channel that Node calls IPC (`process.send('ready')`, or from a shell
//! `printf '"ready"\n' >&3`), as PM2 takes it; and `READY=1` sent to `NOTIFY_SOCKET`, as
//! sd_notify(3) does it.
//!
//! Both stay open for the life of the run, and what else is said there is taken in and forgotten:
//! an app whose channel closes is told so and may end itself, and one whose messages nobody takes
//! waits in the middle of them.

mod channel;
mod notify;

use std::io;
use std::os::fd::OwnedFd;

use fleet::Event;
use protocol::RunId;
use protocol::notice::ReadyBy;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use tokio::task::AbortHandle;

use crate::inbox::InboxSender;

pub(crate) use notify::Senders;

/// Our ends, until the program runs and can be heard.
#[derive(Debug)]
pub(crate) struct Offer {
    channel: OwnedFd,
    notify: OwnedFd,
}

/// The app's ends.
#[derive(Debug)]
pub(crate) struct AppSide {
    /// Its end of the channel, to be placed by the launcher.
    pub(crate) channel: OwnedFd,
    /// The socket for `READY=1`, as `NOTIFY_SOCKET` names it.
    pub(crate) notify: String,
}

/// Hears an app for as long as this is kept.
#[derive(Debug)]
pub(crate) struct Listening([AbortHandle; 2]);

/// Makes both ways for one run.
///
/// Errors: no descriptor to be had.
pub(crate) fn offer() -> io::Result<(Offer, AppSide)> {
    let flags = SocketFlags::CLOEXEC;
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::io::ioctl_fionbio(&ours, true)?;
    let (notify, address) = notify::open()?;
    let offer = Offer {
        channel: ours,
        notify,
    };
    let app_side = AppSide {
        channel: theirs,
        notify: address,
    };
    Ok((offer, app_side))
}

impl Offer {
    /// Hears what the app says. Each of the two ways reports `Ready` at most once.
    pub(crate) fn listen(self, senders: Senders, inbox: &InboxSender) -> Listening {
        let run = senders.tree.run;
        let by_channel = channel::hear(self.channel, report(run, ReadyBy::Channel, inbox));
        let by_notify = notify::hear(self.notify, senders, report(run, ReadyBy::Notify, inbox));
        Listening([
            tokio::spawn(by_channel).abort_handle(),
            tokio::spawn(by_notify).abort_handle(),
        ])
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

/// Tells the loop, once.
fn report(run: RunId, by: ReadyBy, inbox: &InboxSender) -> impl FnMut() + Send + 'static {
    let mut inbox = Some(inbox.clone());
    move || {
        if let Some(inbox) = inbox.take() {
            inbox.send(Event::Ready { run, by });
        }
    }
}
