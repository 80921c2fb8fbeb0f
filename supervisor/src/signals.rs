//! The daemon's own signals, with their senders.
//!
//! SIGTERM, SIGINT and SIGQUIT end it in order. SIGHUP changes nothing: a terminal that closes is no
//! reason to end. SIGUSR2 has the log files opened anew. Source: PM2, which treats them so.

use std::io;
use std::thread;

use config::Signal;
use fleet::Event;
use protocol::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR2};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::raw::WithRawSiginfo;

use crate::inbox::InboxSender;

/// Starts the thread that turns signals into events. It ends with the process.
///
/// `reopen` has the log files opened anew.
pub(crate) fn start(inbox: InboxSender, reopen: impl Fn() + Send + 'static) -> io::Result<()> {
    let mut signals =
        SignalsInfo::<WithRawSiginfo>::new([SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR2])?;
    thread::Builder::new()
        .name("signals".to_owned())
        .stack_size(64 * 1024)
        .spawn(move || {
            for info in &mut signals {
                let sender = Pid(crate::sys::sender_of(&info));
                tracing::info!(signal = info.si_signo, pid = sender.0, "signal");
                match info.si_signo {
                    SIGHUP => {}
                    SIGUSR2 => reopen(),
                    number => {
                        let by = Signal::from_number(number).map(|signal| (signal, sender));
                        inbox.send(Event::ShutDown { by });
                    }
                }
            }
        })?;
    Ok(())
}
