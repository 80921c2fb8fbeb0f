//! What a run is out there: a launcher, a leader, what the leader has started, and a temper.
//!
//! The fleet hears of what happens here only later, by events. What becomes of a process is decided
//! by chance when it begins, and by the signals that reach it.

use config::Signal;
use config::spec::Scope;
use fleet::LaunchOrder;
use protocol::ExitStatus;
use protocol::notice::ReadyBy;

use crate::chance::Chance;
use crate::wishes;

/// One run as it really is.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) order: LaunchOrder,
    pub(crate) stage: Stage,
    /// Whether the leader ends when it is asked to.
    leader_heeds: bool,
    children: Children,
    /// How often it was asked to drain, and whether it still does.
    pub(crate) drains: (u32, bool),
    /// Whether it is watched.
    pub(crate) is_watched: bool,
    /// When the last news of it reaches the fleet, in milliseconds; later news comes no earlier.
    pub(crate) last_news: u64,
}

/// What is alive of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The launcher.
    Launching,
    /// The leader, and what it has started.
    Running,
    /// What the leader had started.
    Orphaned(ExitStatus),
    /// Nothing.
    Ended,
}

/// What the leader has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Children {
    None,
    /// They end when they are asked to.
    Heeding,
    /// They end by SIGKILL alone.
    Stubborn,
}

/// What becomes of it next.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    /// The launcher has executed the program.
    Executes,
    /// The launcher ends without.
    LaunchFails,
    SaysReady(ReadyBy),
    /// It listens at the address with this number of those that its specification may have.
    Listens(usize),
    /// It turns out to lack the thing with this number for a hand-over.
    Lacks(usize),
    /// Its connections have been seen.
    Watched,
    /// All is quiet in the drain with this number.
    Drained(u32),
    LeaderEnds(ExitStatus),
    ChildrenEnd,
}

/// A fate and in how many milliseconds.
pub(crate) type Due = (u64, Fate);

impl Process {
    /// A launcher has been started. Calm processes do all that can be hoped for.
    pub(crate) fn new(order: LaunchOrder, calm: bool, chance: &mut Chance) -> (Self, Option<Due>) {
        let children = [Children::None, Children::Heeding, Children::Stubborn];
        let process = Self {
            order,
            stage: Stage::Launching,
            leader_heeds: calm || !chance.one_in(3),
            children: *chance.pick(&children),
            drains: (0, false),
            is_watched: false,
            last_news: 0,
        };
        let fate = match chance.below(12) {
            0 | 1 if !calm => Some((chance.below(40), Fate::LaunchFails)),
            2 if !calm => None,
            _ => Some((chance.below(40), Fate::Executes)),
        };
        (process, fate)
    }

    /// The program has begun: what it will do by itself.
    pub(crate) fn begun(&self, calm: bool, chance: &mut Chance) -> Vec<Due> {
        let mut fates = Vec::new();
        let rule = &self.order.spec.ready;
        let by = if chance.one_in(2) {
            ReadyBy::Channel
        } else {
            ReadyBy::Notify
        };
        let says = if rule.wait_ready {
            calm || !chance.one_in(3)
        } else {
            chance.one_in(8)
        };
        if says {
            let patience = if calm {
                rule.listen_timeout.0 / 2
            } else {
                rule.listen_timeout.0 * 3 / 2
            };
            fates.push((chance.below(patience.max(1)), Fate::SaysReady(by)));
        }
        fates.extend(self.listens(calm, chance));
        if !calm && chance.one_in(40) {
            let lack = *chance.pick(&[0, 1, 2, 3, 4, 5, 6, 7]);
            fates.push((chance.below(1500), Fate::Lacks(lack)));
        }
        // Some are left alone, so that there is time for others to take over from them.
        let dies = if fates.is_empty() {
            !chance.one_in(3)
        } else {
            chance.one_in(3)
        };
        if !calm && dies {
            let span = *chance.pick(&[30, 700, 2500, 40_000]);
            fates.push((chance.below(span), Fate::LeaderEnds(any_end(chance))));
        }
        fates
    }

    /// Where and when it will listen.
    fn listens(&self, calm: bool, chance: &mut Chance) -> Vec<Due> {
        let all = wishes::addresses(&self.order.spec);
        let given = &self.order.spec.handover.listen;
        let all = (0..all.len()).filter(|at| !given.contains(&all[*at]));
        let limit = self.order.spec.ready.listen_timeout.0;
        let mut fates = Vec::new();
        for at in all {
            let patience = *chance.pick(&[20, 600, limit * 3 / 2]);
            if calm || !chance.one_in(10) {
                let patience = if calm { limit / 2 } else { patience };
                fates.push((chance.below(patience.max(1)), Fate::Listens(at)));
            }
        }
        fates
    }

    /// It is watched: whether and when all of its connections will have been seen.
    pub(crate) fn watch(&mut self, calm: bool, chance: &mut Chance) -> Option<Due> {
        self.is_watched = true;
        let span = *chance.pick(&[10, 400, 6000]);
        (calm || !chance.one_in(4)).then(|| (chance.below(span), Fate::Watched))
    }

    /// It is to drain: whether and when all will be quiet.
    pub(crate) fn drain(&mut self, calm: bool, chance: &mut Chance) -> Option<Due> {
        self.is_watched = false;
        self.drains = (self.drains.0 + 1, true);
        let span = *chance.pick(&[10, 400, 400, 40_000]);
        (calm || !chance.one_in(6)).then(|| (chance.below(span), Fate::Drained(self.drains.0)))
    }

    /// A signal reaches it.
    pub(crate) fn signalled(
        &mut self,
        signal: Signal,
        to: Scope,
        chance: &mut Chance,
    ) -> Option<Due> {
        let kill = signal == Signal::KILL;
        match self.stage {
            Stage::Launching => {
                (kill || chance.one_in(2)).then(|| (chance.below(5), Fate::LaunchFails))
            }
            Stage::Running => {
                let reaches = kill || self.children == Children::Heeding;
                if to == Scope::Tree && reaches {
                    self.children = Children::None;
                }
                let status = if kill || chance.one_in(2) {
                    let core = false;
                    ExitStatus::Signal { signal, core }
                } else {
                    ExitStatus::Code(0)
                };
                let time = if kill { 4 } else { 2500 };
                let heeds = kill || self.leader_heeds;
                heeds.then(|| (chance.below(time), Fate::LeaderEnds(status)))
            }
            Stage::Orphaned(_) => {
                let heeds = kill || self.children == Children::Heeding;
                let time = if kill { 4 } else { 1000 };
                (to == Scope::Tree && heeds).then(|| (chance.below(time), Fate::ChildrenEnd))
            }
            Stage::Ended => None,
        }
    }

    /// The leader has ended: whether it leaves others behind whose end is waited for.
    pub(crate) fn leaves_children(&self) -> bool {
        self.order.spec.stop.scope == Scope::Tree && self.children != Children::None
    }
}

/// A way to end that nobody asked for.
fn any_end(chance: &mut Chance) -> ExitStatus {
    let signal = *chance.pick(&[Signal::TERM, Signal::KILL, Signal::INT]);
    match chance.below(8) {
        0..=2 => ExitStatus::Code(0),
        3..=5 => ExitStatus::Code(1),
        6 => ExitStatus::Signal {
            signal,
            core: false,
        },
        _ => ExitStatus::Unknown,
    }
}
