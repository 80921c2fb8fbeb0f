//! One tree whose end is awaited.

use config::Signal;
use rustix::event::Timespec;
use tokio::sync::mpsc::UnboundedSender;

use super::processes::Look;
use super::{Grip, Mark, Mercy, Processes, Sight, Stray, Tree};

/// How long to wait before each further look when a look was not sure that nothing is left, in
/// milliseconds. What makes it unsure is over in an instant, unless the machine is very busy; after
/// the last of these it is believed.
const PAUSES_MS: [i64; 8] = [0, 1, 1, 2, 4, 8, 16, 32];

/// A tree whose end is awaited.
#[derive(Debug)]
pub(super) struct Watched {
    /// Whose end.
    pub(super) tree: Tree,
    /// What happens to what is found.
    pub(super) mercy: Mercy,
    tell: UnboundedSender<Sight>,
    /// Whether `Left` has been told.
    told: bool,
    /// Alive when last looked at. Empty: a look is due.
    pub(super) strays: Vec<Stray>,
    /// How many looks in a row found nothing without being sure of it.
    doubts: usize,
}

impl Watched {
    /// A tree for which a look is due.
    pub(super) const fn new(tree: Tree, mercy: Mercy, tell: UnboundedSender<Sight>) -> Self {
        Self {
            tree,
            mercy,
            tell,
            told: false,
            strays: Vec::new(),
            doubts: 0,
        }
    }

    /// Whether everything that was known of the tree has gone.
    pub(super) const fn is_due(&self) -> bool {
        self.strays.is_empty()
    }

    /// How long to wait for the look that is due; none where none is.
    pub(super) fn pause(&self) -> Option<Timespec> {
        let milliseconds = PAUSES_MS.get(self.doubts.saturating_sub(1))?;
        self.is_due().then_some(Timespec {
            tv_sec: 0,
            tv_nsec: milliseconds * 1_000_000,
        })
    }

    /// Takes hold of what is left; false when that is nothing.
    pub(super) fn follow(&mut self, look: &Look, processes: &mut Processes, mark: &Mark) -> bool {
        let mut is_sure = look.is_sure;
        for seen in look.seen.iter().filter(|it| self.tree.has(it)) {
            match Stray::hold(seen, mark) {
                Grip::Held(stray) => self.strays.push(stray),
                Grip::Gone => {
                    // It may have left a child that was not listed.
                    processes.bury(seen);
                    is_sure = false;
                }
                Grip::Beyond => {}
            }
        }
        if self.strays.is_empty() {
            return self.doubt(is_sure);
        }
        self.doubts = 0;
        if self.mercy == Mercy::Kill {
            self.strays.iter().for_each(|it| it.signal(Signal::KILL));
        }
        if !self.told {
            self.told = true;
            self.tell.send(Sight::Left).ok();
        }
        true
    }

    /// Says that nothing is left. Whoever hears it may reap the leader.
    pub(super) fn tell_gone(&self) {
        self.tell.send(Sight::Gone).ok();
    }

    /// Nothing was found: whether to look again.
    const fn doubt(&mut self, is_sure: bool) -> bool {
        self.doubts += 1;
        !is_sure && self.doubts <= PAUSES_MS.len()
    }
}
