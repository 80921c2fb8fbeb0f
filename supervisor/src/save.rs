//! The goals on disk, by a thread of its own.
//!
//! The loop hands over what is to be saved and goes on; the thread writes it and reports. Of the
//! generations that wait while one is being written only the latest is written: it contains all
//! that the others changed.
//!
//! There are always two generations, `state.json` and `state.json.before`. The next one is written
//! beside them and synced, then takes the first place while the first takes the second. So there is
//! a whole one at every instant, whatever fails. The dump of `wsctl save` has the same form and one
//! generation.

mod load;
mod replace;
mod sealed;

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use fleet::{Event, Ticket};
use protocol::reply::DiskError;
use protocol::saved::Saved;
use protocol::{Generation, Paths, Reply};

pub(crate) use self::load::{Damage, Unreadable, load};
use crate::inbox::InboxSender;

/// The thread that saves, as the loop sees it. None of its methods waits for the disk but `stop`.
#[derive(Debug)]
pub(crate) struct Saver {
    orders: Sender<Order>,
    thread: JoinHandle<()>,
}

#[derive(Debug)]
enum Order {
    Save(Generation, Saved),
    Dump(Ticket, Saved),
    ReadDump(Ticket),
}

impl Saver {
    /// Starts the thread, which reports to `inbox`.
    ///
    /// # Errors
    /// The kernel has no thread left.
    pub(crate) fn start(paths: &Paths, inbox: InboxSender) -> io::Result<Self> {
        let (orders, taken) = channel();
        let writer = Writer {
            paths: paths.clone(),
            inbox,
            boot_id: sealed::boot_id(),
        };
        let thread = std::thread::Builder::new()
            .name("save".to_owned())
            .spawn(move || writer.run(&taken))?;
        Ok(Self { orders, thread })
    }

    /// Writes the goals, then comes `Event::Saved`: for these, or for later ones that overtook
    /// them.
    pub(crate) fn save(&self, generation: Generation, saved: Saved) {
        self.order(Order::Save(generation, saved));
    }

    /// Writes the goals to the dump, then comes `Event::Dumped`.
    pub(crate) fn dump(&self, ticket: Ticket, saved: Saved) {
        self.order(Order::Dump(ticket, saved));
    }

    /// Reads the dump, then comes `Event::DumpRead`.
    pub(crate) fn read_dump(&self, ticket: Ticket) {
        self.order(Order::ReadDump(ticket));
    }

    /// Writes what is still waiting and ends the thread. Waits for it.
    pub(crate) fn stop(self) {
        drop(self.orders);
        // A panic in the thread has been printed, and there is nobody left to tell.
        drop(self.thread.join());
    }

    fn order(&self, order: Order) {
        // Fails only where the thread has panicked; the loop then waits for `Saved` in vain, and
        // the journal still holds what it knew.
        drop(self.orders.send(order));
    }
}

/// The thread's side.
#[derive(Debug)]
struct Writer {
    paths: Paths,
    inbox: InboxSender,
    /// Of this boot, for whoever reads the state after the next one.
    boot_id: String,
}

impl Writer {
    fn run(&self, orders: &Receiver<Order>) {
        while let Ok(first) = orders.recv() {
            let waiting: Vec<Order> = std::iter::once(first).chain(orders.try_iter()).collect();
            for order in without_overtaken(waiting) {
                self.obey(order);
            }
        }
    }

    fn obey(&self, order: Order) {
        let event = match order {
            Order::Save(upto, saved) => {
                let (state, before) = (self.paths.state(), self.paths.state_before());
                Event::Saved {
                    upto,
                    failed: self.write(&saved, &state, Some(&before)).err(),
                }
            }
            Order::Dump(ticket, saved) => {
                let file = self.paths.dump();
                let apps = u32::try_from(saved.apps.len()).unwrap_or(u32::MAX);
                let written = self.write(&saved, &file, None).map(|()| apps);
                Event::Dumped {
                    ticket,
                    reply: Reply::Dumped { written, file },
                }
            }
            Order::ReadDump(ticket) => Event::DumpRead {
                ticket,
                dump: load::read_dump(&self.paths.dump()),
            },
        };
        self.inbox.send(event);
    }

    fn write(&self, saved: &Saved, to: &Path, before: Option<&Path>) -> Result<(), DiskError> {
        let bytes = sealed::seal(saved, &self.boot_id)
            .map_err(|why| DiskError::contents(to, why.to_string()))?;
        replace::replace(to, before, &bytes)
    }
}

/// The orders in their order, without the saves that a later one makes needless.
fn without_overtaken(orders: Vec<Order>) -> impl Iterator<Item = Order> {
    let is_save = |order: &Order| matches!(order, Order::Save(..));
    let last = orders.iter().rposition(is_save);
    let orders = orders.into_iter().enumerate();
    orders
        .filter(move |(at, order)| !is_save(order) || Some(*at) == last)
        .map(|(_, order)| order)
}

#[cfg(test)]
mod tests;
