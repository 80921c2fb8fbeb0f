//! What happened, as sentences: one line a notice.

use std::path::Path;

use config::{Signal, Span};
use protocol::notice::{Cause, ReadyBy, Who};
use protocol::reply::{DeathBy, DiskError};
use protocol::{Handed, Lack, Notice, Pid};

use super::deaths::{end, ended, safe};
use super::handover::{lack, manner, mode, tally};
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
            let (after, by) = (span(*after), ready(*by));
            format!("{} is ready after {after}: {by}", name(who))
        }
        Notice::Listening { who, at } => {
            format!("{} listens at {}", name(who), safe(&at.to_string()))
        }
        Notice::Hindered { who, lack } => hindered(who, lack),
        Notice::Replacing { who, mode } => {
            format!("{} is being replaced: {}", name(who), manner(*mode))
        }
        Notice::TookOver { who } => {
            format!("{}: run {} gets the new connections", name(who), who.run)
        }
        Notice::Replaced { who, handed } => replaced(who, handed),
        Notice::Kept { who, how } => kept(who, how),
        Notice::Stopping { who, cause } => {
            format!("{} is asked to end: {}", name(who), reason(*cause))
        }
        Notice::Killing { who, after } => {
            let after = span(*after);
            format!("{} did not end within {after}; it is killed", name(who))
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
        Notice::Errored { who, deaths } => errored(who, *deaths),
        Notice::Applied { app, instances } => {
            let instances = many(*instances, "instance");
            format!("{app} has its specification, {instances}")
        }
        Notice::Deleted { app } => format!("{app} is forgotten"),
        Notice::LeftoversEnded { pids } => leftovers(pids),
        Notice::SaveFailed { why } => format!("the state is not on disk: {}", disk(why)),
        Notice::StateDamaged { why, kept_as } => damaged(why, kept_as),
        Notice::LogBlocked { why } => {
            format!("a log cannot be written and its app waits: {}", disk(why))
        }
        Notice::LogResumed { file } => format!("{} is written again", file.display()),
    }
}

fn hindered(who: &Who, missing: &Lack) -> String {
    let missing = lack(missing);
    format!("{} cannot be handed over in full: {missing}", name(who))
}

fn kept(who: &Who, how: &DeathBy) -> String {
    let (run, how) = (who.run, end(how));
    let name = name(who);
    format!("{name}: run {run} serves on, its successor did not come up: {how}")
}

fn errored(who: &Who, deaths: u32) -> String {
    let deaths = many(deaths, "death");
    let name = name(who);
    format!("{name} is errored after {deaths}; it is not started again")
}

fn damaged(why: &DiskError, kept_as: &Path) -> String {
    let (why, kept_as) = (disk(why), kept_as.display());
    format!("the saved state was damaged, the one before was taken: {why}; it is kept as {kept_as}")
}

fn replaced(who: &Who, handed: &Handed) -> String {
    let (mode, took) = (mode(handed.mode), span(handed.took));
    let mut facts = vec![format!(
        "{}: run {} has replaced the one before ({mode}) in {took}",
        name(who),
        who.run
    )];
    facts.extend(tally(&handed.tally));
    facts.join("; ")
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
        ReadyBy::Listening => "it listens",
        ReadyBy::Checked => "it passed its check",
        ReadyBy::Lived => "it has lived long enough",
    }
}

const fn reason(cause: Cause) -> &'static str {
    match cause {
        Cause::Operator => "somebody stopped it",
        Cause::Restart => "somebody asked for a new run",
        Cause::LeaderGone => "its main process has ended",
        Cause::NotReady => "it did not become ready in time, or did not pass its check",
        Cause::Replaced => "its successor has taken over",
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
