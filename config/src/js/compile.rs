//! From the text of a file to something that can run.
//!
//! CommonJS is the body of a function; an ES module is one to the engine. Where neither the name
//! nor `package.json` says which a file is, it is CommonJS if it can be, as with Node.

use std::path::Path;
use std::rc::Rc;

use rquickjs::context::EvalOptions;
use rquickjs::function::Func;
use rquickjs::{Ctx, Error, Exception, Function, Module, Object, Result, Value};

use super::failure::Place;
use super::package::{Kind, extension, is_typescript};
use super::shared::{Entry, Shared};
use super::text::file_address;

/// A file that was read and understood, and has not run.
pub(super) enum Form<'js> {
    /// A function of `exports`, `require`, `module`, `__filename` and `__dirname`.
    CommonJs(Function<'js>),
    /// An ES module.
    Module(Module<'js>),
    /// The text of a JSON file.
    Json(String),
}

/// What stands before the text of a CommonJS file, on its first line.
const HEAD: &str = "(function (exports, require, module, __filename, __dirname) {";

/// The largest file that is evaluated, in bytes.
const SOURCE_BYTES_MAX: u64 = 64 << 20;

/// Reads a file, or takes the text of this name, and compiles it.
///
/// Errors: an exception is pending; it says what cannot be read or what is wrong with the syntax.
pub(super) fn compile<'js>(ctx: &Ctx<'js>, path: &str, shared: &Rc<Shared>) -> Result<Form<'js>> {
    let file = Path::new(path);
    if extension(file) == "node" {
        let what = format!("the native module `{path}`");
        shared.lacks(what, None);
        return Err(Exception::throw_message(ctx, "a native module"));
    }
    if let Entry::Text { name, text } = &shared.task.entry
        && name == path
    {
        return either(ctx, path, program(text), shared);
    }
    let text = source(ctx, file)?;
    let kind = match extension(file) {
        "json" => return Ok(Form::Json(text)),
        _ => Kind::of(file),
    };
    let compiled = match kind {
        Kind::CommonJs => common_js(ctx, path, &text, shared).map(Form::CommonJs),
        Kind::Module => module(ctx, path, text, shared).map(Form::Module),
        Kind::Unsaid => either(ctx, path, text, shared),
    };
    if compiled.is_err() && is_typescript(file) {
        mark_typescript(ctx, shared, path);
    }
    compiled
}

/// The program in a file.
fn source(ctx: &Ctx<'_>, file: &Path) -> Result<String> {
    let refuse = |why: &str| Exception::throw_message(ctx, &format!("{}: {why}", file.display()));
    let size =
        std::fs::metadata(file).map(|meta| if meta.is_file() { meta.len() } else { u64::MAX });
    if !size.is_ok_and(|size| size <= SOURCE_BYTES_MAX) {
        return Err(refuse("it is not a file that can be read whole"));
    }
    let bytes = std::fs::read(file).map_err(|error| refuse(&error.to_string()))?;
    Ok(program(&String::from_utf8_lossy(&bytes)))
}

/// A text without a byte order mark and without the line that names an interpreter.
fn program(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.strip_prefix("#!") {
        Some(rest) => format!("//{rest}"),
        None => text.to_owned(),
    }
}

/// Compiles a CommonJS file.
fn common_js<'js>(
    ctx: &Ctx<'js>,
    path: &str,
    text: &str,
    shared: &Shared,
) -> Result<Function<'js>> {
    let columns = u32::try_from(HEAD.len()).unwrap_or_default();
    shared.shifts.borrow_mut().insert(path.to_owned(), columns);
    let compiled = evaluate(ctx, path, format!("{HEAD}{text}\n}})"));
    if matches!(compiled, Err(Error::Exception)) {
        let thrown = ctx.catch();
        if closes_head(ctx, text) {
            return Err(surplus(ctx, path, text, shared));
        }
        ctx.throw(thrown);
    }
    compiled
}

/// Whether a text that is no CommonJS has a `}` too many, which closed the function around it, so
/// that what the engine complains of is not what is wrong.
fn closes_head(ctx: &Ctx<'_>, text: &str) -> bool {
    // Nothing of it runs: where the syntax is right, the first statement throws.
    let probe = format!("throw 0; function probe() {{{text}\n");
    evaluate::<Value<'_>>(ctx, "probe", probe).is_err() && !ctx.catch().is_error()
}

