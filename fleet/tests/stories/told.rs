//! Effects in short words, so that a story can say them in one line. Nothing is left out but what
//! the story can ask for by itself: the goals of a save, the view of an outcome beside its state.

use config::Span;
use config::spec::Scope;
use protocol::notice::{ReadyBy, Who};
use protocol::reply::{Death, DeathBy, Outcome, Reached};
use protocol::{Handed, Mode, Notice, Reply, Tally};

use fleet::{Effect, LaunchOrder};

/// One effect.
pub(crate) fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Launch(LaunchOrder { who, .. }) => format!("launch {}", run(who)),
        Effect::Signal { run, signal, to } => {
            let to = scope(*to);
            format!("{signal} to {to} #{run}")
        }
        Effect::Steer { app, to, held } => {
            let to = numbers(to.iter().map(|run| format!("#{run}")));
            let held = if *held { "held" } else { "not held" };
            format!("steer {app} to {to}, {held}")
        }
        Effect::Check { run, path, within } => format!("check #{run} at {path} within {within}"),
        Effect::Watch { run, idle } => format!("watch #{run}, silent after {idle}"),
        Effect::Drain {
            run,
            idle: Span::ZERO,
            ..
        } => format!("drain #{run} of requests"),
        Effect::Drain { run, .. } => format!("drain #{run}"),
        Effect::Serve { run } => format!("serve #{run}"),
        Effect::Retire {
            run,
            signal,
            to,
            keepalive,
        } => format!("retire #{run} by {signal} to {}, {keepalive:?}", scope(*to)),
        Effect::Release { run } => format!("release #{run}"),
        Effect::Save { .. } => "save".to_owned(),
        Effect::Dump { ticket, saved } => format!("dump {} for {}", saved.apps.len(), ticket.0),
        Effect::ReadDump { ticket } => format!("read dump for {}", ticket.0),
        Effect::Flush { ticket, logs } => {
            let files = logs.iter().filter_map(|paths| paths.out.as_deref());
            let files: Vec<_> = files.map(|path| path.display().to_string()).collect();
            format!("flush {} for {}", files.join(" "), ticket.0)
        }
        Effect::Note(notice) => note(notice),
        Effect::Answer { ticket, reply: to } => format!("answer {}: {}", ticket.0, reply(to)),
        Effect::Exit => "exit".to_owned(),
    }
}

const fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Leader => "leader",
        Scope::Tree => "tree",
    }
}

/// All of them, or that there are none.
fn numbers(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    if all.is_empty() {
        "nobody".to_owned()
    } else {
        all.join(" ")
    }
}

fn run(who: &Who) -> String {
    format!("{}/{}#{}", who.app, who.slot, who.run)
}

fn note(notice: &Notice) -> String {
    match notice {
        Notice::Launched { who, pid } => format!("note {} has pid {pid}", run(who)),
        Notice::LaunchFailed { who, why } => {
            format!("note {} not launched: {:?}", run(who), why.stage)
        }
        Notice::Ready { who, by, after } => {
            let by = match by {
                ReadyBy::Channel => "by channel",
                ReadyBy::Notify => "by notify",
                ReadyBy::Listening => "by listening",
                ReadyBy::Checked => "by its check",
                ReadyBy::Lived => "by age",
            };
            format!("note {} ready {by} after {after}", run(who))
        }
        Notice::Listening { who, at } => format!("note {} listens at {at}", run(who)),
        Notice::Hindered { who, lack } => format!("note {} lacks {:?}", run(who), lack.of),
        Notice::Replacing { who, mode } => format!("note {} replacing: {mode:?}", run(who)),
        Notice::TookOver { who } => format!("note {} took over", run(who)),
        Notice::Replaced { who, handed: how } => {
            format!("note {} replaced, {}", run(who), handed(how))
        }
        Notice::Kept { who, how } => format!("note {} kept: {}", run(who), by(how)),
        Notice::Stopping { who, cause } => format!("note {} stopping: {cause:?}", run(who)),
        Notice::Killing { who, after } => format!("note {} killed after {after}", run(who)),
        Notice::Stopped { who, cause, status } => {
            format!("note {} stopped: {cause:?}, {status}", run(who))
        }
        Notice::Died {
            who,
            how,
            lived,
            next_in,
        } => {
            let next =
                next_in.map_or_else(|| "no next".to_owned(), |span| format!("next in {span}"));
            format!("note {} died: {}, lived {lived}, {next}", run(who), by(how))
        }
        Notice::Finished { who, status } => format!("note {} finished: {status}", run(who)),
        Notice::Errored { who, deaths } => format!("note {} errored: {deaths}", run(who)),
        Notice::Applied { app, instances } => format!("note {app} applied: {instances}"),
        Notice::Deleted { app } => format!("note {app} deleted"),
        Notice::DaemonEnding { by } => format!("note ending by {by:?}"),
        Notice::SaveFailed { why } => format!("note not saved: {:?}", why.errno),
        Notice::DaemonUp { .. }
        | Notice::LeftoversEnded { .. }
        | Notice::StateDamaged { .. }
        | Notice::LogBlocked { .. }
        | Notice::LogResumed { .. } => format!("note {notice:?}"),
    }
}

