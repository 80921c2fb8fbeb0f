//! One arm per effect. Nothing here waits: what takes time reports back as an event.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fleet::{Effect, Event, LaunchOrder};
use protocol::{LaunchError, Notice, RunId};

use crate::children::Children;
use crate::clients::Tickets;
use crate::drain::Retire;
use crate::inbox::InboxSender;
use crate::launch::Output;
use crate::listeners::Listeners;
use crate::logs::Logs;
use crate::notices::Notices;
use crate::pidfile;
use crate::save::Saver;

/// Everything that acts.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) children: Children,
    pub(crate) listeners: Listeners,
    pub(crate) logs: Logs,
    pub(crate) saver: Saver,
    pub(crate) tickets: Tickets,
    pub(crate) notices: Notices,
    pub(crate) inbox: InboxSender,
    /// The pid file of each run that has not ended.
    pub(crate) pid_files: BTreeMap<RunId, PathBuf>,
}

/// Whether the loop goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Turn,
    End,
}

impl Shell {
    /// Does one thing.
    pub(crate) fn perform(&mut self, effect: Effect) -> Next {
        match effect {
            Effect::Launch(order) => self.launch(&order),
            Effect::Signal { run, signal, to } => self.children.signal(run, signal, to),
            Effect::Steer { app, to, held } => self.listeners.steer(app, to, held),
            Effect::Release { run } => self.listeners.release(run),
            Effect::Check { run, path, within } => self.listeners.check(run, path, within),
            Effect::Watch { run, idle } => self.listeners.watch(run, idle),
            Effect::Drain { run, settle, idle } => self.listeners.drain(run, settle, idle),
            Effect::Serve { run } => self.listeners.serve(run),
            Effect::Retire {
                run,
                signal,
                to,
                keepalive,
            } => self.listeners.retire(Retire {
                run,
                signal,
                to,
                keepalive,
                stop: self.children.stop(run, signal, to),
            }),
            Effect::Save { generation, saved } => self.saver.save(generation, saved),
            Effect::Dump { ticket, saved } => self.saver.dump(ticket, saved),
            Effect::ReadDump { ticket } => self.saver.read_dump(ticket),
            Effect::Flush { ticket, logs } => self.logs.flush(ticket, logs),
            // Told by whoever steers, when it is true.
            Effect::Note(notice @ Notice::TookOver { .. }) => {
                self.listeners.publish(notice, self.notices.clone());
            }
            Effect::Note(notice) => self.notices.publish(notice),
            Effect::Answer { ticket, reply } => self.tickets.answer(ticket, reply),
            Effect::Exit => return Next::End,
        }
        Next::Turn
    }

    /// Keeps what belongs to a run in step with its life, before the fleet hears of it.
    pub(crate) fn witness(&mut self, event: &Event) {
        match event {
            Event::Launched { run, pid } => {
                if let Some(path) = self.pid_files.get(run) {
                    pidfile::write(path, *pid);
                }
            }
            Event::Exited { run, .. } | Event::LaunchFailed { run, .. } => self.ended(*run),
            Event::Asked { .. }
            | Event::Hung { .. }
            | Event::Ready { .. }
            | Event::Listening { .. }
            | Event::Hindered { .. }
            | Event::Checked { .. }
            | Event::Watched { .. }
            | Event::Drained { .. }
            | Event::Retired { .. }
            | Event::LeaderExited { .. }
            | Event::LogEnded { .. }
            | Event::Saved { .. }
            | Event::Flushed { .. }
            | Event::Dumped { .. }
            | Event::DumpRead { .. }
            | Event::Told { .. }
            | Event::Tick
            | Event::ShutDown { .. } => {}
        }
    }

    fn launch(&mut self, order: &LaunchOrder) {
        let run = order.who.run;
        self.pid_files
            .insert(run, order.spec.pid_file(order.who.id.0));
        if let Err(why) = self.try_launch(order) {
            self.inbox.send(Event::LaunchFailed { run, why });
        }
    }

    /// The journal knows the run by now, so its launcher may go on at once.
    fn try_launch(&mut self, order: &LaunchOrder) -> Result<(), LaunchError> {
        let run = order.who.run;
        let paths = order.spec.log_paths(order.who.id.0);
        let pipes = self
            .logs
            .attach(run, &paths, order.spec.logs.stamp.as_deref())?;
        self.children.launch(
            order,
            Output {
                out: pipes.out,
                err: pipes.err,
            },
        )?;
        self.children.go(run);
        Ok(())
    }

    fn ended(&mut self, run: RunId) {
        if let Some(path) = self.pid_files.remove(&run) {
            pidfile::remove(&path);
        }
        self.logs.finish(run);
        self.listeners.ended(run);
    }
}
