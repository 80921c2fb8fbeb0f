//! What happens outside of the daemon, to processes and on the disk, and when the fleet hears of it.

use config::spec::Scope;
use config::{Signal, Span};
use fleet::Event;
use protocol::{
    CheckFailure, ExitStatus, Generation, LaunchError, LaunchStage, Pid, RunId, Tally, Time,
};

use crate::process::{Due, Fate, Process, Stage};
use crate::wishes;
use crate::world::{Happening, World, disk_full};

impl World {
    pub(super) fn befalls(&mut self, run: RunId, fate: Fate) {
        let Some(process) = self.processes.get_mut(&run) else {
            return;
        };
        match (process.stage, fate) {
            (Stage::Launching, Fate::Executes) => {
                process.stage = Stage::Running;
                let fates = process.begun(self.calm, &mut self.chance);
                self.schedule(run, fates);
                let pid = Pid(u32::try_from(run.0).unwrap_or(u32::MAX) + 1000);
                self.news(run, Event::Launched { run, pid });
            }
            (Stage::Launching, Fate::LaunchFails) => {
                process.stage = Stage::Ended;
                let why = vanished();
                self.news(run, Event::LaunchFailed { run, why });
                self.log_ends(run);
            }
            (Stage::Running, Fate::SaysReady(by)) => self.news(run, Event::Ready { run, by }),
            (Stage::Running, Fate::Listens(at)) => {
                let at = wishes::addresses(&process.order.spec).swap_remove(at);
                self.news(run, Event::Listening { run, at });
            }
            (Stage::Running, Fate::Lacks(of)) => {
                let lack = wishes::lack(of);
                self.news(run, Event::Hindered { run, lack });
            }
            (Stage::Running | Stage::Orphaned(_), Fate::Watched) if process.is_watched => {
                self.news(run, Event::Watched { run });
            }
            (Stage::Running | Stage::Orphaned(_), Fate::Drained(number))
                if process.drains == (number, true) =>
            {
                self.news(run, Event::Drained { run });
            }
            (Stage::Running, Fate::LeaderEnds(status)) if process.leaves_children() => {
                process.stage = Stage::Orphaned(status);
                self.news(run, Event::LeaderExited { run, status });
                if self.chance.one_in(3) {
                    let fate = (self.chance.below(5000), Fate::ChildrenEnd);
                    self.schedule(run, [fate]);
                }
            }
            (Stage::Running, Fate::LeaderEnds(status))
            | (Stage::Orphaned(status), Fate::ChildrenEnd) => {
                process.stage = Stage::Ended;
                self.exits(run, status);
            }
            // Too late: what was to befall it is not there any more.
            _ => {}
        }
    }

    fn exits(&mut self, run: RunId, status: ExitStatus) {
        self.news(run, Event::Exited { run, status });
        self.log_ends(run);
    }

    fn log_ends(&mut self, run: RunId) {
        let last = vec![format!("last words of {run}")];
        self.news(run, Event::LogEnded { run, last });
    }

    /// The launcher opens what the run is given.
    pub(super) fn give(&mut self, run: RunId) {
        let Some(process) = self.processes.get(&run) else {
            return;
        };
        for at in process.order.spec.handover.listen.clone() {
            if self.calm || !self.chance.one_in(12) {
                self.news(run, Event::Listening { run, at });
            }
        }
    }

    /// The run was asked for a path: how it answers, if it does.
    pub(super) fn check(&mut self, run: RunId, path: &str, within: Span) {
        assert!(path.starts_with('/'), "it asks for a path");
        let outcome = if self.calm || !self.chance.one_in(4) {
            Ok(())
        } else {
            let failures = [
                CheckFailure::Status(500),
                CheckFailure::Late(within),
                CheckFailure::Broken(104),
                CheckFailure::NoPort,
            ];
            Err(self.chance.pick(&failures).clone())
        };
        if !self.chance.one_in(12) {
            let at = Time(self.now.0 + self.chance.below(within.0 * 5 / 4 + 1));
            self.put(at, Happening::News(Event::Checked { run, outcome }));
        }
    }

    /// The run is watched.
    pub(super) fn watch(&mut self, run: RunId) {
        if let Some(process) = self.processes.get_mut(&run) {
            let due = process.watch(self.calm, &mut self.chance);
            self.schedule(run, due);
            self.strike(run);
        }
    }

    /// The run is to drain.
    pub(super) fn drain(&mut self, run: RunId) {
        if let Some(process) = self.processes.get_mut(&run) {
            let due = process.drain(self.calm, &mut self.chance);
            self.schedule(run, due);
            self.strike(run);
            if self.chance.one_in(8) {
                let lack = wishes::lack(*self.chance.pick(&[4, 5]));
                self.news(run, Event::Hindered { run, lack });
            }
        }
    }

