//! `start`: apps from a configuration, a script, a command, or from the list.
//!
//! What was typed is understood, and every configuration read, before a daemon is started: a mistake
//! leaves nothing behind.

use std::env;
use std::path::Path;

use config::AppSpec;
use config::load::{Source, Wanted};
use protocol::request::Existing;
use protocol::{Request, Selector};
use serde_json::json;

use crate::amend;
use crate::args::{Attributes, FileArgs, StartArgs};
use crate::client::Client;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::known::{self, Known};
use crate::settled::{self, Deed, Settled};
use crate::{load, select};

/// What is to be asked of the daemon.
#[derive(Debug, Default)]
struct Plan {
    /// Apps that are there.
    there: Vec<Selector>,
    /// Apps of configurations.
    configured: Vec<AppSpec>,
    /// Apps of scripts and commands.
    scripts: Vec<AppSpec>,
}

/// Starts apps, and the daemon where there is none.
pub(crate) fn run(args: &StartArgs, context: &mut Context) -> anyhow::Result<Exit> {
    warn_of(&args.attributes, context);
    let plan = plan(args, context)?;
    let mut client = context.client_or_start()?;
    let settled = carry_out(plan, args, &mut client, context)?;
    settled::show(Deed::Start, &settled, &mut client, context)
}

/// Warns of the flags that do nothing.
pub(crate) fn warn_of(attributes: &Attributes, context: &Context) {
    for (flag, instead) in attributes.without_effect() {
        context
            .printer
            .warn(&format!("`{flag}` has no effect: {instead}"));
    }
}

fn plan(args: &StartArgs, context: &Context) -> anyhow::Result<Plan> {
    let mut plan = Plan::default();
    let mut sources = Vec::new();
    sources.extend(args.file.config.clone().map(Source::File));
    if args.targets.is_empty() && sources.is_empty() {
        sources.push(load::ecosystem(context)?);
    }
    let mut scripts = Vec::new();
    let known = context.known()?;
    for target in &args.targets {
        if let Some(file) = select::configuration(target, context) {
            sources.push(load::source(&file)?);
        } else if is_there(target, known.as_ref())? {
            plan.there.extend(there(target, known.as_ref())?);
        } else {
            scripts.push(script(target, known.as_ref(), context)?);
        }
    }
    needs_a_file(&args.file, &sources)?;
    for source in &sources {
        let wanted = wanted(&args.file, args.given());
        plan.configured
            .extend(load::specs(source, &wanted, context)?);
    }
    for script in &scripts {
        plan.scripts
            .extend(of_script(script, args, scripts.len(), context)?);
    }
    Ok(plan)
}

fn carry_out(
    plan: Plan,
    args: &StartArgs,
    client: &mut Client,
    context: &Context,
) -> anyhow::Result<Settled> {
    let mut settled = Settled::default();
    let given = args.given();
    if !plan.there.is_empty() && given.is_empty() {
        let select = plan.there;
        settled.ask(client, Request::Start { select })?;
    } else if !plan.there.is_empty() {
        let apps = amend::amended(plan.there, &given, client, context)?;
        let existing = Existing::Converge;
        settled.ask(client, Request::Apply { apps, existing })?;
    }
    let of_scripts = if args.force {
        Existing::Restart
    } else {
        Existing::Refuse
    };
    for (apps, existing) in [
        (plan.configured, Existing::Converge),
        (plan.scripts, of_scripts),
    ] {
        if !apps.is_empty() {
            settled.ask(client, Request::Apply { apps, existing })?;
        }
    }
    Ok(settled)
}

/// What is wanted of a configuration.
pub(crate) fn wanted(file: &FileArgs, flags: serde_json::Map<String, serde_json::Value>) -> Wanted {
    Wanted {
        env_name: file.env.clone(),
        only: file.only.clone(),
        flags,
    }
}

/// Fails where a flag about a configuration was given and no configuration was.
pub(crate) fn needs_a_file(file: &FileArgs, sources: &[Source]) -> Result<(), Failure> {
    let flag = match file {
        FileArgs { env: Some(_), .. } => "--env",
        FileArgs { only, .. } if !only.is_empty() => "--only",
        FileArgs { .. } => return Ok(()),
    };
    if !sources.is_empty() {
        return Ok(());
    }
    let what = format!("`{flag}` is about a configuration file, and none was named");
    Err(Failure::new(Exit::Usage, what).hint("name the file that describes the app"))
}

fn is_there(target: &str, known: Option<&Known>) -> Result<bool, Failure> {
    let is_pattern = known::pattern(target)?.is_some();
    Ok(is_pattern || target == "all" || known.is_some_and(|known| known.has(target)))
}

/// The selectors of a word that is in the list; of a pattern, the names that it matches.
fn there(target: &str, known: Option<&Known>) -> Result<Vec<Selector>, Failure> {
    let Some(pattern) = known::pattern(target)? else {
        return Ok(vec![select::plain(target)]);
    };
    let names = known
        .map(|known| known.matching(&pattern))
        .unwrap_or_default();
    if names.is_empty() {
        return Err(select::no_match(target));
    }
    Ok(names.into_iter().map(select::plain).collect())
}

/// A target that is not in the list: a command, or a script that is there or in PATH.
fn script(target: &str, known: Option<&Known>, context: &Context) -> Result<String, Failure> {
    let is_command = target.contains(char::is_whitespace);
    let is_file = context.cwd.join(target).is_file() || target.starts_with("~/");
    if is_command || is_file || is_in_path(target, context) {
        return Ok(target.to_owned());
    }
    let folder = context.cwd.display();
    let what = format!(
        "`{target}` was not started: it is no app in the list, no file in {folder} and no program in PATH"
    );
    let near = known.and_then(|known| known.nearest(target));
    let hint = near.map_or_else(
        || "check the path, or the folder you are in".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Err(Failure::new(Exit::Usage, what).hint(hint))
}

fn is_in_path(target: &str, context: &Context) -> bool {
    let folders = context
        .env
        .get("PATH")
        .into_iter()
        .flat_map(env::split_paths);
    !target.contains('/')
        && folders
            .map(|folder| folder.join(target))
            .any(|path| is_file(&path))
}

fn is_file(path: &Path) -> bool {
    path.is_file()
}

fn of_script(
    script: &str,
    args: &StartArgs,
    scripts: usize,
    context: &Context,
) -> anyhow::Result<Vec<AppSpec>> {
    let mut flags = args.given();
    if scripts > 1 && flags.contains_key("name") {
        let what = format!("`--name` gives one name to {scripts} apps");
        return Err(Failure::new(Exit::Usage, what)
            .hint("start them one by one, or describe them in a configuration")
            .into());
    }
    flags.insert("script".to_owned(), json!(script));
    let wanted = Wanted {
        flags,
        ..Wanted::default()
    };
    load::specs(&Source::Flags, &wanted, context)
}
