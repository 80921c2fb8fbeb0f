//! The order of a group's members, which is the kernel's.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd as _, OwnedFd};

use config::AppName;
use proptest::prelude::*;
use protocol::RunId;
use rustix::net::sockopt::{set_socket_reuseport, socket_cookie};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with};

use super::servers::free;
use crate::listeners::group::{Group, Member, Way};
use crate::listeners::order::KernelOrder;
use crate::listeners::steering::{Said, Seat};

/// What may happen to a group.
#[derive(Debug, Clone)]
enum Step {
    /// One more listens.
    Join,
    /// One of them leaves, by its place among all.
    Leave(usize),
    /// Some of them get the connections.
    Steer(Vec<usize>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Join),
        2 => any::<usize>().prop_map(Step::Leave),
        3 => prop::collection::vec(any::<usize>(), 1..4).prop_map(Step::Steer),
    ]
}

/// A group on a port of its own, and what was said of it.
struct Scene {
    at: SocketAddr,
    group: Group,
    said: Said,
    joined: u64,
}

impl Scene {
    fn new() -> Self {
        Self {
            at: free("127.0.0.1"),
            group: Group::new(AppName::new("app").unwrap(), Way::Port(KernelOrder::new())),
            said: Said::default(),
            joined: 0,
        }
    }

    fn play(&mut self, step: &Step) {
        let members = self.group.members.len();
        match step {
            Step::Join => self.join(),
            Step::Leave(which) if members > 1 => {
                let leaving = &self.group.members[which % members];
                let cookie = leaving.cookie;
                self.group.remove(cookie);
            }
            Step::Steer(which) if members > 0 => {
                let run = |it: &usize| self.group.members[it % members].run.unwrap();
                self.said.to = which.iter().map(run).collect();
            }
            Step::Leave(_) | Step::Steer(_) => {}
        }
        if !self.group.members.is_empty() {
            self.group.steer(&self.seats(), &self.said).unwrap();
        }
    }

    fn join(&mut self) {
        let socket = listener(self.at);
        self.joined += 1;
        self.group.members.push(Member {
            cookie: socket_cookie(&socket).unwrap(),
            socket,
            run: Some(RunId(self.joined)),
            last: RunId(self.joined),
            slot: 0,
            holder: None,
            is_shared: false,
            is_retired: false,
            link: None,
        });
    }

    fn seats(&self) -> Vec<Seat> {
        let seat = |it: &Member| Seat {
            run: it.run,
            is_served: false,
            is_fresh: false,
        };
        self.group.members.iter().map(seat).collect()
    }

    /// Who gets connections, as far as a few of them tell.
    fn reached(&self) -> Vec<RunId> {
        let clients: Vec<_> = (0..12).map(|_| TcpStream::connect(self.at)).collect();
        let accepts = |it: &&Member| {
            let listener = TcpListener::from(it.socket.as_fd().try_clone_to_owned().unwrap());
            let accepted = std::iter::from_fn(|| listener.accept().ok());
            accepted.count() > 0
        };
        let reached = self.group.members.iter().filter(accepts);
        let reached = reached.filter_map(|it| it.run).collect();
        assert!(clients.iter().all(Result::is_ok));
        reached
    }

    /// Who should get them.
    fn meant(&self) -> Vec<RunId> {
        let all: Vec<RunId> = self.group.members.iter().filter_map(|it| it.run).collect();
        let meant: Vec<RunId> = all
            .iter()
            .copied()
            .filter(|it| self.said.to.contains(it))
            .collect();
        if meant.is_empty() { all } else { meant }
    }
}

fn listener(at: SocketAddr) -> OwnedFd {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).unwrap();
    set_socket_reuseport(&socket, true).unwrap();
    bind(&socket, &at).unwrap();
    listen(&socket, 64).unwrap();
    socket
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whoever_comes_and_goes_connections_reach_those_who_are_meant(
        steps in prop::collection::vec(step(), 1..24)
    ) {
        let mut scene = Scene::new();
        scene.play(&Step::Join);
        for step in &steps {
            scene.play(step);
            let (reached, meant) = (scene.reached(), scene.meant());
            prop_assert!(!reached.is_empty());
            for run in reached {
                prop_assert!(meant.contains(&run), "{run} of {meant:?} after {step:?}");
            }
        }
    }
}
