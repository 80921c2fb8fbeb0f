//! Waiting for clients' sockets, of which the receiving half may be shut down.
//!
//! Such a socket is for ever readable as far as a level is looked at, and for ever closed as far as
//! tokio remembers. What still tells is the edge: each arrival of bytes, or of the end, is told once.
//! So these sockets are in an epoll of their own, edge-triggered, and the runtime waits for that.
//!
//! A socket is taken out before it is closed: while a duplicate of it is open elsewhere, closing
//! ours would leave it in.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::rc::Rc;

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use tokio::io::unix::AsyncFd;
use tokio::sync::Notify;

use crate::sys;

/// How many events are taken at a time.
const EVENTS: usize = 64;

/// All sockets that are waited for.
#[derive(Debug)]
pub(super) struct Ears {
    epoll: AsyncFd<OwnedFd>,
    bells: RefCell<HashMap<u64, Rc<Bells>>>,
    /// The number of the next socket; none is used again, so that a late event rings no other's.
    next: Cell<u64>,
}

/// What rings at the edges of one socket. Each keeps one ring for a waiter that comes later.
#[derive(Debug, Default)]
pub(super) struct Bells {
    /// Something came, or the end, or an error.
    pub(super) read: Notify,
    /// There is room again, or an error.
    pub(super) write: Notify,
}

impl Ears {
    /// Without a socket. Within the runtime.
    ///
    /// Errors: no descriptor is left.
    pub(super) fn new() -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        Ok(Self {
            epoll: sys::watch(epoll)?,
            bells: RefCell::default(),
            next: Cell::default(),
        })
    }

    /// Waits for this socket as well, under a number of its own.
    ///
    /// Errors: the kernel watches too many already.
    pub(super) fn add(&self, socket: BorrowedFd<'_>) -> io::Result<(u64, Rc<Bells>)> {
        let number = self.next.replace(self.next.get() + 1);
        let edges = EventFlags::IN | EventFlags::OUT | EventFlags::ET;
        epoll::add(
            self.epoll.get_ref(),
            socket,
            EventData::new_u64(number),
            edges,
        )?;
        let bells = Rc::new(Bells::default());
        self.bells.borrow_mut().insert(number, Rc::clone(&bells));
        Ok((number, bells))
    }

    /// Waits for it no more.
    pub(super) fn remove(&self, number: u64, socket: BorrowedFd<'_>) {
        self.bells.borrow_mut().remove(&number);
        if let Err(error) = epoll::delete(self.epoll.get_ref(), socket) {
            tracing::error!(%error, "a client's socket is still waited for");
        }
    }

    /// Rings the bells, for ever.
    ///
    /// Errors: waiting is impossible.
    pub(super) async fn listen(self: Rc<Self>) -> io::Result<()> {
        let mut events = Vec::with_capacity(EVENTS);
        loop {
            let mut ready = self.epoll.readable().await?;
            events.clear();
            let at_once = Timespec::default();
            let room = rustix::buffer::spare_capacity(&mut events);
            epoll::wait(self.epoll.get_ref(), room, Some(&at_once))?;
            if events.len() < EVENTS {
                ready.clear_ready();
            }
            events.iter().for_each(|event| self.ring(event));
        }
    }

    fn ring(&self, event: &Event) {
        let (data, flags) = (event.data, event.flags);
        let bells = self.bells.borrow();
        let Some(bells) = bells.get(&data.u64()) else {
            return;
        };
        let failed = flags.intersects(EventFlags::ERR | EventFlags::HUP);
        if failed || flags.contains(EventFlags::IN) {
            bells.read.notify_one();
        }
        if failed || flags.contains(EventFlags::OUT) {
            bells.write.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::os::fd::AsFd;
    use std::time::Duration;

    use tokio::runtime::Builder;
    use tokio::task::{LocalSet, spawn_local};
    use tokio::time::timeout;

    use super::*;

    #[test]
    fn a_socket_of_which_half_is_shut_rings_once_for_each_arrival() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        server.shutdown(Shutdown::Read).unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let ears = Rc::new(Ears::new().unwrap());
            let (number, bells) = ears.add(server.as_fd()).unwrap();
            spawn_local(Rc::clone(&ears).listen());
            // As it was when it came.
            bells.read.notified().await;
            for _ in 0..3 {
                let silence = timeout(Duration::from_millis(20), bells.read.notified());
                assert!(silence.await.is_err());
                client.write_all(b"x").unwrap();
                bells.read.notified().await;
            }
            ears.remove(number, server.as_fd());
            client.write_all(b"x").unwrap();
            let silence = timeout(Duration::from_millis(20), bells.read.notified());
            assert!(silence.await.is_err());
        });
    }
}
