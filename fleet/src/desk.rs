//! The open requests: who waits for what, and the answers that are kept for a minute.
//!
//! A request waits for instances (its *targets*) and for the goals to reach the disk. It is answered
//! when every target has an outcome and the disk has answered. A client whose connection broke asks
//! again by the same id: while the request is open it joins it, afterwards it gets the kept answer.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use config::Span;
use protocol::reply::{DiskError, Reached};
use protocol::view::InstanceView;
use protocol::{Generation, InstanceId, Reply, RequestId, RunId, Time};

use crate::Ticket;
use crate::instance::Instance;
use crate::target::{Aim, Progress, Target};
use crate::turn::Turn;

/// How many requests may be open at once.
pub(crate) const OPEN_MAX: u32 = 256;

/// How long an answer is kept.
const KEEP: Span = Span::secs(60);

/// How many answers are kept; the oldest goes first.
const KEPT_MAX: usize = 64;

/// How many outcomes all kept answers hold together; about half a kilobyte each.
const KEPT_OUTCOMES_MAX: usize = 1024;

/// Everybody who waits, and what was answered lately.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    open: BTreeMap<RequestId, Open>,
    /// In the order of their time.
    kept: Vec<(Time, RequestId, Reply)>,
    /// What the disk answered last: up to which generation, and why not.
    written: (Generation, Option<DiskError>),
}

/// One request that is not answered yet.
#[derive(Debug, Clone)]
struct Open {
    /// Its clients; none where they are gone.
    tickets: Vec<Ticket>,
    waits: Waits,
}

/// What a request waits for.
#[derive(Debug, Clone)]
enum Waits {
    /// For these instances to settle and for this generation of the goals.
    Settling { targets: Vec<Target>, disk: Disk },
    /// For the answer of the shell to this ticket.
    Shell(Ticket),
    /// For the daemon to end.
    End,
}

/// What the disk says to the goals of a request.
#[derive(Debug, Clone)]
enum Disk {
    /// Nothing yet; this generation holds them.
    Awaited(Generation),
    /// They are on it, or why not.
    Answered(Option<DiskError>),
}

/// How a request is taken in.
pub(crate) enum Admission {
    /// It is a new one.
    New,
    /// It is known, and its client has joined or been answered.
    Known,
}

impl Desk {
    pub(crate) const fn new() -> Self {
        Self {
            open: BTreeMap::new(),
            kept: Vec::new(),
            written: (Generation(0), None),
        }
    }

    /// Looks whether a request is known. Answers or joins where it is.
    pub(crate) fn admit(&mut self, id: &RequestId, ticket: Ticket, turn: &mut Turn) -> Admission {
        self.kept.retain(|(at, ..)| turn.now.since(*at) <= KEEP);
        if let Some(open) = self.open.get_mut(id) {
            open.tickets.push(ticket);
            return Admission::Known;
        }
        if let Some((.., reply)) = self.kept.iter().find(|(_, kept, _)| kept == id) {
            turn.answer(ticket, reply.clone());
            return Admission::Known;
        }
        Admission::New
    }

    /// Whether no more can be opened.
    pub(crate) fn is_full(&self) -> bool {
        self.open.len() >= OPEN_MAX as usize
    }

    /// Opens a request that waits for these instances and this generation.
    pub(crate) fn open(
        &mut self,
        id: RequestId,
        ticket: Ticket,
        targets: Vec<Target>,
        generation: Generation,
    ) {
        let waits = self.settling(targets, generation);
        self.open.insert(
            id,
            Open {
                tickets: alloc::vec![ticket],
                waits,
            },
        );
    }

    /// Answers a request that was done at once and must not be done twice.
    pub(crate) fn answer_now(
        &mut self,
        id: RequestId,
        ticket: Ticket,
        reply: Reply,
        turn: &mut Turn,
    ) {
        turn.answer(ticket, reply.clone());
        self.keep(turn.now, id, reply);
    }

