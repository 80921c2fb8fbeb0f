//! Starting the launcher: the daemon's side.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use nix::unistd::Pid;
use protocol::{LaunchError, LaunchStage};
use rustix::fs::MemfdFlags;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{PidfdFlags, pidfd_open};
use tokio::io::unix::AsyncFd;

use super::{At as _, Program, limit, message};
use crate::sys;

/// Our own executable. It is held open, so that every launcher is of the daemon's own version, also
/// after the file on the disk was replaced.
#[derive(Debug)]
pub(crate) struct Binary(File);

/// The write ends of a run's log pipes, or `/dev/null`.
#[derive(Debug)]
pub(crate) struct Output {
    /// For its standard output.
    pub(crate) out: OwnedFd,
    /// For its standard error.
    pub(crate) err: OwnedFd,
}

/// A launcher that was started. It is our child, and whoever has this must reap it.
#[derive(Debug)]
pub(crate) struct Launcher {
    /// Its number, and later the app's.
    pub(crate) pid: Pid,
    /// Its pidfd, readable when it has ended.
    pub(crate) process: AsyncFd<OwnedFd>,
    /// Where it hears `go` and says what failed.
    pub(crate) talk: tokio::net::UnixStream,
}

impl Binary {
    /// Opens the executable of this process.
    ///
    /// Errors: the kernel's; `/proc` must be mounted.
    pub(crate) fn open() -> io::Result<Self> {
        File::open("/proc/self/exe").map(Self)
    }

    /// Starts a launcher and tells it what to become. It waits for `go`.
    ///
    /// Errors: the step that failed; no process is left then.
    pub(crate) fn start(
        &self,
        program: &Program,
        output: Output,
        channel: Option<&OwnedFd>,
    ) -> Result<Launcher, LaunchError> {
        let stage = LaunchStage::Descriptors;
        let (ours, theirs) = pair().at(stage, "")?;
        limit::leave_some(&theirs).at(stage, "")?;
        let program = written(program).at(stage, "")?;
        message::send(&ours, &program, channel).at(stage, "")?;
        let talk = watched(ours).at(stage, "")?;
        let mut child = self.spawn(theirs, output).at(LaunchStage::Spawn, "")?;
        let held = hold(&child);
        if held.is_err() {
            // SIGKILL to a launcher that has done nothing yet: this wait is short.
            child.kill().and_then(|()| child.wait()).ok();
        }
        let (pid, process) = held.at(stage, "")?;
        Ok(Launcher { pid, process, talk })
    }

    fn spawn(&self, theirs: OwnedFd, output: Output) -> io::Result<Child> {
        self.command("launch", theirs)
            .stdout(Stdio::from(output.out))
            .stderr(Stdio::from(output.err))
            .spawn()
    }

    /// Starts a probe, which is a child of ours to be reaped.
    ///
    /// Errors: the kernel's.
    pub(super) fn spawn_probe(&self, theirs: OwnedFd) -> io::Result<Child> {
        self.command("probe", theirs)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    }

    /// Ourselves in another life, with an empty environment and this socket as standard input.
    fn command(&self, life: &str, theirs: OwnedFd) -> Command {
        let mut command = Command::new(format!("/proc/self/fd/{}", self.0.as_raw_fd()));
        command.arg(life).env_clear().stdin(Stdio::from(theirs));
        command
    }
}

/// Both ends of a connection between daemon and launcher.
fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = SocketFlags::CLOEXEC;
    Ok(socketpair(
        AddressFamily::UNIX,
        SocketType::STREAM,
        flags,
        None,
    )?)
}

/// The program in a memfd, from its start: a message would have a limit, and an environment may be
/// longer.
fn written(program: &Program) -> io::Result<OwnedFd> {
    // A kernel may be told to refuse a memfd that does not renounce execution; one before 6.3 does
    // not know the word.
    let create = |flags| rustix::fs::memfd_create("program", MemfdFlags::CLOEXEC | flags);
    let memfd = create(MemfdFlags::NOEXEC_SEAL).or_else(|_| create(MemfdFlags::empty()))?;
    let text = serde_json::to_vec(program)?;
    let mut file = File::from(memfd);
    io::Write::write_all(&mut file, &text)?;
    io::Seek::rewind(&mut file)?;
    Ok(file.into())
}

fn watched(socket: OwnedFd) -> io::Result<tokio::net::UnixStream> {
    let socket = UnixStream::from(socket);
    socket.set_nonblocking(true)?;
    tokio::net::UnixStream::from_std(socket)
}

/// Takes hold of a child by its descriptor. It is not reaped, so its number is its own.
fn hold(child: &Child) -> io::Result<(Pid, AsyncFd<OwnedFd>)> {
    let number = rustix::process::Pid::from_child(child);
    let process = pidfd_open(number, PidfdFlags::empty())?;
    let process = sys::watch(process)?;
    Ok((Pid::from_raw(number.as_raw_nonzero().get()), process))
}
