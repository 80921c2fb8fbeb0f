//! Each ticket is answered once, and nothing is done twice.

use std::collections::{BTreeMap, BTreeSet};

use config::AppName;
use fleet::{Effect, Event, Ticket};
use protocol::{Generation, InstanceId, Reply, Request, RequestId, RunId, Time};

use crate::laws::{Before, Laws, Outcome};

/// How long an answer is kept.
const KEPT_MS: u64 = 60_000;

/// All that was asked of one daemon.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    /// Who asked by which id, and whether they wait.
    clients: BTreeMap<Ticket, (RequestId, Wait)>,
    ids: BTreeMap<RequestId, Entry>,
    /// What was asked of whom, in which turn.
    pub(super) asks: Vec<(u64, Verb, BTreeSet<InstanceId>)>,
    /// In which turn each instance was last forgotten.
    pub(super) forgotten: BTreeMap<InstanceId, u64>,
    /// The instances that somebody has asked to reload, be it among other things.
    pub(super) reloads: BTreeSet<InstanceId>,
    /// In which turn a run failed to become ready or died, and of which app.
    pub(super) failures: Vec<(u64, AppName)>,
    /// Whose run each was.
    pub(super) runs: BTreeMap<RunId, InstanceId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Waits,
    Answered,
    HungUp,
}

/// What is known of one id.
#[derive(Debug)]
struct Entry {
    state: Known,
    wish: Wish,
}

#[derive(Debug)]
enum Known {
    Open,
    /// All its clients have gone, so that nobody can see when it is answered.
    Unseen,
    Kept(Time, Reply),
}

/// How a request is to be taken in.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Admission {
    New,
    /// It is open: nothing is done, and all who wait are answered together.
    Joins,
    /// It was answered so.
    Was(Reply),
    /// It is open or was answered.
    Either,
}

/// What was asked, as far as the answer must tell of it.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) verb: Verb,
    /// Whom a selector meant.
    pub(super) meant: BTreeSet<InstanceId>,
    pub(super) turn: u64,
    /// The last run that was launched before it.
    pub(super) last_run: RunId,
    /// The goals that must reach the disk before the answer. Where something else was due in the
    /// turn of the request, that may have changed them and not the request: then either will do.
    pub(super) generations: [Generation; 2],
    /// How often the disk had answered before.
    pub(super) disk_answers: usize,
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Start,
    Stop,
    Restart,
    Reload,
    Delete,
    Reset,
    Signal,
    /// Several things at once.
    Shape,
    Shell,
    Kill,
    Read,
}

impl Tickets {
    /// How a request by this id is to be taken in.
    pub(super) fn admission(&self, id: &RequestId, now: Time) -> Admission {
        match self.ids.get(id).map(|entry| &entry.state) {
            None => Admission::New,
            Some(Known::Open) => Admission::Joins,
            Some(Known::Unseen) => Admission::Either,
            Some(Known::Kept(at, reply)) if now.since(*at).0 <= KEPT_MS => {
                Admission::Was(reply.clone())
            }
            Some(Known::Kept(..)) => Admission::New,
        }
    }

    fn waiting(&self) -> impl Iterator<Item = (&Ticket, &RequestId)> {
        let all = self.clients.iter();
        let waiting = all.filter(|(_, (_, wait))| *wait == Wait::Waits);
        waiting.map(|(ticket, (id, _))| (ticket, id))
    }

    fn hung(&mut self, ticket: Ticket) {
        let Some((id, wait)) = self.clients.get_mut(&ticket) else {
            return;
        };
        let id = id.clone();
        *wait = Wait::HungUp;
        if self.waiting().any(|(_, one)| *one == id) {
            return;
        }
        if let Some(entry) = self.ids.get_mut(&id)
            && matches!(entry.state, Known::Open)
        {
            entry.state = Known::Unseen;
        }
    }
}

impl Laws {
    pub(super) fn ticket_law(
        &mut self,
        before: &Before,
        event: &Event,
        effects: &[Effect],
        wrote: bool,
    ) -> Outcome {
        match event {
            Event::Asked {
                ticket,
                id,
                request,
            } => self.asked(before, *ticket, id, request),
            Event::Hung { ticket } => self.tickets.hung(*ticket),
            Event::DumpRead { ticket, .. } => self.dump_read(before, *ticket),
            _ => {}
        }
        for effect in effects {
            if let Effect::Answer { ticket, reply } = effect {
                self.answer_law(before, event, *ticket, reply)?;
            }
        }
        if let (Event::Asked { ticket, .. }, Some(admission)) = (event, &before.admission) {
            let done = (effects, wrote);
            self.admission_law(before, *ticket, admission, done)?;
        }
        for (ticket, id) in self.tickets.waiting() {
            let entry = self.tickets.ids.get(id);
            let is_open = entry.is_some_and(|entry| matches!(entry.state, Known::Open));
            law!(
                is_open,
                "{ticket:?} was not answered with the others: {entry:?}"
            );
        }
        let ends = effects.contains(&Effect::Exit);
        let waiting: Vec<_> = self.tickets.waiting().collect();
        law!(
            !ends || waiting.is_empty(),
            "the daemon went and did not answer {waiting:?}"
        );
        Ok(())
    }

