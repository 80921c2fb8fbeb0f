//! What an answer says is so.

use std::collections::BTreeSet;

use config::Span;
use protocol::reply::{Death, Outcome as Settled, Reached};
use protocol::saved::Record;
use protocol::view::{InstanceView, StateView};
use protocol::{Generation, InstanceId, Mode, Refusal, Reply, RunId};

use crate::laws::tickets::{Verb, Wish};
use crate::laws::{Laws, Outcome};

impl Laws {
    /// Writes down who is forgotten in this turn.
    pub(super) fn note_forgotten(&mut self, records: &[Record]) {
        for record in records {
            if let Record::InstanceForgotten { id } = record {
                self.tickets.forgotten.insert(*id, self.turns);
            }
        }
    }

    /// That this may be answered to what was wished.
    pub(super) fn reply_law(&self, wish: &Wish, reply: &Reply) -> Outcome {
        let is_right = match (wish.verb, reply) {
            (_, Reply::Settled { outcomes, unsaved }) => {
                self.unsaved_law(wish, unsaved.is_some())?;
                return self.outcomes_law(wish, outcomes);
            }
            (Verb::Signal, Reply::Signalled { instances }) => {
                instances.iter().all(|id| wish.meant.contains(id))
            }
            (Verb::Shell, Reply::Flushed { .. } | Reply::Dumped { .. } | Reply::Refused { .. }) => {
                true
            }
            // Resurrecting, without a dump.
            (
                Verb::Shape,
                Reply::Refused {
                    why: Refusal::NoDump { .. },
                },
            ) => true,
            (Verb::Kill, Reply::Ended) => self.lives.is_empty() && self.ending,
            (
                _,
                Reply::Refused {
                    why: Refusal::ShuttingDown,
                },
            ) => self.ending,
            _ => false,
        };
        law!(is_right, "{wish:?} was answered by {reply:?}");
        Ok(())
    }

    /// That the disk was awaited, and that what it said is told.
    fn unsaved_law(&self, wish: &Wish, unsaved: bool) -> Outcome {
        let known = wish.disk_answers.saturating_sub(1);
        let answers = &self.disk.answers[known..];
        let says = |generation: Generation| {
            let answer = answers.iter().find(|(upto, _)| *upto >= generation);
            let nothing = generation == Generation(0);
            answer
                .map(|(_, failed)| *failed)
                .or_else(|| nothing.then_some(false))
        };
        let said = wish.generations.map(says);
        law!(
            said.contains(&Some(unsaved)),
            "{wish:?} was answered unsaved: {unsaved}"
        );
        Ok(())
    }

    fn outcomes_law(&self, wish: &Wish, outcomes: &[Settled]) -> Outcome {
        let place = |one: &Settled| (one.instance.app.clone(), one.instance.slot);
        let is_ordered = outcomes.is_sorted_by(|one, other| place(one) < place(other));
        law!(is_ordered, "the outcomes are not in order: {outcomes:?}");
        let told: BTreeSet<InstanceId> = outcomes.iter().map(|one| one.instance.id).collect();
        let is_whole = wish.verb == Verb::Shape || told == wish.meant;
        law!(is_whole, "{wish:?} was answered about {told:?}");
        for one in outcomes {
            self.outcome_law(wish, one)?;
        }
        Ok(())
    }

    fn outcome_law(&self, wish: &Wish, one: &Settled) -> Outcome {
        let (view, id) = (&one.instance, one.instance.id);
        let is_online = view.state == StateView::Online;
        let is_stopped = view.state == StateView::Stopped;
        let is_later = view.run.is_some_and(|run| run > wish.last_run);
        let is_right = match (&one.reached, wish.verb) {
            (Reached::Done, Verb::Start | Verb::Restart | Verb::Reload) => is_online && is_later,
            (Reached::AlreadySo, Verb::Start) => is_online && !is_later,
            (Reached::Done | Reached::AlreadySo, Verb::Stop) => is_stopped,
            (Reached::Done, Verb::Delete) => is_stopped && self.was_forgotten(id, wish),
            (Reached::Done, Verb::Reset) => view.restarts == 0,
            (Reached::Done | Reached::AlreadySo, Verb::Shape) => is_online || is_stopped,
            // Its last lines come after its end, and somebody may have started it again meanwhile.
            (
                Reached::Finished { status, .. },
                Verb::Start | Verb::Restart | Verb::Reload | Verb::Shape,
            ) => {
                let had_two = self.tickets.reloads.contains(&id);
                let mut asks = self.tickets.asks.iter();
                let again = asks.any(|(turn, _, meant)| *turn > wish.turn && meant.contains(&id));
                Some(*status) == view.last_exit || !is_stopped || had_two || again
            }
            (Reached::Died { death }, Verb::Start | Verb::Restart | Verb::Reload | Verb::Shape)
            | (Reached::Kept { death }, Verb::Reload | Verb::Shape) => {
                return self.last_words_law(wish, id, death);
            }
            (Reached::LeftAlone, Verb::Reload | Verb::Shape) => self.was_broken_off(wish, view),
            (Reached::Overtaken, _) => self.was_overtaken(wish, id),
            _ => false,
        };
        law!(is_right, "{wish:?} was answered by {one:?}");
        let alone = view.beside.is_none() || wish.verb != Verb::Reload;
        law!(
            alone || one.reached != Reached::Done,
            "{wish:?} was answered in the midst: {one:?}"
        );
        let claims = one.handed.as_ref().filter(|it| it.mode != Mode::Queue);
        law!(
            claims.is_none_or(|handed| handed.pause == Span::ZERO),
            "nobody can have waited: {one:?}"
        );
        Ok(())
    }

    /// Whether a run of the same app has failed since.
    fn was_broken_off(&self, wish: &Wish, view: &InstanceView) -> bool {
        let mut failures = self.tickets.failures.iter();
        failures.any(|(turn, app)| *turn >= wish.turn && *app == view.app)
    }

    fn was_forgotten(&self, id: InstanceId, wish: &Wish) -> bool {
        let turn = self.tickets.forgotten.get(&id);
        turn.is_some_and(|turn| *turn >= wish.turn)
    }

    /// Whether somebody has asked for something else since.
    fn was_overtaken(&self, wish: &Wish, id: InstanceId) -> bool {
        self.tickets.asks.iter().any(|(turn, verb, meant)| {
            let other =
                *verb != wish.verb || matches!(verb, Verb::Restart | Verb::Reload | Verb::Shape);
            *turn > wish.turn && other && meant.contains(&id)
        })
    }

    /// That the last words are those of a run of this instance.
    fn last_words_law(&self, wish: &Wish, id: InstanceId, death: &Death) -> Outcome {
        let words: Vec<&str> = death.last_lines.iter().map(String::as_str).collect();
        let run = match words.as_slice() {
            [] if self.was_forgotten(id, wish) => return Ok(()),
            [words] => words.strip_prefix("last words of "),
            _ => None,
        };
        let run = run.and_then(|run| run.parse().ok()).map(RunId);
        let of = run.and_then(|run| self.tickets.runs.get(&run));
        law!(of == Some(&id), "{death:?} is not a death of instance {id}");
        Ok(())
    }
}
