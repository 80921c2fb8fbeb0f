//! The launcher, `wsd launch`: becomes the app.
//!
//! An ordinary program with one thread and one purpose. The daemon starts it with an empty
//! environment, one end of a socket pair as its standard input, and the app's log pipes as its
//! standard output and error. Over the socket comes one message with the descriptor of a memfd that
//! holds the [`Program`] and, where the app has one, its Node channel. The launcher makes itself
//! what the app is to be, waits for `go`, and executes it. So no code of ours runs between a fork
//! and its exec, and every failure has a name.
//!
//! ```text
//! daemon ── Program, descriptors ──▶ launcher: session, signals
//! daemon ◀── the filter's calls ───  filter, or why there is none; pipes, user, folder, stdin
//! daemon ── go ────────────────────▶ exec
//! daemon ◀── end of file ──────────  the program runs (the socket is close-on-exec)
//! daemon ◀── a `LaunchError` ──────  it does not, and this is why
//! ```
//!
//! End of file before `go` means that the daemon is gone: the launcher ends without a word, and no
//! app runs that nobody knows of. The umask is left as it is.

mod binary;
mod failure;
mod filter;
mod image;
mod limit;
mod listen;
mod message;
mod probe;
mod program;

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, fchown};
use std::process::ExitCode;

use nix::errno::Errno;
use nix::sys::signal::SigSet;
use nix::unistd::{Gid, Uid, geteuid, setgid, setgroups, setsid, setuid};
use protocol::{Lack, LaunchError, LaunchStage};
use rustix::io::FdFlags;

pub(crate) use binary::{Binary, Output};
pub(crate) use failure::At;
use failure::failed;
pub(crate) use limit::raise as raise_descriptor_limit;
pub(crate) use message::{GO, Heard};
pub(crate) use probe::{Probe, probe_main};
pub(crate) use program::Program;

use crate::sys;
use image::Image;
use program::User;

/// The number that the channel has where nothing else is given to the app.
pub(crate) const CHANNEL_NUMBER: i32 = 3;

/// From here on the launcher has what is its own; below, numbers stay free for the app. The second
/// where the limit of descriptors is lower than the first.
const OWN_NUMBERS: [i32; 2] = [100, 16];

/// The life `wsd launch`. Returns only where it did not become the app.
pub(crate) fn launch_main() -> ExitCode {
    // What was leaked to the daemon by whoever started it ends here.
    sys::close_from(3);
    let own = |from| rustix::io::fcntl_dupfd_cloexec(io::stdin(), from).ok();
    let Some(daemon) = OWN_NUMBERS.into_iter().find_map(own) else {
        return ExitCode::FAILURE;
    };
    if let Err(why) = launch(&daemon) {
        message::send_failure(&daemon, why);
    }
    ExitCode::FAILURE
}

/// Becomes the app. Returns `Ok` where the daemon has gone.
fn launch(daemon: &OwnedFd) -> Result<(), LaunchError> {
    let (mut program, channel) = receive(daemon)?;
    become_leader()?;
    filter(daemon, &program)?;
    if let Some(user) = &program.user {
        give_pipes(user)?;
        become_user(user)?;
    }
    std::env::set_current_dir(&program.cwd).at(LaunchStage::Cwd, program.cwd.display())?;
    let _channel = place(channel, program.channel_number())?;
    let _sockets = listen::open(&program.listen)?;
    listen::tell_process(&mut program.env, &program.listen);
    limit::restore(program.open_files).at(LaunchStage::Place, "")?;
    let image = Image::of(&program)?;
    if message::hear_go(daemon) {
        return Err(image.execute());
    }
    Ok(())
}

/// Takes in what is to be run.
fn receive(daemon: &OwnedFd) -> Result<(Program, Option<OwnedFd>), LaunchError> {
    let stage = LaunchStage::Descriptors;
    let (program, channel) = message::receive(daemon).at(stage, "")?;
    let mut text = Vec::new();
    File::from(program).read_to_end(&mut text).at(stage, "")?;
    let program = serde_json::from_slice(&text).map_err(io::Error::from);
    Ok((program.at(stage, "")?, channel))
}

/// Makes a session and a process group, with every signal as a fresh program has it.
fn become_leader() -> Result<(), LaunchError> {
    setsid().at(LaunchStage::Session, "")?;
    sys::default_signals();
    SigSet::empty()
        .thread_set_mask()
        .at(LaunchStage::Session, "")
}

/// Puts the filter on `bind` and `listen` on this process, where it is wanted, and lets the daemon
/// answer these calls. Without a filter the app runs all the same.
fn filter(daemon: &OwnedFd, program: &Program) -> Result<(), LaunchError> {
    let Some(rule) = program.filter else {
        return Ok(());
    };
    let executable = program.arguments.first().map_or("", String::as_str);
    let filter = filter::install(rule, executable);
    let filter = filter.as_ref().map_err(Lack::clone);
    message::send_filter(daemon, filter).at(LaunchStage::Descriptors, "")
}

/// Gives the app's user the log pipes, so that it may open `/dev/stdout` and `/dev/stderr`.
fn give_pipes(user: &User) -> Result<(), LaunchError> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let pipes = [
        (stdout.as_fd(), "/dev/stdout"),
        (stderr.as_fd(), "/dev/stderr"),
    ];
    for (fd, name) in pipes {
        let copy = fd.try_clone_to_owned().at(LaunchStage::Place, name)?;
        let about = File::from(copy).metadata().at(LaunchStage::Place, name)?;
        // A log that goes nowhere is /dev/null, and stays root's.
        if about.file_type().is_fifo() {
            fchown(fd, Some(user.uid), Some(user.gid)).at(LaunchStage::Place, name)?;
        }
    }
    Ok(())
}

/// Changes to the user and all its groups. Nothing is to do where that is who we are already.
fn become_user(user: &User) -> Result<(), LaunchError> {
    let uid = Uid::from_raw(user.uid);
    if !geteuid().is_root() && geteuid() == uid {
        return Ok(());
    }
    let groups: Vec<Gid> = user.groups.iter().copied().map(Gid::from_raw).collect();
    setgroups(&groups).at(LaunchStage::User, uid)?;
    setgid(Gid::from_raw(user.gid)).at(LaunchStage::User, uid)?;
    setuid(uid).at(LaunchStage::User, uid)
}

/// Puts the descriptors where the app finds them: nothing to read at 0, the channel at its number.
///
/// The channel is returned because it must stay open until the program is executed.
fn place(channel: Option<OwnedFd>, number: i32) -> Result<Option<OwnedFd>, LaunchError> {
    let stage = LaunchStage::Place;
    {
        let nothing = File::open("/dev/null").at(stage, "/dev/null")?;
        rustix::stdio::dup2_stdin(&nothing).at(stage, "/dev/null")?;
    }
    let Some(channel) = channel else {
        return Ok(None);
    };
    let channel = if channel.as_raw_fd() == number {
        channel
    } else {
        rustix::io::fcntl_dupfd_cloexec(&channel, number).at(stage, number)?
    };
    if channel.as_raw_fd() != number {
        return Err(failed(stage, number, Errno::EBADF));
    }
    rustix::io::fcntl_setfd(&channel, FdFlags::empty()).at(stage, number)?;
    Ok(Some(channel))
}
