//! The ways in which a server is given its next release, and the loads that it is under.

use tests::load::Plan;
use tests::{NextUpstream, Runtime};

/// Who replaces the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// `wsctl reload`, with two runs at once.
    Overlap,
    /// `wsctl reload`, one after the other.
    Queue,
    /// `pm2 reload`, in fork mode.
    Pm2,
    /// SIGINT, wait for the end, start again.
    Restart,
}

/// Who replaces it, and what stands between it and its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) who: Who,
    /// None: clients connect to it directly.
    pub(crate) front: Option<NextUpstream>,
}

const fn direct(who: Who) -> Way {
    Way { who, front: None }
}

const fn behind(who: Who, next: NextUpstream) -> Way {
    Way {
        who,
        front: Some(next),
    }
}

impl Way {
    /// All that are measured.
    pub(crate) const ALL: [Self; 9] = [
        direct(Who::Overlap),
        direct(Who::Queue),
        behind(Who::Overlap, NextUpstream::Default),
        behind(Who::Overlap, NextUpstream::Off),
        behind(Who::Queue, NextUpstream::Default),
        behind(Who::Queue, NextUpstream::Off),
        direct(Who::Restart),
        direct(Who::Pm2),
        behind(Who::Pm2, NextUpstream::Off),
    ];

    /// Its name.
    pub(crate) const fn word(self) -> &'static str {
        match (self.who, self.front) {
            (Who::Overlap, None) => "overlap",
            (Who::Queue, None) => "queue",
            (Who::Pm2, None) => "PM2 7.0.4",
            (Who::Restart, _) => "stop, start",
            (Who::Overlap, Some(NextUpstream::Default)) => "overlap, nginx",
            (Who::Overlap, Some(NextUpstream::Off)) => "overlap, nginx asks once",
            (Who::Queue, Some(NextUpstream::Default)) => "queue, nginx",
            (Who::Queue, Some(NextUpstream::Off)) => "queue, nginx asks once",
            (Who::Pm2, Some(_)) => "PM2 7.0.4, nginx asks once",
        }
    }

    /// Whether nothing may fail.
    pub(crate) const fn is_ours(self) -> bool {
        matches!(self.who, Who::Overlap | Who::Queue)
    }

    /// How many of so many reloads are made in this way: those of others only show what is lost.
    pub(crate) fn rounds(self, rounds: u32) -> u32 {
        if self.is_ours() {
            rounds
        } else {
            rounds.div_ceil(4)
        }
    }

    /// The loads that are put on a server of this kind, reached in this way.
    ///
    /// Shape: each once; those that the server cannot answer are left out.
    pub(crate) fn loads(self, runtime: Runtime) -> Vec<Plan> {
        let loads = match self.front {
            None => vec![
                Plan::keep_alive(),
                Plan::close(),
                Plan::think(),
                Plan::slow(),
                Plan::drip(),
                Plan::echo(),
                Plan::megabyte(),
            ],
            Some(_) => vec![Plan::keep_alive(), Plan::slow(), Plan::echo()],
        };
        let mut loads: Vec<Plan> = loads
            .into_iter()
            .filter(|plan| runtime.answers(plan.request))
            .collect();
        if runtime == Runtime::Gunicorn {
            // Each of its four workers has one request at a time.
            for plan in loads.iter_mut().filter(|plan| plan.name == "slow") {
                *plan = plan.with_connections(4);
            }
        }
        loads
    }
}
