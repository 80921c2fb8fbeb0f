//! The life of one run, from its launcher to the last process it leaves.

use std::os::fd::OwnedFd;

use config::Signal;
use config::spec::Scope;
use fleet::{Event, LaunchOrder};
use nix::errno::Errno;
use protocol::{ExitStatus, LaunchError, LaunchStage};
use tokio::net::UnixStream;
use tokio::sync::mpsc::UnboundedReceiver;

use super::leader::Leader;
use crate::inbox::InboxSender;
use crate::launch::{At as _, GO, Heard, Program};
use crate::listeners::{Launched, Listeners};
use crate::ready::{Offer, Senders};
use crate::sweep::Sight;

/// What the loop tells a run.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    /// Execute the program.
    Go,
    /// Send a signal.
    Signal { signal: Signal, to: Scope },
}

/// One run: everything that is its own.
#[derive(Debug)]
pub(super) struct Life {
    /// The launcher, then the app.
    pub(super) leader: Leader,
    /// What the run is: its leader alone, or all that this started.
    pub(super) scope: Scope,
    /// How it can say that it is ready, and who may; none where it is not asked to.
    pub(super) hearing: Option<(Offer, Senders)>,
    /// What was to be launched, and who answers its calls of `bind` and `listen`.
    pub(super) filtered: (LaunchOrder, Listeners),
    /// What the loop tells it.
    pub(super) orders: UnboundedReceiver<Order>,
    /// Where it reports.
    pub(super) inbox: InboxSender,
}

impl Life {
    /// Lives it.
    pub(super) async fn live(mut self, talk: UnixStream) {
        let run = self.leader.tree().run;
        match self.launch(talk).await {
            Ok(held) => {
                let pid = self.leader.pid();
                self.inbox.send(Event::Launched { run, pid });
                // Heard only now, so that no run is ready before it was launched.
                let hearing = self.hearing.take();
                let _listening = hearing.map(|(offer, who)| offer.listen(who, &self.inbox));
                held.into_iter().for_each(|order| self.obey(order));
                let status = self.run().await;
                self.leave(status).await;
            }
            Err(why) => {
                self.leader.signal(Signal::KILL, Scope::Leader);
                self.leader.ended().await;
                self.leader.reap();
                self.inbox.send(Event::LaunchFailed { run, why });
            }
        }
    }

    /// Waits until the launcher has become the program, or says why not. Returns the signals that
    /// came too early for the program.
    async fn launch(&mut self, talk: UnixStream) -> Result<Vec<Order>, LaunchError> {
        let mut heard = Heard::default();
        let mut held = Vec::new();
        let mut has_go = false;
        let mut is_attached = false;
        // A program whose calls reach nobody could never listen: it is not let go before they do.
        let mut waits_for_filter = Program::filter_of(&self.filtered.0.spec).is_some();
        loop {
            tokio::select! {
                biased;
                goes_on = heard.hear(&talk) => {
                    if !goes_on { break }
                    // At once: the launcher may listen for the app.
                    if let Some(calls) = heard.calls() {
                        self.attach(Some(calls));
                        is_attached = true;
                    } else if heard.is_bereft() && !is_attached {
                        return Err(Errno::EMFILE).at(LaunchStage::Descriptors, "");
                    }
                    if waits_for_filter && heard.has_spoken() {
                        waits_for_filter = false;
                        if has_go {
                            say_go(&talk);
                        }
                    }
                }
                Some(order) = self.orders.recv() => match order {
                    Order::Go => {
                        has_go = true;
                        if !waits_for_filter {
                            say_go(&talk);
                        }
                    }
                    Order::Signal { signal, .. } if !has_go || signal == Signal::KILL => {
                        self.leader.signal(Signal::KILL, Scope::Leader);
                    }
                    Order::Signal { .. } => held.push(order),
                },
            }
        }
        let verdict = heard.verdict();
        if let Some(why) = verdict.failure {
            return Err(why);
        }
        if !has_go || waits_for_filter {
            return Err(LaunchError {
                stage: LaunchStage::Vanished,
                on: String::new(),
                errno: 0,
            });
        }
        if let Some(lack) = verdict.lack {
            let run = self.leader.tree().run;
            self.inbox.send(Event::Hindered { run, lack });
        }
        if !is_attached {
            self.attach(None);
        }
        Ok(held)
    }

    /// Lets the program's calls be answered, where they arrive.
    fn attach(&self, calls: Option<OwnedFd>) {
        let (order, listeners) = &self.filtered;
        listeners.attach(Launched {
            of: order.clone(),
            leader: self.leader.tree().leader,
            calls,
        });
    }

    /// Waits for the leader's end.
    async fn run(&mut self) -> ExitStatus {
        loop {
            tokio::select! {
                biased;
                status = self.leader.ended() => return status,
                Some(order) = self.orders.recv() => self.obey(order),
            }
        }
    }

    /// Sees to what the leader leaves behind, then reaps it.
    async fn leave(mut self, status: ExitStatus) {
        let run = self.leader.tree().run;
        if self.scope == Scope::Tree {
            let mut sights = self.leader.sights();
            loop {
                tokio::select! {
                    biased;
                    sight = sights.recv() => match sight {
                        Some(Sight::Left) => self.inbox.send(Event::LeaderExited { run, status }),
                        Some(Sight::Gone) | None => break,
                    },
                    Some(order) = self.orders.recv() => self.obey(order),
                }
            }
        }
        self.leader.reap();
        self.inbox.send(Event::Exited { run, status });
    }

    /// Does what the loop says to a run whose program was executed.
    fn obey(&mut self, order: Order) {
        match order {
            // It went long ago.
            Order::Go => {}
            // Who asks for no look at the tree is not told when its group's number may be another's.
            Order::Signal { signal, .. } if self.scope == Scope::Leader => {
                self.leader.signal(signal, Scope::Leader);
            }
            Order::Signal { signal, to } => self.leader.signal(signal, to),
        }
    }
}

/// Lets the launcher execute the program.
///
/// Not by tokio, which would have to learn first that there is room. One byte always fits; a launcher
/// that is gone is noticed by its last word.
fn say_go(talk: &UnixStream) {
    rustix::io::write(talk, &[GO]).ok();
}
