//! Who asks: tickets that are counted up, and ids that collide now and then.

use fleet::Ticket;
use protocol::{Request, RequestId, Time};

use crate::chance::Chance;
use crate::wishes;

/// All clients of one daemon.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    tickets: u64,
    /// What was asked by which id, and when it was first asked.
    asked: Vec<(RequestId, Request, Time)>,
    /// Who has not been answered and is still there.
    pub(crate) waiting: Vec<Ticket>,
}

impl Clients {
    /// The next request: a new one, or one that was asked before.
    pub(crate) fn ask(&mut self, now: Time, chance: &mut Chance) -> (Ticket, RequestId, Request) {
        if !self.asked.is_empty() && chance.one_in(5) {
            let (id, request, at) = chance.pick(&self.asked).clone();
            // Later nobody can tell whether the answer is still kept.
            if now.since(at).0 <= 60_000 {
                let request = if chance.one_in(4) {
                    wishes::request(chance)
                } else {
                    request
                };
                return (self.ticket(), id, request);
            }
        }
        let request = if self.asked.is_empty() {
            wishes::apply(chance)
        } else {
            wishes::request(chance)
        };
        let (ticket, id) = self.new_request(&request, now);
        (ticket, id, request)
    }

    /// A ticket and an id for a request that was never asked before.
    pub(crate) fn new_request(&mut self, request: &Request, now: Time) -> (Ticket, RequestId) {
        let id = RequestId(format!("id{}", self.asked.len()));
        self.asked.push((id.clone(), request.clone(), now));
        (self.ticket(), id)
    }

    /// One that waits goes, if there is one.
    pub(crate) fn hang_up(&mut self, chance: &mut Chance) -> Option<Ticket> {
        if self.waiting.is_empty() {
            return None;
        }
        let ticket = *chance.pick(&self.waiting);
        self.answered(ticket);
        Some(ticket)
    }

    /// It waits no more.
    pub(crate) fn answered(&mut self, ticket: Ticket) {
        self.waiting.retain(|one| *one != ticket);
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.waiting.push(ticket);
        ticket
    }
}
