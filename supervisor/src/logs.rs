//! What apps print, and the thread that writes it to files.
//!
//! No byte of a log passes through the loop. Each run has two pipes; their read ends belong to one
//! thread, which takes bytes from them, cuts them into lines, stamps these and appends them. The
//! loop only says which run writes where, and hears when a run's last byte is in its files.
//!
//! Lines stay whole: each goes to a file in one write, with others of its stream, so that several
//! streams may share a file. When a file cannot be written, the streams that go there are not read:
//! their pipes fill and their apps wait, and neither memory nor the loop notices.
//!
//! The one thing that the loop's thread does itself is opening the files, so that an app whose log
//! cannot be opened is not started and the reason is exact. A few microseconds each; a disk that
//! hangs in `open` does hold up the loop. [`pump`] and [`stream`] are the whole path of a byte, and
//! what is around them does not care how bytes are taken and kept.

mod cut;
mod file;
mod files;
mod open;
mod pump;
mod stamp;
mod stream;
mod tail;
mod writer;

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use config::spec::LogPaths;
use fleet::Ticket;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::eventfd::{EfdFlags, EventFd};
use protocol::{LaunchError, LaunchStage, RunId};
use rustix::pipe::{PipeFlags, pipe_with};

use self::open::{NotOpened, Opened};
use self::stream::StreamId;
use self::writer::{NewRun, NewStream, Order, Wiring, Writer};
use crate::inbox::InboxSender;

/// Milliseconds since 1970, for stamps and for how often something is looked at.
pub(crate) type WallClock = fn() -> u64;

/// The log thread, as the loop sees it. None of its methods waits for the thread but `stop`.
#[derive(Debug)]
pub(crate) struct Logs {
    orders: Orders,
    thread: JoinHandle<()>,
}

/// The way to the thread.
#[derive(Debug, Clone)]
struct Orders {
    sender: Sender<Order>,
    /// Counts what was sent.
    wake: Arc<EventFd>,
}

impl Orders {
    fn give(&self, order: Order) {
        // Neither fails while the thread lives; when it has ended, there is nobody to order about.
        self.sender.send(order).ok();
        self.wake.write(1).ok();
    }
}

/// The ends of a run's pipes that its app writes to. They block, as programs expect of them.
#[derive(Debug)]
pub(crate) struct Output {
    /// For standard output.
    pub(crate) out: OwnedFd,
    /// For standard error.
    pub(crate) err: OwnedFd,
}

impl Logs {
    /// Starts the thread, which reports to `inbox`.
    ///
    /// # Errors
    /// The kernel has no descriptor or thread left.
    pub(crate) fn start(inbox: InboxSender, wall: WallClock) -> io::Result<Self> {
        let wake = Arc::new(EventFd::from_flags(
            EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_SEMAPHORE,
        )?);
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(
            &wake,
            EpollEvent::new(EpollFlags::EPOLLIN, StreamId::NONE.to_data()),
        )?;
        let (sender, taken) = channel();
        let wiring = Wiring {
            wake: Arc::clone(&wake),
            orders: taken,
            epoll,
            inbox,
            wall,
        };
        let thread = std::thread::Builder::new()
            .name("logs".to_owned())
            .spawn(move || Writer::new(wiring).run())?;
        let orders = Orders { sender, wake };
        Ok(Self { orders, thread })
    }

    /// Opens the files of a run, makes its pipes and has the thread read them. Without a file (none
    /// or `/dev/null`) a stream is read all the same, for its last lines.
    ///
    /// # Errors
    /// `LaunchStage::Logs` names the file that could not be opened or the folder that could not be
    /// made, `LaunchStage::Descriptors` that there was no pipe. [`Logs::finish`] is still to be
    /// called, and reports that nothing was printed.
    pub(crate) fn attach(
        &self,
        run: RunId,
        paths: &LogPaths,
        stamp: Option<&str>,
    ) -> Result<Output, LaunchError> {
        let combined = paths.combined.as_deref();
        let (out, out_stream) = connect(paths.out.as_deref(), combined)?;
        let (err, err_stream) = connect(paths.err.as_deref(), combined)?;
        self.orders.give(Order::Attach(Box::new(NewRun {
            run,
            stamp: stamp.map(str::to_owned),
            out: out_stream,
            err: err_stream,
        })));
        Ok(Output { out, err })
    }

    /// The run's tree is gone: what is in its pipes is written, then comes `Event::LogEnded`.
    pub(crate) fn finish(&self, run: RunId) {
        self.orders.give(Order::Finish { run });
    }

    /// Empties exactly these files, then comes `Event::Flushed`.
    pub(crate) fn flush(&self, ticket: Ticket, logs: Vec<LogPaths>) {
        self.orders.give(Order::Flush { ticket, logs });
    }

    /// What opens all files again, which somebody may have moved away. For the thread that hears
    /// of signals.
    pub(crate) fn reopener(&self) -> impl Fn() + Send + use<> {
        let orders = self.orders.clone();
        move || orders.give(Order::Reopen)
    }

    /// Writes what is in the pipes and ends the thread. Waits for it.
    pub(crate) fn stop(self) {
        self.orders.give(Order::Stop);
        // A panic in the thread has been printed, and there is nobody left to tell.
        drop(self.thread.join());
    }
}

/// Opens the files of a stream and makes its pipe; returns the app's end and ours.
fn connect(
    own: Option<&Path>,
    combined: Option<&Path>,
) -> Result<(OwnedFd, NewStream), LaunchError> {
    let own = own.and_then(open_unless_null).transpose()?;
    let combined = combined.and_then(open_unless_null).transpose()?;
    let no_pipe = |errno: rustix::io::Errno| LaunchError {
        stage: LaunchStage::Descriptors,
        on: String::new(),
        errno: errno.raw_os_error(),
    };
    let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC).map_err(no_pipe)?;
    rustix::io::ioctl_fionbio(&ours, true).map_err(no_pipe)?;
    let stream = NewStream {
        pipe: ours,
        own,
        combined,
    };
    Ok((theirs, stream))
}

fn open_unless_null(path: &Path) -> Option<Result<Opened, LaunchError>> {
    let not_opened = |NotOpened { on, why }: NotOpened| LaunchError {
        stage: LaunchStage::Logs,
        on: on.to_string_lossy().into_owned(),
        errno: why.raw_os_error().unwrap_or(Errno::EIO as i32),
    };
    (path != Path::new("/dev/null")).then(|| open::open(path).map_err(not_opened))
}

#[cfg(test)]
mod tests;
