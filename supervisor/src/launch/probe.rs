//! The life `wsd probe`: stands for an app, so that the daemon can try out what it may do with one.
//!
//! It is started as a launcher is, gets the same filter in the same way, and makes one call that the
//! filter passes on. Then it waits to be ended. It reads nothing, opens nothing, and listens nowhere.
//!
//! ```text
//! daemon ◀── the filter's calls ─── probe: session, filter, or why there is none
//! daemon ◀── `listen` ───────────── waits for the answer
//! daemon ── end of file ──────────▶ ends
//! ```
//!
//! Without the daemon its call is answered by the kernel, and the end of file follows.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, ExitCode};
use std::time::Duration;

use config::handover::NoNewPrivs;
use nix::unistd::{Pid, setsid};
use protocol::Lack;
use rustix::net::{AddressFamily, SocketFlags, SocketType, listen, socket_with};
use rustix::process::{PidfdFlags, pidfd_open};

use super::{Binary, Heard, filter, message};
use crate::sys;

/// How long the probe may take to be there: far longer than a machine needs that is not stuck.
const LIMIT: Duration = Duration::from_secs(3);

/// A probe, as the daemon has it. It is ended and reaped when this goes.
#[derive(Debug)]
pub(crate) struct Probe {
    child: Child,
    talk: UnixStream,
}

/// The life itself. It ends with the daemon, or when it is not needed any more.
pub(crate) fn probe_main() -> ExitCode {
    sys::close_from(3);
    match probe() {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever started it is gone, or is no daemon.
        Err(_nobody) => ExitCode::FAILURE,
    }
}

fn probe() -> io::Result<()> {
    let daemon = rustix::io::fcntl_dupfd_cloexec(io::stdin(), 3)?;
    // What is meant for the daemon's terminal is not meant for this.
    setsid()?;
    // An ordinary program, which has no privileges that it could lose.
    let filter = filter::install(NoNewPrivs::Auto, "");
    message::send_filter(&daemon, filter.as_ref().map_err(Lack::clone))?;
    // The daemon alone has it, so that with the daemon it goes.
    if filter.map(drop).is_ok() {
        call()?;
    }
    message::hear_go(&daemon);
    Ok(())
}

/// Makes one call that the filter passes on. The socket has no address, so nothing comes of it.
fn call() -> io::Result<()> {
    let socket = socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    // Whatever it is answered with.
    listen(&socket, 0).ok();
    Ok(())
}

impl Probe {
    /// Starts one.
    ///
    /// Errors: the kernel's; nothing is left then.
    pub(crate) fn start() -> io::Result<Self> {
        let (talk, theirs) = UnixStream::pair()?;
        talk.set_read_timeout(Some(LIMIT))?;
        let child = Binary::open()?.spawn_probe(theirs.into())?;
        Ok(Self { child, talk })
    }

    /// Its number, which is its own until this goes.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Itself, by its descriptor.
    ///
    /// Errors: no descriptor to be had.
    pub(crate) fn process(&self) -> io::Result<OwnedFd> {
        let number = rustix::process::Pid::from_child(&self.child);
        Ok(pidfd_open(number, PidfdFlags::empty())?)
    }

    /// Where its calls arrive, or why they do not. To be asked once.
    ///
    /// Errors: it has not come up, or not in time.
    pub(crate) fn filter(&self) -> io::Result<Result<OwnedFd, Lack>> {
        let verdict = Heard::first_word(&self.talk)?;
        match (verdict.calls, verdict.lack) {
            (Some(calls), _) => Ok(Ok(calls)),
            (None, Some(lack)) => Ok(Err(lack)),
            (None, None) => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        // A process that was sent SIGKILL: this wait is short. One that has ended already is reaped
        // all the same.
        self.child.kill().and_then(|()| self.child.wait()).ok();
    }
}
