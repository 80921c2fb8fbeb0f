//! From what was typed to the daemon's selectors.
//!
//! Names, ids and namespaces go to the daemon as they are: it alone knows them at the moment of the
//! deed. Patterns and configuration files are resolved here, to names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use config::is_config_name;
use config::load::{Source, Wanted};
use protocol::{Selector, View};

use crate::client::Client;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::known::{self, Known, KnownApp, KnownInstance};
use crate::load;

/// What was typed to name apps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Typed<'a> {
    /// Names, ids, namespaces, patterns and files whose name says that they are configurations.
    pub(crate) words: &'a [String],
    /// A configuration whatever its name.
    pub(crate) config: Option<&'a Path>,
}

impl Typed<'_> {
    /// Whether nothing was typed.
    pub(crate) const fn is_empty(&self) -> bool {
        self.words.is_empty() && self.config.is_none()
    }

    /// The configurations among it, and the words that are none.
    fn parted(&self, context: &Context) -> (Vec<PathBuf>, Vec<&str>) {
        let mut files: Vec<PathBuf> = self.config.map(Path::to_owned).into_iter().collect();
        let mut words = Vec::new();
        for word in self.words {
            match configuration(word, context) {
                Some(file) => files.push(file),
                None => words.push(word.as_str()),
            }
        }
        (files, words)
    }
}

/// The selectors of what was typed. Empty where configuration files were named and none of their
/// apps is there, which has been said.
pub(crate) fn selectors(
    typed: Typed<'_>,
    client: &mut Client,
    context: &Context,
) -> anyhow::Result<Vec<Selector>> {
    let (files, words) = typed.parted(context);
    let mut selectors = Vec::new();
    for word in words {
        if let Some(pattern) = known::pattern(word)? {
            let known = Known::from_view(&client.view()?);
            let names = known.matching(&pattern);
            if names.is_empty() {
                return Err(no_match(word).into());
            }
            selectors.extend(names.into_iter().map(named));
        } else {
            selectors.push(plain(word));
        }
    }
    for file in files {
        let known = Known::from_view(&client.view()?);
        selectors.extend(
            of_file(&file, &known, context)?
                .iter()
                .map(|name| named(name)),
        );
    }
    Ok(selectors)
}

/// The part of a view that was typed.
///
/// Errors: a word means nothing, or a configuration is wrong.
pub(crate) fn narrowed(view: View, typed: Typed<'_>, context: &Context) -> anyhow::Result<View> {
    let known = Known::from_view(&view);
    let words = words(typed, &known, context)?;
    let mut meant = BTreeSet::new();
    let mut named = BTreeSet::new();
    for word in &words {
        meant.extend(
            of_word(word, &known)?
                .iter()
                .map(|(_, instance)| instance.id),
        );
        named.insert(word.as_str());
    }
    let mut apps = view.apps;
    for app in &mut apps {
        app.instances
            .retain(|instance| meant.contains(&instance.id));
    }
    apps.retain(|app| !app.instances.is_empty() || named.contains(app.name.as_str()));
    Ok(View { apps, ..view })
}

/// The words that were typed, and the names of the apps of the configurations that are there.
pub(crate) fn words(
    typed: Typed<'_>,
    known: &Known,
    context: &Context,
) -> anyhow::Result<Vec<String>> {
    let (files, words) = typed.parted(context);
    let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    for file in files {
        words.extend(of_file(&file, known, context)?);
    }
    Ok(words)
}

/// The instances that a word means.
///
/// Errors: it means nothing.
pub(crate) fn of_word<'a>(
    word: &str,
    known: &'a Known,
) -> Result<Vec<(&'a KnownApp, &'a KnownInstance)>, Failure> {
    let found = known.meant(word)?;
    if found.is_empty() && !known.has(word) {
        return Err(known.unknown(word));
    }
    Ok(found)
}

/// A word that is no pattern and no file.
pub(crate) fn plain(word: &str) -> Selector {
    match word {
        "all" => Selector::All,
        word => Selector::Word(word.to_owned()),
    }
}

/// The configuration that a word names: a file that is there and whose name says so, or `-`.
pub(crate) fn configuration(word: &str, context: &Context) -> Option<PathBuf> {
    let path = Path::new(word);
    let is_file = is_config_name(path) && context.cwd.join(path).is_file();
    (word == "-" || is_file).then(|| path.to_owned())
}

fn named(name: &str) -> Selector {
    Selector::Word(name.to_owned())
}

/// The names of a configuration's apps that are there; says which are not.
fn of_file(file: &Path, known: &Known, context: &Context) -> anyhow::Result<Vec<String>> {
    let source: Source = load::source(file)?;
    let specs = load::specs(&source, &Wanted::default(), context)?;
    let (there, missing): (Vec<_>, Vec<_>) = specs
        .iter()
        .map(|spec| spec.name.as_str())
        .partition(|name| known.apps.iter().any(|app| app.name == *name));
    for name in missing {
        let file = load::name_of(&source);
        context
            .printer
            .note(&format!("`{name}` of {file} is not in the list"));
    }
    Ok(there.into_iter().map(str::to_owned).collect())
}

/// That a pattern matches nothing.
pub(crate) fn no_match(word: &str) -> Failure {
    Failure::new(
        Exit::NotReached,
        format!("no app has a name that matches {word}"),
    )
    .hint("`wsctl list` shows the names")
}
