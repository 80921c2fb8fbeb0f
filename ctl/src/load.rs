//! Reading configurations: specifications out, or everything that is wrong with them said at once.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use config::load::{Loaded, Source, Wanted, load};
use config::{AppSpec, Finding};

use crate::context::Context;
use crate::exit::{Exit, Failure};

/// The longest configuration that is taken from standard input, in bytes.
const STDIN_MAX: u64 = 4 * 1024 * 1024;

/// The names under which a configuration is looked for where none was given, in this order.
pub(crate) const ECOSYSTEM_NAMES: [&str; 8] = [
    "ecosystem.config.js",
    "ecosystem.config.cjs",
    "ecosystem.config.mjs",
    "ecosystem.config.ts",
    "ecosystem.json",
    "ecosystem.yaml",
    "ecosystem.yml",
    "ecosystem.toml",
];

/// Loads, says all warnings, and gives the specifications; or says all errors, and fails with 2.
pub(crate) fn specs(
    source: &Source,
    wanted: &Wanted,
    context: &Context,
) -> anyhow::Result<Vec<AppSpec>> {
    let loaded = load(source, &context.asker(), wanted);
    say(&loaded, context);
    if loaded.errors.is_empty() {
        return Ok(loaded.specs);
    }
    Err(unusable(source, &loaded).into())
}

/// Says what was found, warnings first, so that the errors stand last on the screen.
pub(crate) fn say(loaded: &Loaded, context: &Context) {
    if let Some(note) = &loaded.note {
        context.printer.note(note);
    }
    let colours = context.printer.err_paint().colours;
    let rendered = |finding: &Finding| finding.render(colours);
    for warning in &loaded.warnings {
        context.printer.note(&rendered(warning));
    }
    for error in &loaded.errors {
        context.printer.detail(&rendered(error));
    }
}

/// That nothing was done because of errors, which have been said.
pub(crate) fn unusable(source: &Source, loaded: &Loaded) -> Failure {
    let errors = match loaded.errors.len() {
        1 => "an error".to_owned(),
        count => format!("{count} errors"),
    };
    let what = format!("nothing was done: {errors} in {}", name_of(source));
    let failure = Failure::new(Exit::Usage, what);
    match source {
        Source::File(file) => failure.hint(format!(
            "`wsctl check {}` checks it and starts nothing",
            file.display()
        )),
        Source::Stdin(_) | Source::Flags => failure,
    }
}

/// What a source is called in a sentence.
pub(crate) fn name_of(source: &Source) -> String {
    match source {
        Source::File(file) => file.display().to_string(),
        Source::Stdin(_) => "standard input".to_owned(),
        Source::Flags => "the command line".to_owned(),
    }
}

/// The source that a file's name stands for: `-` is standard input.
pub(crate) fn source(file: &Path) -> anyhow::Result<Source> {
    if file == Path::new("-") {
        stdin()
    } else {
        Ok(Source::File(file.to_owned()))
    }
}

/// The configuration of this folder.
pub(crate) fn ecosystem(context: &Context) -> Result<Source, Failure> {
    let found = ECOSYSTEM_NAMES
        .iter()
        .map(PathBuf::from)
        .find(|name| context.cwd.join(name).is_file());
    found.map(Source::File).ok_or_else(|| {
        let folder = context.cwd.display();
        let what = format!(
            "nothing to start was named, and {folder} has no {}",
            ECOSYSTEM_NAMES.join(", ")
        );
        Failure::new(Exit::Usage, what)
            .hint("name a script, a command or a configuration, or let `wsctl init` write one")
    })
}

/// All of standard input, as a configuration.
fn stdin() -> anyhow::Result<Source> {
    let mut text = String::new();
    let read = io::stdin()
        .lock()
        .take(STDIN_MAX + 1)
        .read_to_string(&mut text);
    let length = read.context("failed to read a configuration from standard input")?;
    if u64::try_from(length).is_ok_and(|length| length > STDIN_MAX) {
        let what =
            format!("standard input has more than {STDIN_MAX} bytes: too long for a configuration");
        return Err(Failure::new(Exit::Usage, what).into());
    }
    Ok(Source::Stdin(text))
}