    /// Opens a request that the shell answers by its first ticket.
    pub(crate) fn open_for_shell(&mut self, id: RequestId, ticket: Ticket) {
        let open = Open {
            tickets: alloc::vec![ticket],
            waits: Waits::Shell(ticket),
        };
        self.open.insert(id, open);
    }

    /// Opens a request that waits for the end of the daemon.
    pub(crate) fn open_until_end(&mut self, id: RequestId, ticket: Ticket) {
        self.open.insert(
            id,
            Open {
                tickets: alloc::vec![ticket],
                waits: Waits::End,
            },
        );
    }

    /// The client is gone; what it asked goes on.
    pub(crate) fn hung(&mut self, ticket: Ticket) {
        for open in self.open.values_mut() {
            open.tickets.retain(|one| *one != ticket);
        }
    }

    /// The shell has done what was asked under this ticket.
    pub(crate) fn shell_done(&mut self, ticket: Ticket, reply: &Reply, turn: &mut Turn) {
        if let Some(id) = self.waiting_for_shell(ticket) {
            self.answer(&id, reply, turn);
        }
    }

    /// Takes out the request that waits for the shell by this ticket, to go on with it otherwise.
    pub(crate) fn reopen(&mut self, ticket: Ticket, targets: Vec<Target>, generation: Generation) {
        let waits = self.settling(targets, generation);
        if let Some(id) = self.waiting_for_shell(ticket)
            && let Some(open) = self.open.get_mut(&id)
        {
            open.waits = waits;
        }
    }

    /// A run of this instance has ended, and nobody had asked for that.
    pub(crate) fn ended(&mut self, instance: InstanceId, run: RunId, reached: &Reached) {
        for target in self.targets().filter(|target| target.id == instance) {
            if target.is_ended_by(run, reached) {
                target.progress = Progress::Ended(run, reached.clone());
            }
        }
    }

    /// The turn of this instance does not come any more in the roll with this number.
    pub(crate) fn left_alone(&mut self, number: u64, view: &InstanceView) {
        for target in self.targets().filter(|target| target.id == view.id) {
            let waits = matches!(target.progress, Progress::Pending);
            let is_part = matches!(target.aim, Aim::Renewed { roll, .. } if roll == number);
            if waits && is_part {
                target.settle(view, Reached::LeftAlone);
            }
        }
    }

    /// The last lines of a run that ended have come.
    pub(crate) fn heard(&mut self, run: RunId, last: &[String], view: &InstanceView) {
        for target in self.targets() {
            let Progress::Ended(of, reached) = &target.progress else {
                continue;
            };
            if *of == run {
                let reached = with_last_lines(reached.clone(), last);
                target.settle(view, reached);
            }
        }
    }

    /// The goals have reached the disk up to this generation, or were refused.
    pub(crate) fn saved(&mut self, upto: Generation, failed: Option<DiskError>) {
        for open in self.open.values_mut() {
            if let Waits::Settling { disk, .. } = &mut open.waits
                && matches!(disk, Disk::Awaited(generation) if *generation <= upto)
            {
                *disk = Disk::Answered(failed.clone());
            }
        }
        if upto >= self.written.0 {
            self.written = (upto, failed);
        }
    }

    /// Looks at an instance for all who wait for it.
    pub(crate) fn look(&mut self, instance: &Instance, view: impl Fn() -> InstanceView) {
        for target in self.targets().filter(|target| target.id == instance.id) {
            if let (Progress::Pending, Some(reached)) = (&target.progress, target.reached(instance))
            {
                let handed = instance.handed_to(&reached);
                target.settle_handed(&view(), reached, handed);
            }
        }
    }

    /// The instance is forgotten with this turn.
    pub(crate) fn gone(&mut self, view: &InstanceView) {
        for target in self.targets().filter(|target| target.id == view.id) {
            match &target.progress {
                Progress::Pending if target.aim == Aim::Gone => {
                    target.settle(view, Reached::Done);
                }
                Progress::Pending => target.settle(view, Reached::Overtaken),
                Progress::Ended(_, reached) => {
                    let reached = reached.clone();
                    target.settle(view, reached);
                }
                Progress::Settled(_) => {}
            }
        }
    }

