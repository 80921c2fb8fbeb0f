//! `import`: what a specifier names, and a module for it.
//!
//! A module that is no ES module (a builtin, a CommonJS file, JSON) becomes a small one whose text
//! takes the value and its members when its turn to run comes, and not before, so that imports take
//! effect in the order in which they stand.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::rc::Rc;

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::{Ctx, Error, Exception, Function, Module, Object, Persistent, Result};

use super::compile::{Form, compile};
use super::failure::{HOST_SCHEME, Place};
use super::names::{exported_names, handed_on};
use super::package::Asking;
use super::resolve::{Found, resolve};
use super::shared::Shared;

/// Finds and makes the modules of one evaluation.
pub(super) struct Modules(pub(super) Rc<Shared>);

impl Resolver for Modules {
    fn resolve<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        base: &str,
        specifier: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        let name = name(ctx, &self.0, base, specifier)?;
        if let Some(builtin) = name.strip_prefix("node:").filter(|name| !has_names(name)) {
            // Its members would be undefined instead of missing.
            let what = format!("the module `{builtin}`");
            let place = written_in(&self.0, base, specifier);
            self.0.lacks(what, place);
        }
        Ok(name)
    }
}

impl Loader for Modules {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js>> {
        if let Some(builtin) = name.strip_prefix("node:") {
            return standing_in(ctx, &self.0, "builtin", builtin);
        }
        self.0.imported.borrow_mut().insert(name.to_owned());
        match compile(ctx, name, &self.0)? {
            Form::Module(module) => Ok(module),
            Form::CommonJs(_) | Form::Json(_) => standing_in(ctx, &self.0, "file", name),
        }
    }
}

/// The name of the module that a file `base` means by a specifier: a path, or `node:` and a name.
pub(super) fn name(ctx: &Ctx<'_>, shared: &Shared, base: &str, specifier: &str) -> Result<String> {
    let path = shared.absolute(base);
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    match resolve(specifier, folder, Asking::Import) {
        Found::Builtin(name) => Ok(format!("node:{name}")),
        Found::File(path) => path.into_os_string().into_string().map_err(|path| {
            Exception::throw_message(ctx, &format!("not UTF-8: {}", path.display()))
        }),
        Found::Foreign => {
            let what = format!("an import of '{specifier}'");
            shared.lacks(&*what, written_in(shared, base, specifier));
            Err(Exception::throw_message(ctx, &what))
        }
        Found::Nothing => Err(not_found(ctx, shared, base, specifier)),
    }
}

/// Throws that a file imports something that is not there.
fn not_found(ctx: &Ctx<'_>, shared: &Shared, base: &str, specifier: &str) -> Error {
    let message = format!("Cannot find module '{specifier}'");
    let Ok(exception) = Exception::from_message(ctx.clone(), &message) else {
        return Error::Exception;
    };
    // An import has no stack: this line takes the place of one.
    let place = written_in(shared, base, specifier);
    let stack = place.map(|place| format!("    at {}:{}:{}", place.file, place.line, place.column));
    let described = exception
        .as_object()
        .set("code", "ERR_MODULE_NOT_FOUND")
        .and_then(|()| {
            exception
                .as_object()
                .set("stack", stack.unwrap_or_default())
        });
    match described {
        Ok(()) => exception.throw(),
        Err(error) => error,
    }
}

/// Where a file writes this specifier, in quotes.
fn written_in(shared: &Shared, file: &str, specifier: &str) -> Option<Place> {
    let text = shared.text_of(file)?;
    let quoted = ['\'', '"', '`'].map(|quote| format!("{quote}{specifier}{quote}"));
    (1..).zip(text.lines()).find_map(|(line, content)| {
        let at = quoted.iter().find_map(|quoted| content.find(quoted))?;
        Some(Place {
            file: file.to_owned(),
            line,
            column: u32::try_from(content[..at].chars().count()).ok()? + 1,
        })
    })
}

/// An ES module in place of something that is none.
fn standing_in<'js>(
    ctx: &Ctx<'js>,
    shared: &Shared,
    kind: &'static str,
    name: &str,
) -> Result<Module<'js>> {
    let host: Object<'_> = restored(ctx, shared.host.borrow().clone())?;
    let load: Function<'_> = host.get("load")?;
    let names: Vec<String> = match kind {
        "builtin" => builtin_names(&load, name)?,
        _ => file_names(Path::new(name), 0).into_iter().collect(),
    };
    let mut text = String::from("const it = import.meta.load(import.meta.kind, import.meta.id);\n");
    text.push_str("export default it;\n");
    for (at, name) in names.iter().enumerate() {
        // Writing to a `String` cannot fail.
        writeln!(
            text,
            "const m{at} = it?.{name};\nexport {{ m{at} as {name} }};"
        )
        .unwrap_or_default();
    }
    let module_name = match kind {
        "builtin" => format!("node:{name}"),
        _ => name.to_owned(),
    };
    shared.standing.borrow_mut().insert(module_name.clone());
    let module = Module::declare(ctx.clone(), module_name, text)?;
    let meta = module.meta()?;
    meta.set("kind", kind)?;
    meta.set("id", name)?;
    meta.set("load", load)?;
    Ok(module)
}

/// The names that a builtin exports.
///
/// `dotenv/config` acts when it is loaded, so it is not loaded for its names: it has none.
fn builtin_names(load: &Function<'_>, name: &str) -> Result<Vec<String>> {
    if name == "dotenv/config" {
        return Ok(Vec::new());
    }
    let module: Object<'_> = load.call(("builtin", name))?;
    module.keys().collect()
}

/// Whether a builtin is here and not only its name.
fn has_names(builtin: &str) -> bool {
    const HERE: &str = "path path/posix fs fs/promises os url util buffer dotenv dotenv/config \
        process console module";
    HERE.split(' ').any(|known| known == builtin)
}

/// The names that a CommonJS file seems to export, and those of the files whose exports it hands
/// on; JSON has none.
fn file_names(path: &Path, depth: usize) -> BTreeSet<String> {
    let is_json = path
        .extension()
        .is_some_and(|extension| extension == "json");
    if is_json || depth > HANDED_ON_MAX {
        return BTreeSet::new();
    }
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    let mut names = exported_names(&text);
    for specifier in handed_on(&text) {
        if let Found::File(other) = resolve(specifier, folder, Asking::Require) {
            names.append(&mut file_names(&other, depth + 1));
        }
    }
    names
}

/// Through how many files exports are followed that are handed on.
const HANDED_ON_MAX: usize = 8;

/// What an ES module that could not be linked lacks here: a name of a module that is none, which
/// other runtimes may find where [`exported_names`] did not.
pub(super) fn missing_name(message: &str, shared: &Shared) -> Option<String> {
    let (_, rest) = message.split_once("Could not find export '")?;
    let (name, rest) = rest.split_once("' in module '")?;
    let module = rest.strip_suffix('\'')?;
    let stands_in = shared.standing.borrow().contains(module);
    stands_in.then(|| format!("the export `{name}` of `{module}`"))
}

/// The host's object, which exists from before the first file runs until after the last.
fn restored<'js>(ctx: &Ctx<'js>, host: Option<Persistent<Object<'static>>>) -> Result<Object<'js>> {
    let missing = || Exception::throw_message(ctx, &format!("{HOST_SCHEME} is not ready"));
    host.ok_or_else(missing)?.restore(ctx)
}
