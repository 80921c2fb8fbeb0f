//! What happened, as sentences: one line a notice.

use config::{Signal, Span};
use protocol::notice::{Cause, ReadyBy, Who};
use protocol::reply::DeathBy;
use protocol::{Notice, Pid};

use super::deaths::ended;
use super::{count, disk, launch, lived, span};

/// A notice in one line.
pub(crate) fn notice(notice: &Notice) -> String {
    match notice {
        Notice::DaemonUp { pid, apps } => {
            format!("the daemon is up, pid {pid}, with {}", many(*apps, "app"))
        }
        Notice::DaemonEnding { by } => ending(*by),
        Notice::Launched { who, pid } => format!("{} was launched, pid {pid}", name(who)),
        Notice::LaunchFailed { who, why } => {
            format!("{} was not launched: {}", name(who), launch(why))
        }
        Notice::Ready { who, by, after } => {
            format!(
                "{} is ready after {}: {}",
                name(who),
                span(*after),
                ready(*by)
            )
        }
        Notice::Stopping { who, cause } => {
            format!("{} is asked to end: {}", name(who), reason(*cause))
        }
        Notice::Killing { who, after } => {
            format!(
                "{} did not end within {}; it is killed",
                name(who),
                span(*after)
            )
        }
        Notice::Stopped { who, status, .. } => {
            format!("{} has stopped: {}", name(who), ended(*status))
        }
        Notice::Died {
            who,
            how,
            lived,
            next_in,
        } => died(who, how, *lived, *next_in),
        Notice::Finished { who, status } => {
            format!("{} has finished: {}", name(who), ended(*status))
        }
        Notice::Errored { who, deaths } => {
            format!(
                "{} is errored after {}; it is not started again",
                name(who),
                many(*deaths, "death")
            )
        }
        Notice::Applied { app, instances } => {
            format!(
                "{app} has its specification, {}",
                many(*instances, "instance")
            )
        }
        Notice::Deleted { app } => format!("{app} is forgotten"),
        Notice::LeftoversEnded { pids } => leftovers(pids),
        Notice::SaveFailed { why } => format!("the state is not on disk: {}", disk(why)),
        Notice::StateDamaged { why, kept_as } => {
            let (why, kept_as) = (disk(why), kept_as.display());
            format!(
                "the saved state was damaged, the one before was taken: {why}; it is kept as {kept_as}"
            )
        }
        Notice::LogBlocked { why } => {
            format!("a log cannot be written and its app waits: {}", disk(why))
        }
        Notice::LogResumed { file } => format!("{} is written again", file.display()),
    }
}

fn ending(by: Option<(Signal, Pid)>) -> String {
    match by {
        None => "the daemon ends: a client asked it to".to_owned(),
        Some((signal, pid)) => format!("the daemon ends: {signal} from process {pid}"),
    }
}

fn leftovers(pids: &[Pid]) -> String {
    let pids: Vec<String> = pids.iter().map(ToString::to_string).collect();
    let pids = pids.join(", ");
    format!("processes of an earlier daemon were ended: {pids}")
}

fn many(number: u32, noun: &str) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

fn died(who: &Who, how: &DeathBy, after: Span, next_in: Option<Span>) -> String {
    let next = match next_in {
        Some(Span::ZERO) => "it is started again".to_owned(),
        Some(wait) => format!("it is started again in {}", span(wait)),
        None => "it is not started again".to_owned(),
    };
    format!("{} died: {}; {next}", name(who), lived(how, after))
}

/// An instance, as `web (id 3)`.
fn name(who: &Who) -> String {
    format!("{} (id {})", who.app, who.id)
}

const fn ready(by: ReadyBy) -> &'static str {
    match by {
        ReadyBy::Channel => "it said so on its channel",
        ReadyBy::Notify => "it said READY=1",
        ReadyBy::Lived => "it has lived long enough",
    }
}

const fn reason(cause: Cause) -> &'static str {
    match cause {
        Cause::Operator => "somebody stopped it",
        Cause::Restart => "somebody restarted it",
        Cause::LeaderGone => "its main process has ended",
        Cause::NotReady => "it did not become ready in time",
        Cause::ShutDown => "the daemon ends",
    }
}

#[cfg(test)]
mod tests {
    use config::AppName;
    use protocol::{ExitStatus, InstanceId, RunId};

    use super::*;

    #[test]
    fn a_death_says_who_why_and_what_comes_next() {
        let died = Notice::Died {
            who: who(),
            how: DeathBy::Exit(ExitStatus::Code(1)),
            lived: Span(250),
            next_in: Some(Span::secs(5)),
        };
        assert_eq!(
            notice(&died),
            "web (id 3) died: exit code 1 after 250ms; it is started again in 5s"
        );
    }

    #[test]
    fn giving_up_is_said_as_such() {
        let errored = Notice::Errored {
            who: who(),
            deaths: 16,
        };
        assert_eq!(
            notice(&errored),
            "web (id 3) is errored after 16 deaths; it is not started again"
        );
    }

    fn who() -> Who {
        Who {
            app: AppName::new("web").unwrap(),
            id: InstanceId(3),
            slot: 0,
            run: RunId(9),
        }
    }
}
