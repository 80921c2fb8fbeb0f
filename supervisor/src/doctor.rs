//! What this machine lacks for a hand-over without loss, found out by trying.
//!
//! A kernel's version does not tell what a sandbox, a container's policy or a setting of the machine
//! forbids, and much of it may only be done to another process. So a process is started that stands
//! for an app (`wsd probe`), and each thing that a reload does to an app is done to it once; what
//! concerns ports is tried on a listener of our own, on the loopback, to which nobody connects.
//!
//! * Only for a client that asks: a daemon's start does not wait for it, and at rest there is nothing
//!   of it. It takes some milliseconds on a thread of its own, so nobody else waits either.
//! * Each time anew, since what is forbidden can be allowed while the daemon runs. One at a time.
//! * What is found holds for apps of the daemon's own user that have no privileges of their own.
//!   What a run in truth lacks is told when it is missed.

mod port;

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::thread;

use protocol::{Lack, LackOf};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::process::{PidfdGetfdFlags, pidfd_getfd};
use tokio::sync::{Mutex, oneshot};

use crate::launch::Probe;
use crate::sys::seccomp::{self, Answer};
use crate::sys::trace;

/// Plenty for a thread that does not recurse and keeps large things on the heap.
const STACK_BYTES: usize = 256 * 1024;

/// How long the probe may take to make its call.
const CALL_LIMIT: Timespec = Timespec {
    tv_sec: 3,
    tv_nsec: 0,
};

/// The number of a descriptor that every process has.
const STDIN: i32 = 0;

/// Whoever wants to know comes here. Its clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doctor {
    /// Held by who is served.
    turn: Arc<Mutex<()>>,
}

impl Doctor {
    /// Looks for what is missing, in the order in which a reload would miss it; none where it could
    /// not be found out. Waits until who came before is served.
    pub(crate) async fn examine(&self) -> Option<Vec<Lack>> {
        let _turn = self.turn.lock().await;
        match examined().await {
            Ok(lacks) => Some(lacks),
            Err(error) => {
                tracing::warn!(%error, "what this machine lacks for reloads was not found out");
                None
            }
        }
    }
}

/// Examines on a thread of its own: what is traced is told to a thread, and ends with it.
async fn examined() -> io::Result<Vec<Lack>> {
    let (tell, told) = oneshot::channel();
    thread::Builder::new()
        .name("doctor".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || tell.send(examine()))?;
    told.await.map_err(io::Error::other)?
}

/// Tries each thing once.
///
/// Errors: there was nothing to try it on.
fn examine() -> io::Result<Vec<Lack>> {
    let listener = port::listener()?;
    let probe = Probe::start()?;
    let process = probe.process()?;
    let filter = match probe.filter()? {
        Ok(calls) => lack(LackOf::Filter, &answer(&calls, &process)?),
        Err(lack) => Some(lack),
    };
    let lacks = [
        filter,
        lack(LackOf::Duplicate, &duplicate(&process)),
        lack(LackOf::Trace, &trace::seize(probe.pid())),
        lack(LackOf::Diagnosis, &port::is_told(&listener)),
        lack(LackOf::Selector, &port::is_steered(&listener)),
    ];
    Ok(lacks.into_iter().flatten().collect())
}

fn lack(of: LackOf, tried: &io::Result<()>) -> Option<Lack> {
    let error = tried.as_ref().err()?;
    let errno = error.raw_os_error().unwrap_or(0);
    Some(Lack { of, errno })
}

/// Answers the probe's call, with a descriptor of ours in the place of its own, as a run is given the
/// socket at which connections wait. The inner error is why that is not possible.
///
/// Errors: the call has not come.
fn answer(calls: &OwnedFd, ours: &OwnedFd) -> io::Result<io::Result<()>> {
    let mut coming = [PollFd::new(calls, PollFlags::IN)];
    if retry_on_intr(|| poll(&mut coming, Some(&CALL_LIMIT)))? == 0 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(replace(calls.as_fd(), ours.as_fd()))
}

fn replace(calls: BorrowedFd<'_>, ours: BorrowedFd<'_>) -> io::Result<()> {
    let call = seccomp::receive(calls)?;
    let number = u32::try_from(call.arguments[0]).map_err(io::Error::other)?;
    let is_close_on_exec = true;
    seccomp::replace(calls, call.id, ours, (number, is_close_on_exec))?;
    seccomp::answer(calls, call.id, Answer::Done)
}

fn duplicate(process: &OwnedFd) -> io::Result<()> {
    pidfd_getfd(process, STDIN, PidfdGetfdFlags::empty())?;
    Ok(())
}
