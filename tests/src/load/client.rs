//! A client: it asks, waits for the answer, rests, and asks again.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::board::Board;
use super::connection::{Answer, Connection, Rest};
use super::random::Random;
use super::{Failure, How, Place, Plan, Report};
use crate::deadline::Stopwatch;

/// How long a client waits after a failure: one that does not would count how fast it can fail.
pub(super) const AFTER_FAILURE: Duration = Duration::from_millis(10);

/// What all clients of a load share.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    pub(super) server: SocketAddr,
    pub(super) board: Arc<Board>,
    pub(super) report: Rc<RefCell<Report>>,
}

/// Asks on one connection after the other, until the load is to end.
pub(super) async fn ask_on(shared: Shared, plan: Plan, number: u32) {
    let mut client = Client {
        shared,
        random: Random::of(number),
        tag: u64::from(number) << 32,
        kept: None,
        plan,
    };
    // They do not begin all at once, so that some request is always under way.
    let time = client.plan.request.time();
    client.pause(time).await;
    while !client.shared.board.is_stopped() {
        let fared = client.one().await;
        let pause = if fared.is_ok() {
            client.plan.pause
        } else {
            AFTER_FAILURE
        };
        client.pause(pause).await;
    }
}

struct Client {
    shared: Shared,
    plan: Plan,
    random: Random,
    /// What the next answer must repeat; no two requests of a load have the same.
    tag: u64,
    kept: Option<Connection>,
}

impl Client {
    /// One request, whatever comes of it, into the report.
    async fn one(&mut self) -> Result<(), ()> {
        self.drop_ended();
        let watch = Stopwatch::start();
        let mut kept = self.kept.take();
        let limit = self.plan.patience + self.plan.request.time();
        let asked = timeout(limit, self.ask(&mut kept)).await;
        let asked = asked.unwrap_or(Err(How::Late));
        match (asked, kept) {
            (Ok(answer), Some(connection)) => {
                self.answered(answer, &connection, watch.read());
                self.kept = Some(connection).filter(|_| !answer.is_last);
                Ok(())
            }
            (asked, lost) => {
                let place = lost.as_ref().map_or(Place::Connecting, |lost| lost.place);
                let is_reused = lost.is_some_and(|lost| lost.answers > 0);
                let how = asked.err().unwrap_or(How::Ended);
                self.shared.failed(place, how, is_reused, watch.read());
                Err(())
            }
        }
    }

    /// Asks on the connection that there is, or else on a new one, which is then there.
    async fn ask(&mut self, kept: &mut Option<Connection>) -> Result<Answer, How> {
        if kept.is_none() {
            let least = self.shared.board.least();
            *kept = Some(Connection::open(self.shared.server, least).await?);
        }
        self.tag += 1;
        let connection = kept.as_mut().expect("it was made where there was none");
        let (request, is_kept) = (self.plan.request, self.plan.is_kept);
        connection.ask(request, self.tag, is_kept).await
    }

    fn answered(&self, answer: Answer, connection: &Connection, time: Duration) {
        let is_fresh = connection.answers == 1;
        let is_stale = is_fresh && answer.run.release < connection.least;
        let phase = self.shared.board.phase();
        let mut report = self.shared.report.borrow_mut();
        report.answered_by(answer.run, is_stale);
        let tally = report.tally(phase);
        tally.answers += 1;
        tally.fresh += u64::from(is_fresh);
        tally.bytes += answer.length as u64;
        tally.latency.push(time);
        drop(report);
        self.shared.board.answers.add_one();
    }

    /// Lets go of a connection that the server has closed meanwhile.
    fn drop_ended(&mut self) {
        if let Some(rest) = self.kept.as_ref().map(Connection::look) {
            self.rested(rest);
        }
    }

    /// What a connection was found to be while nothing was asked.
    fn rested(&mut self, rest: Rest) {
        match rest {
            Rest::Open => return,
            Rest::Ended => self.shared.report.borrow_mut().closed_idle += 1,
            Rest::Unasked => {
                let (place, how) = (Place::Between, How::Malformed);
                self.shared.failed(place, how, true, Duration::ZERO);
            }
        }
        self.kept = None;
    }

    /// Rests for some part of this time; a connection that ends meanwhile is let go.
    async fn pause(&mut self, longest: Duration) {
        if longest.is_zero() {
            return;
        }
        let time = self.random.part_of(longest);
        let resting = async {
            match &self.kept {
                Some(connection) => connection.rest().await,
                None => std::future::pending().await,
            }
        };
        let pause = pause(time);
        tokio::pin!(pause);
        let rest = tokio::select! {
            biased;
            () = &mut pause => return,
            () = self.shared.board.stopped() => return,
            rest = resting => rest,
        };
        self.rested(rest);
        tokio::select! {
            () = pause => {}
            () = self.shared.board.stopped() => {}
        }
    }
}

impl Shared {
    pub(super) fn failed(&self, place: Place, how: How, is_reused: bool, after: Duration) {
        let failure = Failure {
            place,
            how,
            is_reused,
            phase: self.board.phase(),
            at: self.board.since_start(),
            after,
        };
        self.report.borrow_mut().failed(failure);
        self.board.failures.add_one();
    }
}

/// Waits for so long.
#[expect(
    clippy::disallowed_methods,
    reason = "a client that thinks is the very load; nothing is waited for"
)]
pub(super) async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