fn by(how: &DeathBy) -> String {
    match how {
        DeathBy::Exit(status) => status.to_string(),
        DeathBy::Launch(why) => format!("{:?}", why.stage),
        DeathBy::NotReady { within } => format!("not ready within {within}"),
        DeathBy::NotListening { within, at } => {
            let at: Vec<String> = at.iter().map(ToString::to_string).collect();
            format!("not listening at [{}] within {within}", at.join(" "))
        }
        DeathBy::Unchecked { path, why } => format!("check of {path}: {why:?}"),
    }
}

/// How a run was handed over, in the words of the answer.
fn handed(handed: &Handed) -> String {
    let mode = match handed.mode {
        Mode::Overlap => "overlap",
        Mode::Queue => "queue",
        Mode::Restart => "restart",
    };
    let Handed {
        mode: _,
        lacks,
        tally,
        pause,
        took,
    } = handed;
    let mut told = format!("{mode}, took {took}, pause {pause}");
    for lack in lacks {
        told += &format!(", lacks {:?}", lack.of);
    }
    if *tally != Tally::default() {
        let Tally {
            adopted,
            cut,
            cut_unknown,
        } = tally;
        told += &format!(", adopted {adopted}, cut {cut}+{cut_unknown}");
    }
    told
}

fn reply(reply: &Reply) -> String {
    match reply {
        Reply::Pong => "pong".to_owned(),
        Reply::View { view } => format!("view of {}", view.apps.len()),
        Reply::Specs { apps } => {
            let names: Vec<_> = apps.iter().map(|spec| spec.name.as_str()).collect();
            format!("specs of {}", names.join(" "))
        }
        Reply::Settled { outcomes, unsaved } => {
            let mut all: Vec<_> = outcomes.iter().map(outcome).collect();
            all.extend(unsaved.iter().map(|why| format!("unsaved {:?}", why.errno)));
            if all.is_empty() {
                all.push("nothing to do".to_owned());
            }
            all.join(", ")
        }
        Reply::Signalled { instances } => format!("signalled {instances:?}"),
        Reply::Flushed { files, failed } => format!("flushed {}/{}", files.len(), failed.len()),
        Reply::Dumped { written, .. } => format!("dumped {written:?}"),
        Reply::Following => "following".to_owned(),
        Reply::Ended => "ended".to_owned(),
        Reply::Refused { why } => format!("refused {why:?}"),
    }
}

fn outcome(outcome: &Outcome) -> String {
    let view = &outcome.instance;
    let reached = match &outcome.reached {
        Reached::Done => "done".to_owned(),
        Reached::AlreadySo => "already".to_owned(),
        Reached::Finished {
            status,
            finish,
            last_lines,
        } => format!(
            "finished ({status}, {finish:?}, [{}])",
            last_lines.join("|")
        ),
        Reached::Died { death } => died("died", death),
        Reached::Kept { death } => died("kept", death),
        Reached::LeftAlone => "left alone".to_owned(),
        Reached::Overtaken => "overtaken".to_owned(),
    };
    let state = view.state.word();
    let told = format!("{}/{} {state} {reached}", view.app, view.slot);
    match &outcome.handed {
        Some(how) => format!("{told} ({})", handed(how)),
        None => told,
    }
}

fn died(word: &str, death: &Death) -> String {
    let last = death.last_lines.join("|");
    format!("{word} ({} after {} [{last}])", by(&death.how), death.lived)
}
