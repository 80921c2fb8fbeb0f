//! What happens outside of the daemon, to processes and on the disk, and when the fleet hears of it.

use fleet::Event;
use protocol::{ExitStatus, Generation, LaunchError, LaunchStage, Pid, RunId, Time};

use crate::process::{Due, Fate, Stage};
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
