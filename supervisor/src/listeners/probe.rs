//! Letting a request reach one run alone.

use std::io;
use std::net::SocketAddr;

use nix::libc;
use protocol::{CheckFailure, RunId};

use super::check::Check;
use super::key::Key;
use super::table::Table;

impl Table {
    /// Lets a request go to this run alone, where it began to listen first.
    ///
    /// Errors: [`CheckFailure::NoPort`], and what the kernel refuses.
    pub(super) fn probe(&mut self, run: RunId) -> Result<(Key, Check), CheckFailure> {
        let told = self.runs.get(&run).map_or(&[][..], |run| &run.told);
        let first = told.iter().find_map(|key| {
            let group = self.groups.get(key)?;
            let member = group.members.iter().find(|it| it.run == Some(run))?;
            Some((key, key.port()?, member.cookie))
        });
        let (key, port, cookie) = first.ok_or(CheckFailure::NoPort)?;
        let broken =
            |error: io::Error| CheckFailure::Broken(error.raw_os_error().unwrap_or(libc::EINVAL));
        let check = Check::of(port).map_err(broken)?;
        let key = key.clone();
        if let Some(group) = self.groups.get_mut(&key) {
            group.probe(check.from, Some(cookie));
        }
        match self.steer_group(&key) {
            Ok(_) => Ok((key, check)),
            Err(error) => {
                self.probed(&key, check.from);
                Err(broken(error))
            }
        }
    }

    /// Takes in that a request from there is over.
    pub(super) fn probed(&mut self, key: &Key, from: SocketAddr) {
        if let Some(group) = self.groups.get_mut(key) {
            group.probe(from, None);
            self.aim(key);
        }
    }
}