    /// Answers all whose instances have settled and whose goals are on disk.
    pub(crate) fn answer_settled(&mut self, turn: &mut Turn) {
        let done: Vec<(RequestId, Reply)> = self
            .open
            .iter()
            .filter_map(|(id, open)| Some((id.clone(), open.waits.settled()?)))
            .collect();
        for (id, reply) in done {
            self.answer(&id, &reply, turn);
        }
    }

    /// Answers everybody: the daemon ends.
    pub(crate) fn answer_all(&mut self, turn: &mut Turn) {
        let why = protocol::Refusal::ShuttingDown;
        let ids: Vec<RequestId> = self.open.keys().cloned().collect();
        for id in ids {
            let ended = matches!(
                self.open.get(&id),
                Some(Open {
                    waits: Waits::End,
                    ..
                })
            );
            let reply = if ended {
                Reply::Ended
            } else {
                Reply::Refused { why: why.clone() }
            };
            self.answer(&id, &reply, turn);
        }
    }

    fn answer(&mut self, id: &RequestId, reply: &Reply, turn: &mut Turn) {
        let Some(open) = self.open.remove(id) else {
            return;
        };
        for ticket in open.tickets {
            turn.answer(ticket, reply.clone());
        }
        self.keep(turn.now, id.clone(), reply.clone());
    }

    fn keep(&mut self, now: Time, id: RequestId, reply: Reply) {
        self.kept.push((now, id, reply));
        while self.kept.len() > 1
            && (self.kept.len() > KEPT_MAX || self.kept_outcomes() > KEPT_OUTCOMES_MAX)
        {
            self.kept.remove(0);
        }
    }

    fn kept_outcomes(&self) -> usize {
        let outcomes = |(_, _, reply): &(Time, RequestId, Reply)| {
            if let Reply::Settled { outcomes, .. } = reply {
                outcomes.len()
            } else {
                0
            }
        };
        self.kept.iter().map(outcomes).sum()
    }

    fn settling(&self, targets: Vec<Target>, generation: Generation) -> Waits {
        let (upto, failed) = &self.written;
        let disk = if generation <= *upto {
            Disk::Answered(failed.clone())
        } else {
            Disk::Awaited(generation)
        };
        Waits::Settling { targets, disk }
    }

    fn waiting_for_shell(&self, ticket: Ticket) -> Option<RequestId> {
        let waits = |open: &Open| matches!(open.waits, Waits::Shell(first) if first == ticket);
        self.open
            .iter()
            .find(|(_, open)| waits(open))
            .map(|(id, _)| id.clone())
    }

    fn targets(&mut self) -> impl Iterator<Item = &mut Target> {
        self.open
            .values_mut()
            .filter_map(|open| match &mut open.waits {
                Waits::Settling { targets, .. } => Some(targets),
                Waits::Shell(_) | Waits::End => None,
            })
            .flatten()
    }
}

impl Waits {
    /// The answer, once all has settled.
    fn settled(&self) -> Option<Reply> {
        let Self::Settling {
            targets,
            disk: Disk::Answered(unsaved),
        } = self
        else {
            return None;
        };
        let outcomes = targets.iter().map(Target::outcome);
        let mut outcomes = outcomes.collect::<Option<Vec<_>>>()?;
        outcomes.sort_by_key(|one| (&one.instance.app, one.instance.slot));
        Some(Reply::Settled {
            outcomes: outcomes.into_iter().cloned().collect(),
            unsaved: unsaved.clone(),
        })
    }
}

/// What was reached, with what the run had printed last.
fn with_last_lines(mut reached: Reached, last: &[String]) -> Reached {
    match &mut reached {
        Reached::Died { death } => death.last_lines = last.to_vec(),
        Reached::Finished { last_lines, .. } => *last_lines = last.to_vec(),
        Reached::Kept { death } => death.last_lines = last.to_vec(),
        Reached::Done | Reached::AlreadySo | Reached::LeftAlone | Reached::Overtaken => {}
    }
    reached
}
