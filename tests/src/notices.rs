//! The daemon's notices, followed from the moment on which the daemon says that they are.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use protocol::{Notice, Noticed, Reply, Request, codec};

use crate::{Client, Deadline};

/// A stream of notices. Those that were waited for stay, so that a failing test can show them all.
#[derive(Debug)]
pub struct Notices {
    incoming: Receiver<Noticed>,
    seen: RefCell<Vec<Noticed>>,
    next: Cell<usize>,
}

impl Notices {
    /// Follows the daemon at this socket; none where there is none.
    ///
    /// # Panics
    /// Where it does not let itself be followed.
    #[must_use]
    pub fn follow(socket: &Path) -> Option<Self> {
        let mut client = Client::connect(socket)?;
        assert_eq!(client.ask(Request::Events), Reply::Following);
        let (mut read, write) = client.into_parts();
        read.get_ref()
            .set_read_timeout(None)
            .expect("a socket takes no time limit");
        let (send, incoming) = channel();
        thread::spawn(move || {
            while let Ok(noticed) = codec::read::<Noticed>(&mut read) {
                if send.send(noticed).is_err() {
                    break;
                }
            }
            drop(write);
        });
        Some(Self {
            incoming,
            seen: RefCell::default(),
            next: Cell::new(0),
        })
    }

    /// The first notice, after the one that the last call found, for which `pick` gives something;
    /// none where none came by the deadline.
    pub fn find<T>(
        &self,
        deadline: Deadline,
        mut pick: impl FnMut(&Notice) -> Option<T>,
    ) -> Option<T> {
        loop {
            while self.next.get() < self.seen.borrow().len() {
                let at = self.next.replace(self.next.get() + 1);
                if let Some(found) = pick(&self.seen.borrow()[at].notice) {
                    return Some(found);
                }
            }
            let noticed = self.incoming.recv_timeout(deadline.left()).ok()?;
            self.seen.borrow_mut().push(noticed);
        }
    }

    /// All that have come so far, in their order.
    #[must_use]
    pub fn so_far(&self) -> Vec<Noticed> {
        self.seen.borrow_mut().extend(self.incoming.try_iter());
        self.seen.borrow().clone()
    }
}
