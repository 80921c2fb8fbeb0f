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
use crate::known::{self, Known};
use crate::load;

/// The selectors of these words. Empty where configuration files were named and none of their apps
/// is there, which has been said.
pub(crate) fn selectors(
    typed: &[String],
    client: &mut Client,
    context: &Context,
) -> anyhow::Result<Vec<Selector>> {
    let mut selectors = Vec::new();
    for word in typed {
        if let Some(pattern) = known::pattern(word)? {
            let known = Known::from_view(&client.view()?);
            let names = known.matching(&pattern);
            if names.is_empty() {
                return Err(no_match(word).into());
            }
            selectors.extend(
                names
                    .into_iter()
                    .map(|name| Selector::Word(name.to_owned())),
            );
        } else if let Some(file) = configuration(word, context) {
            let known = Known::from_view(&client.view()?);
            selectors.extend(of_file(&file, &known, context)?);
        } else {
            selectors.push(plain(word));
        }
    }
    Ok(selectors)
}

/// The part of a view that was typed.
///
/// Errors: a word means nothing.
pub(crate) fn narrowed(view: View, typed: &[String]) -> Result<View, Failure> {
    let known = Known::from_view(&view);
    let mut meant = BTreeSet::new();
    let mut named = BTreeSet::new();
    for word in typed {
        let found = known.meant(word)?;
        if found.is_empty() && !known.has(word) {
            return Err(known.unknown(word));
        }
        meant.extend(found.iter().map(|(_, instance)| instance.id));
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

fn of_file(file: &Path, known: &Known, context: &Context) -> anyhow::Result<Vec<Selector>> {
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
    Ok(there
        .into_iter()
        .map(|name| Selector::Word(name.to_owned()))
        .collect())
}

/// That a pattern matches nothing.
pub(crate) fn no_match(word: &str) -> Failure {
    Failure::new(
        Exit::NotReached,
        format!("no app has a name that matches {word}"),
    )
    .hint("`wsctl list` shows the names")
}