    /// Something may happen to one of the runs of an instance just when two of them are there.
    pub(super) fn strike(&mut self, run: RunId) {
        if self.calm || self.chance.one_in(2) {
            return;
        }
        let Some(id) = self.processes.get(&run).map(|one| one.order.who.id) else {
            return;
        };
        let alive = |one: &Process| one.order.who.id == id && one.stage == Stage::Running;
        let all = self.processes.iter().filter(|(_, one)| alive(one));
        let those: Vec<RunId> = all.map(|(run, _)| *run).collect();
        let Some(newest) = those.last() else {
            return;
        };
        let struck = if self.chance.one_in(2) {
            *newest
        } else {
            *self.chance.pick(&those)
        };
        let span = *self.chance.pick(&[20, 300, 3000]);
        let due = (
            self.chance.below(span),
            Fate::LeaderEnds(ExitStatus::Code(1)),
        );
        self.schedule(struck, [due]);
    }

    /// The runs of the same instance that are there, with this one.
    fn pair_of(&self, run: RunId) -> Vec<RunId> {
        let Some(id) = self.processes.get(&run).map(|one| one.order.who.id) else {
            return Vec::new();
        };
        let alive = |one: &Process| one.order.who.id == id && one.stage != Stage::Ended;
        let all = self.processes.iter().filter(|(_, one)| alive(one));
        all.map(|(run, _)| *run).collect()
    }

    /// One of the runs of an instance may turn out to lack something just when two of them are there.
    pub(super) fn hinder(&mut self, run: RunId) {
        let pair = self.pair_of(run);
        if pair.len() < 2 || !self.chance.one_in(6) {
            return;
        }
        let hindered = *self.chance.pick(&pair);
        let span = *self.chance.pick(&[20, 300, 3000]);
        let lack = *self.chance.pick(&[2, 4, 6, 6, 7]);
        let due = (self.chance.below(span), Fate::Lacks(lack));
        self.schedule(hindered, [due]);
    }

    /// The run is to end after it has drained.
    pub(super) fn retire(&mut self, run: RunId, signal: Signal, to: Scope) {
        if !self.chance.one_in(4) {
            let tally = Tally {
                adopted: self.chance.small(9),
                cut: self.chance.small(3),
                cut_unknown: self.chance.small(3),
            };
            self.news(run, Event::Retired { run, tally });
        }
        self.serve(run);
        self.signal(run, signal, to);
        self.strike(run);
    }

    /// The run drains no more, and is watched no more.
    pub(super) fn serve(&mut self, run: RunId) {
        if let Some(process) = self.processes.get_mut(&run) {
            (process.drains.1, process.is_watched) = (false, false);
        }
    }

    pub(super) fn signal(&mut self, run: RunId, signal: Signal, to: Scope) {
        if let Some(process) = self.processes.get_mut(&run) {
            let due = process.signalled(signal, to, &mut self.chance);
            self.schedule(run, due);
        }
    }

    pub(super) fn written(&mut self, upto: Generation) -> Result<(), String> {
        self.disk.0 = None;
        if self.disk.1 > upto {
            self.write(self.disk.1);
        }
        let failed = (!self.calm && self.chance.one_in(6)).then(disk_full);
        let event = Event::Saved { upto, failed };
        if self.chance.one_in(10) {
            let again = Time(self.now.0 + self.chance.below(3000));
            self.put(again, Happening::News(event.clone()));
        }
        self.turn(event)
    }

    pub(super) fn write(&mut self, generation: Generation) {
        self.disk.0 = Some(generation);
        let limit = *self.chance.pick(&[5, 200, 6000]);
        let at = Time(self.now.0 + self.chance.below(limit));
        self.put(at, Happening::Written(generation));
    }

    pub(super) fn schedule(&mut self, run: RunId, fates: impl IntoIterator<Item = Due>) {
        for (after, fate) in fates {
            let at = Time(self.now.0 + after);
            self.put(at, Happening::Fate(run, fate));
        }
    }

    /// The fleet is to hear of this: soon or later, in the order in which it happened, now and then
    /// twice. That the program executes may come after what the program did.
    fn news(&mut self, run: RunId, event: Event) {
        let delay = *self.chance.pick(&[0, 0, 0, 4, 300]);
        let Some(process) = self.processes.get_mut(&run) else {
            return;
        };
        let mut at = Time(process.last_news.max(self.now.0 + delay));
        process.last_news = at.0;
        if matches!(event, Event::Launched { .. }) && self.chance.one_in(6) {
            at = Time(at.0 + 50);
        }
        if self.chance.one_in(10) {
            let again = Time(at.0 + self.chance.below(3000));
            self.put(again, Happening::News(event.clone()));
        }
        self.put(at, Happening::News(event));
    }

    pub(super) fn put(&mut self, at: Time, happening: Happening) {
        self.counted += 1;
        self.queue.insert((at, self.counted), happening);
    }
}

fn vanished() -> LaunchError {
    LaunchError {
        stage: LaunchStage::Vanished,
        on: String::new(),
        errno: 0,
    }
}
