//! Waiting for notices, files and ends, each with the test's limit.

use std::path::Path;

use config::Span;
use protocol::Notice;
use protocol::notice::Who;
use protocol::reply::DeathBy;
use protocol::view::{AppView, StateView};

use super::Home;
use crate::processes::{self, Process};
use crate::{Notices, watch};

/// A death that was noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// What ended the run.
    pub how: DeathBy,
    /// How long it lived.
    pub lived: Span,
    /// In what time the next one starts; none: no next one.
    pub next_in: Option<Span>,
}

impl Home {
    /// Waits for the first notice, after the last one that was waited for, of which `pick` makes
    /// something.
    ///
    /// # Panics
    /// Where none comes in time.
    #[track_caller]
    pub fn wait<T>(&self, what: &str, pick: impl FnMut(&Notice) -> Option<T>) -> T {
        let found = match self.notices.borrow().as_ref() {
            Some(notices) => notices.find(self.deadline, pick),
            None => self.fail("nobody follows the notices"),
        };
        found.unwrap_or_else(|| self.fail(&format!("no notice said that {what}")))
    }

    /// Waits until a run of this app was launched.
    ///
    /// # Panics
    /// Where none is in time.
    #[track_caller]
    pub fn wait_launched(&self, name: &str) -> (Who, u32) {
        self.wait(&format!("`{name}` was launched"), |notice| {
            if let Notice::Launched { who, pid } = notice
                && who.app.as_str() == name
            {
                return Some((who.clone(), pid.0));
            }
            None
        })
    }

    /// Waits until a run of this app is ready.
    ///
    /// # Panics
    /// Where none is in time.
    #[track_caller]
    pub fn wait_ready(&self, name: &str) -> Who {
        self.wait(&format!("`{name}` is ready"), |notice| {
            if let Notice::Ready { who, .. } = notice
                && who.app.as_str() == name
            {
                return Some(who.clone());
            }
            None
        })
    }

    /// Waits until every instance is up or down and none on its way.
    ///
    /// # Panics
    /// Where one is not in time.
    #[track_caller]
    pub fn wait_settled(&self) {
        let rests = |app: &AppView| {
            let mut states = app.instances.iter().map(|one| one.state);
            states.all(|state| [StateView::Online, StateView::Stopped].contains(&state))
        };
        while !self.view().apps.iter().all(rests) {
            self.wait("something is ready", |notice| {
                matches!(notice, Notice::Ready { .. }).then_some(())
            });
        }
    }

    /// Waits until a run of this app died by itself.
    ///
    /// # Panics
    /// Where none does in time.
    #[track_caller]
    pub fn wait_died(&self, name: &str) -> Death {
        self.wait(&format!("`{name}` died"), |notice| {
            if let Notice::Died {
                who,
                how,
                lived,
                next_in,
            } = notice
                && who.app.as_str() == name
            {
                let (how, lived, next_in) = (how.clone(), *lived, *next_in);
                return Some(Death {
                    how,
                    lived,
                    next_in,
                });
            }
            None
        })
    }

    /// Waits until the daemon has given this app up, and gives how many deaths that took.
    ///
    /// # Panics
    /// Where it does not in time.
    #[track_caller]
    pub fn wait_errored(&self, name: &str) -> u32 {
        self.wait(&format!("`{name}` is errored"), |notice| {
            if let Notice::Errored { who, deaths } = notice
                && who.app.as_str() == name
            {
                return Some(*deaths);
            }
            None
        })
    }

    /// The notices so far, in their order.
    #[must_use]
    pub fn noticed(&self) -> Vec<Notice> {
        let notices = self.notices.borrow();
        let so_far = notices.as_ref().map(Notices::so_far).unwrap_or_default();
        so_far.into_iter().map(|noticed| noticed.notice).collect()
    }

    /// Waits until a file holds a text, and gives all that it holds.
    ///
    /// # Panics
    /// Where it does not in time.
    #[track_caller]
    pub fn wait_text(&self, file: &Path, text: &str) -> String {
        self.wait_file(file, |holds| holds.contains(text))
    }

    /// Waits until what a file holds is as it should be, and gives it.
    ///
    /// # Panics
    /// Where it is not in time.
    #[track_caller]
    pub fn wait_file(&self, file: &Path, is_so: impl Fn(&str) -> bool) -> String {
        let pick = |bytes: &[u8]| {
            let holds = String::from_utf8_lossy(bytes);
            is_so(&holds).then(|| holds.into_owned())
        };
        watch::file(file, self.deadline, pick).unwrap_or_else(|holds| {
            let holds = String::from_utf8_lossy(&holds);
            self.fail(&format!("{} holds only:\n{holds}", file.display()))
        })
    }

    /// Waits until the first instance of an app has printed a text.
    ///
    /// # Panics
    /// Where it has not in time.
    #[track_caller]
    pub fn wait_said(&self, name: &str, text: &str) -> String {
        self.wait_text(&self.out_file(name), text)
    }

    /// Waits until a process has ended.
    ///
    /// # Panics
    /// Where it has not in time.
    #[track_caller]
    pub fn wait_end(&self, process: &Process) {
        if !process.ends_within(self.deadline.left()) {
            self.fail(&format!("{} lives on", processes::shown(process.pid)));
        }
    }
}
