//! What `restart` and `reload` have in common: apps get new runs, by name or by a configuration.
//!
//! By name an app keeps its specification, as with PM2. People expect that it reads the
//! configuration again; where that has changed since the app was started, a hint says what does.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use config::load::Source;
use protocol::request::Existing;
use protocol::view::AppView;
use protocol::{Request, Selector, View};

use crate::amend;
use crate::args::RenewArgs;
use crate::client::Client;
use crate::commands::start::{needs_a_file, wanted, warn_of};
use crate::context::Context;
use crate::exit::Exit;
use crate::known::Known;
use crate::progress::Progress;
use crate::select::{self, Typed};
use crate::settled::{self, Deed, Settled};
use crate::{clock, load};

/// A verb that gives apps new runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verb {
    /// What is typed.
    pub(crate) word: &'static str,
    /// What is asked for.
    pub(crate) deed: Deed,
    /// The request about apps that keep their specification.
    pub(crate) request: fn(Vec<Selector>) -> Request,
    /// What becomes of an app that gets a new one.
    pub(crate) existing: Existing,
}

/// Gives apps new runs; those of a configuration with what it says.
pub(crate) fn run(verb: Verb, args: &RenewArgs, context: &mut Context) -> anyhow::Result<Exit> {
    warn_of(&args.attributes, context);
    if args.force {
        let what = "`--force` has no effect: what is under way is waited for";
        context.printer.warn(what);
    }
    let (sources, words) = split(args, context)?;
    needs_a_file(&args.file, &sources)?;
    let given = args.attributes.given();
    let mut configured = Vec::new();
    for source in &sources {
        let wanted = wanted(&args.file, given.clone());
        configured.extend(load::specs(source, &wanted, context)?);
    }
    let mut client = if words.is_empty() {
        context.client_or_start()?
    } else {
        context.client()?
    };
    let before = client.view()?;
    let mut renewed = named(&words, &before);
    renewed.extend(configured.iter().map(|spec| spec.name.to_string()));
    let progress = Progress::begin(verb.word, renewed, context);
    let mut settled = Settled::default();
    if !words.is_empty() {
        let select = select::selectors(
            Typed {
                words: &words,
                config: None,
            },
            &mut client,
            context,
        )?;
        let select = Named {
            verb,
            args,
            select,
            before: &before,
        };
        by_name(select, &mut settled, &mut client, context)?;
    }
    if !configured.is_empty() {
        let (apps, existing) = (configured, verb.existing);
        settled.ask(&mut client, Request::Apply { apps, existing })?;
    }
    // What it tells comes before what is said of the answer.
    drop(progress);
    settled::show(verb.deed, &settled, &mut client, context)
}

/// The configurations and the words among what was typed.
fn split(args: &RenewArgs, context: &Context) -> anyhow::Result<(Vec<Source>, Vec<String>)> {
    let mut sources: Vec<Source> = args
        .file
        .config
        .clone()
        .map(Source::File)
        .into_iter()
        .collect();
    let mut words = Vec::new();
    for target in &args.targets {
        match select::configuration(target, context) {
            Some(file) => sources.push(load::source(&file)?),
            None => words.push(target.clone()),
        }
    }
    Ok((sources, words))
}

/// The names of the apps that these words mean; what means nothing is refused by the daemon.
fn named(words: &[String], view: &View) -> BTreeSet<String> {
    let known = Known::from_view(view);
    let meant = words.iter().filter_map(|word| known.meant(word).ok());
    meant.flatten().map(|(app, _)| app.name.clone()).collect()
}

/// Apps that were named, and what is wanted of them.
struct Named<'a> {
    verb: Verb,
    args: &'a RenewArgs,
    select: Vec<Selector>,
    /// The apps as they were before.
    before: &'a View,
}

fn by_name(
    named: Named<'_>,
    settled: &mut Settled,
    client: &mut Client,
    context: &Context,
) -> anyhow::Result<()> {
    let Named {
        verb,
        args,
        select,
        before,
    } = named;
    let given = args.attributes.given();
    if args.update_env || !given.is_empty() {
        let mut apps = amend::amended(select, &given, client, context)?;
        if args.update_env {
            for spec in &mut apps {
                amend::take_environment(spec, &given, context)?;
            }
        }
        let existing = verb.existing;
        return settled.ask(client, Request::Apply { apps, existing });
    }
    settled.ask(client, (verb.request)(select))?;
    for file in changed_since(before, settled) {
        let (word, file) = (verb.word, file.display());
        context.printer.hint(&format!(
            "{file} was changed since the app was started; `wsctl {word} {file}` applies it"
        ));
    }
    Ok(())
}

/// The configurations of these apps that are newer than the runs before.
fn changed_since(before: &View, settled: &Settled) -> BTreeSet<PathBuf> {
    let renewed: BTreeSet<_> = settled
        .outcomes
        .iter()
        .map(|outcome| &outcome.instance.app)
        .collect();
    let apps = before.apps.iter().filter(|app| renewed.contains(&app.name));
    apps.filter_map(changed).collect()
}

fn changed(app: &AppView) -> Option<PathBuf> {
    let file = &app.origin.as_ref()?.file;
    let uptime = app
        .instances
        .iter()
        .filter_map(|instance| instance.uptime)
        .max()?;
    let started_ms = clock::now_ms().saturating_sub(uptime.as_millis());
    let modified = fs::metadata(file).ok()?.modified().ok()?;
    let modified_ms = modified.duration_since(UNIX_EPOCH).ok()?.as_millis();
    (modified_ms > u128::from(started_ms)).then(|| file.clone())
}