/// Throws that a text has a `}` too many; where, when it can be said.
///
/// Without a function around it the text fails at that place, unless it fails before because it
/// needs one.
fn surplus(ctx: &Ctx<'_>, path: &str, text: &str, shared: &Shared) -> Error {
    shared.shifts.borrow_mut().remove(path);
    let failed = Module::declare(ctx.clone(), path, text).err();
    let thrown = failed.map(|_| ctx.catch());
    let is_there = |place: &Place| {
        let line = usize::try_from(place.line).unwrap_or_default();
        let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let at = usize::try_from(place.column).unwrap_or_default();
        line.as_bytes().get(at.saturating_sub(1)) == Some(&b'}')
    };
    match thrown {
        Some(thrown) if place(&thrown, shared).as_ref().is_some_and(is_there) => ctx.throw(thrown),
        Some(_) | None => {
            let what = format!("a `}}` closes more than was opened in {path}");
            Exception::throw_syntax(ctx, &what)
        }
    }
}

/// Evaluates an expression in the loose mode of a script.
pub(super) fn evaluate<'js, V: rquickjs::FromJs<'js>>(
    ctx: &Ctx<'js>,
    name: &str,
    text: String,
) -> Result<V> {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(name.to_owned());
    ctx.eval_with_options(text, options)
}

/// Compiles an ES module and gives it its `import.meta`.
fn module<'js>(
    ctx: &Ctx<'js>,
    path: &str,
    text: String,
    shared: &Rc<Shared>,
) -> Result<Module<'js>> {
    shared.shifts.borrow_mut().remove(path);
    let module = Module::declare(ctx.clone(), path, text)?;
    // The name of a text that is in no file counts as a path in the current folder.
    let file = shared.absolute(path);
    let meta = module.meta()?;
    meta.set("url", file_address(&file.to_string_lossy()))?;
    meta.set("filename", &*file.to_string_lossy())?;
    meta.set("dirname", file.parent().and_then(Path::to_str))?;
    set_resolve(&meta, path, shared)?;
    Ok(module)
}

/// Gives an `import.meta` its `resolve`.
fn set_resolve<'js>(meta: &Object<'js>, path: &str, shared: &Rc<Shared>) -> Result<()> {
    let shared = Rc::clone(shared);
    let from = path.to_owned();
    let resolve = move |ctx: Ctx<'js>, specifier: String| -> Result<String> {
        let name = super::loader::name(&ctx, &shared, &from, &specifier)?;
        Ok(if name.starts_with('/') {
            file_address(&name)
        } else {
            name
        })
    };
    meta.set("resolve", Func::from(resolve))
}

/// Compiles a file that may be CommonJS or an ES module.
///
/// When it is neither, the attempt that came further says what is wrong.
fn either<'js>(ctx: &Ctx<'js>, path: &str, text: String, shared: &Rc<Shared>) -> Result<Form<'js>> {
    match common_js(ctx, path, &text, shared) {
        Err(Error::Exception) => {}
        other => return other.map(Form::CommonJs),
    }
    let as_function = ctx.catch();
    let function_place = place(&as_function, shared);
    let function_shift = shared.shifts.borrow().get(path).copied();
    match module(ctx, path, text, shared) {
        Err(Error::Exception) => {}
        other => return other.map(Form::Module),
    }
    let as_module = ctx.catch();
    let module_place = place(&as_module, shared);
    let is_module_further = function_place.is_some_and(|place| {
        module_place
            .as_ref()
            .is_some_and(|it| reach(it) > reach(&place))
    });
    if is_module_further {
        return Err(ctx.throw(as_module));
    }
    if let Some(columns) = function_shift {
        shared.shifts.borrow_mut().insert(path.to_owned(), columns);
    }
    Err(ctx.throw(as_function))
}

/// How far into a file a place is.
const fn reach(place: &Place) -> (u32, u32) {
    (place.line, place.column)
}

/// Where an exception was thrown.
fn place(thrown: &Value<'_>, shared: &Shared) -> Option<Place> {
    let stack = thrown.as_exception()?.stack()?;
    shared.place_in(&stack)
}

/// Marks the syntax of TypeScript as missing, where the pending exception says.
fn mark_typescript(ctx: &Ctx<'_>, shared: &Shared, path: &str) {
    let thrown = ctx.catch();
    let place = place(&thrown, shared).filter(|place| place.file == path);
    shared.lacks(super::TYPESCRIPT, place);
    ctx.throw(thrown);
}