    fn asked(&mut self, before: &Before, ticket: Ticket, id: &RequestId, request: &Request) {
        let client = (id.clone(), Wait::Waits);
        self.tickets.clients.insert(ticket, client);
        match before.admission {
            Some(Admission::New) => {
                let wish = self.wish(before, verb(request));
                let ask = (self.turns, wish.verb, before.meant.clone());
                self.tickets.asks.push(ask);
                let state = Known::Open;
                self.tickets.ids.insert(id.clone(), Entry { state, wish });
            }
            Some(Admission::Either) => {
                if let Some(entry) = self.tickets.ids.get_mut(id) {
                    entry.state = Known::Open;
                }
            }
            Some(Admission::Joins | Admission::Was(_)) | None => {}
        }
    }

    /// From here on it is as if the apps of the dump had been asked for.
    fn dump_read(&mut self, before: &Before, ticket: Ticket) {
        let wish = self.wish(before, Verb::Shape);
        let id = self.tickets.clients.get(&ticket).map(|(id, _)| id);
        if let Some(entry) = id.and_then(|id| self.tickets.ids.get_mut(id)) {
            entry.wish = wish;
        }
    }

    fn wish(&self, before: &Before, verb: Verb) -> Wish {
        let generation = self.disk.generation;
        let saved = self.disk.has_saved() && !before.quiet;
        Wish {
            verb,
            meant: before.meant.clone(),
            turn: self.turns,
            last_run: before.last_run,
            generations: [Generation(generation.0 - u64::from(saved)), generation],
            disk_answers: self.disk.answers.len(),
        }
    }

    fn answer_law(
        &mut self,
        before: &Before,
        event: &Event,
        ticket: Ticket,
        reply: &Reply,
    ) -> Outcome {
        let Some((id, wait)) = self.tickets.clients.get_mut(&ticket) else {
            return Err(format!("{ticket:?} was answered and never was"));
        };
        law!(
            *wait == Wait::Waits,
            "{ticket:?} was answered and is {wait:?}"
        );
        *wait = Wait::Answered;
        let id = id.clone();
        let Some(entry) = self.tickets.ids.get_mut(&id) else {
            return Ok(());
        };
        if let Known::Kept(_, kept) = &entry.state {
            law!(
                kept == reply,
                "{ticket:?} was answered otherwise: {reply:?}\nand: {kept:?}"
            );
            return Ok(());
        }
        let wish = entry.wish.clone();
        let is_own = matches!(event, Event::Asked { ticket: own, .. } if *own == ticket);
        let is_new = is_own && before.admission == Some(Admission::New);
        if is_new && (matches!(reply, Reply::Refused { .. }) || wish.verb == Verb::Read) {
            self.tickets.ids.remove(&id);
        } else {
            entry.state = Known::Kept(before.now, reply.clone());
            self.reply_law(&wish, reply)?;
        }
        Ok(())
    }

    fn admission_law(
        &self,
        before: &Before,
        ticket: Ticket,
        admission: &Admission,
        (effects, wrote): (&[Effect], bool),
    ) -> Outcome {
        let own = effects.iter().find_map(|effect| match effect {
            Effect::Answer { ticket: to, reply } if *to == ticket => Some(reply),
            _ => None,
        });
        let (done, quiet) = (effects.len(), before.quiet);
        match admission {
            Admission::New if before.refused => {
                let refused = matches!(own, Some(Reply::Refused { .. }));
                law!(refused, "{ticket:?} was to be refused and got {own:?}");
                law!(
                    !quiet || done == 1 && !wrote,
                    "a refusal came with {effects:?}"
                );
            }
            Admission::New => {
                let refused = matches!(own, Some(Reply::Refused { .. }));
                law!(!refused, "{ticket:?} got {own:?}");
            }
            Admission::Joins => {
                let nothing = done == 0 && !wrote;
                law!(!quiet || nothing, "something was done twice: {effects:?}");
            }
            Admission::Was(reply) => {
                law!(
                    own == Some(reply),
                    "{ticket:?} got {own:?} and not {reply:?}"
                );
                law!(
                    !quiet || done == 1 && !wrote,
                    "something was done twice: {effects:?}"
                );
            }
            Admission::Either => {
                let nothing = done == usize::from(own.is_some()) && !wrote;
                law!(!quiet || nothing, "something was done twice: {effects:?}");
            }
        }
        Ok(())
    }
}

const fn verb(request: &Request) -> Verb {
    match request {
        Request::Start { .. } => Verb::Start,
        Request::Stop { .. } => Verb::Stop,
        Request::Restart { .. } => Verb::Restart,
        Request::Reload { .. } => Verb::Reload,
        Request::Delete { .. } => Verb::Delete,
        Request::Reset { .. } => Verb::Reset,
        Request::Signal { .. } => Verb::Signal,
        Request::Apply { .. } | Request::Scale { .. } => Verb::Shape,
        Request::Flush { .. } | Request::Dump | Request::Resurrect => Verb::Shell,
        Request::Kill => Verb::Kill,
        Request::Ping | Request::List | Request::Specs { .. } | Request::Events => Verb::Read,
    }
}
