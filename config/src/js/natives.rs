//! The functions that Rust gives to the host's scripts.
//!
//! One that may fail in a way that a configuration can catch answers a list: the failure, which
//! the script throws, and the value. So the error has the stack of whoever called.

mod files;

use std::path::Path;
use std::rc::Rc;

use rquickjs::function::Func;
use rquickjs::promise::PromiseState;
use rquickjs::{Array, Ctx, Function, IntoJs, Object, Promise, Result, TypedArray, Value};

use super::compile::{Form, compile, evaluate};
use super::failure::HOST_SCHEME;
use super::package::Asking;
use super::resolve::{Found, builtin, resolve};
use super::shared::Shared;
use super::text::{decode, encode, file_address};
use crate::dotenv;

/// Why a native did not do what it was asked for; the script makes an `Error` of it.
#[derive(Debug)]
pub(super) struct Failure {
    /// The message.
    message: String,
    /// The `code` by which programs know it.
    code: &'static str,
    /// The number of the error, the call and its path, for errors of the system.
    system: Option<(i32, &'static str, String)>,
}

/// An answer in the form that the script expects.
struct Answer<T>(std::result::Result<T, Failure>);

impl<'js> IntoJs<'js> for Failure {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let object = Object::new(ctx.clone())?;
        object.set("message", self.message)?;
        object.set("code", self.code)?;
        if let Some((number, call, path)) = self.system {
            object.set("errno", -number)?;
            object.set("syscall", call)?;
            object.set("path", path)?;
        }
        Ok(object.into_value())
    }
}

impl<'js, T: IntoJs<'js>> IntoJs<'js> for Answer<T> {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let pair = Array::new(ctx.clone())?;
        match self.0 {
            Ok(value) => pair.set(1, value)?,
            Err(failure) => pair.set(0, failure)?,
        }
        Ok(pair.into_value())
    }
}

/// The host's own scripts, by name.
const PARTS: [(&str, &str); 16] = [
    ("main", include_str!("host/main.js")),
    ("lacks", include_str!("host/lacks.js")),
    ("globals", include_str!("host/globals.js")),
    ("locale", include_str!("host/locale.js")),
    ("process", include_str!("host/process.js")),
    ("console", include_str!("host/console.js")),
    ("modules", include_str!("host/modules.js")),
    ("module", include_str!("host/module.js")),
    ("path", include_str!("host/path.js")),
    ("fs", include_str!("host/fs.js")),
    ("os", include_str!("host/os.js")),
    ("url", include_str!("host/url.js")),
    ("address", include_str!("host/address.js")),
    ("util", include_str!("host/util.js")),
    ("buffer", include_str!("host/buffer.js")),
    ("dotenv", include_str!("host/dotenv.js")),
];

/// The script that says what an export comes to; other runtimes use it too.
pub(super) const SETTLE: &str = include_str!("host/settle.js");

/// One of the host's scripts, evaluated: a function of the host.
pub(super) fn part<'js>(ctx: &Ctx<'js>, name: &str) -> Result<Function<'js>> {
    let text = PARTS
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(SETTLE, |(_, text)| text);
    evaluate(ctx, &format!("{HOST_SCHEME}{name}"), text.to_owned())
}

/// The object with all natives.
pub(super) fn natives<'js>(ctx: &Ctx<'js>, shared: &Rc<Shared>) -> Result<Object<'js>> {
    let natives = Object::new(ctx.clone())?;
    natives.set("part", Func::from(|ctx, name: String| part(&ctx, &name)))?;
    add_marks(&natives, shared)?;
    add_machine(&natives, shared)?;
    add_modules(&natives, shared)?;
    add_texts(&natives)?;
    files::add(&natives, shared)?;
    Ok(natives)
}

/// The natives that note something about the evaluation.
fn add_marks(natives: &Object<'_>, shared: &Rc<Shared>) -> Result<()> {
    let state = Rc::clone(shared);
    let lack = move |what: String, stack: String| state.lacks_at(what, &stack);
    natives.set("lack", Func::from(lack))?;
    let state = Rc::clone(shared);
    let exit = move |code: f64, stack: String| {
        // A code beyond what fits is cut off, which is what casting does.
        state.exited(code as i32, &stack);
    };
    natives.set("exit", Func::from(exit))?;
    let state = Rc::clone(shared);
    let log = move |line: String| state.console.borrow_mut().push(line);
    natives.set("log", Func::from(log))
}

/// The natives that tell about the process and the machine.
fn add_machine(natives: &Object<'_>, shared: &Rc<Shared>) -> Result<()> {
    let state = Rc::clone(shared);
    let env = move || -> Vec<Vec<String>> {
        let pairs = state.task.env.0.iter();
        pairs
            .map(|(name, value)| vec![name.clone(), value.clone()])
            .collect()
    };
    natives.set("env", Func::from(env))?;
    let state = Rc::clone(shared);
    natives.set("machine", Func::from(move |ctx| machine(&ctx, &state)))
}

/// The version of Node that the engine says it is.
const VERSION: &str = "v20.19.0";

/// The facts about the process and the machine.
fn machine<'js>(ctx: &Ctx<'js>, shared: &Shared) -> Result<Object<'js>> {
    use std::os::unix::fs::MetadataExt as _;
    let task = &shared.task;
    let home = task
        .home
        .clone()
        .or_else(|| task.env.get("HOME").map(Into::into));
    let myself = std::fs::metadata("/proc/self");
    let (uid, gid) = myself.map_or((0, 0), |meta| (meta.uid(), meta.gid()));
    let machine = Object::new(ctx.clone())?;
    machine.set("version", VERSION)?;
    machine.set("arch", architecture())?;
    machine.set("machine", std::env::consts::ARCH)?;
    machine.set("argv", task.argv.clone())?;
    machine.set("execPath", &*task.exec_path.to_string_lossy())?;
    machine.set("cwd", &*task.cwd.to_string_lossy())?;
    machine.set(
        "home",
        home.unwrap_or_else(|| "/".into())
            .to_string_lossy()
            .into_owned(),
    )?;
    machine.set("pid", std::process::id())?;
    machine.set("ppid", std::os::unix::process::parent_id())?;
    machine.set("uid", uid)?;
    machine.set("gid", gid)?;
    Ok(machine)
}

/// The name that Node has for this processor.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "ia32",
        "powerpc64" => "ppc64",
        "loongarch64" => "loong64",
        other => other,
    }
}

/// The natives that find, compile and run files.
fn add_modules(natives: &Object<'_>, shared: &Rc<Shared>) -> Result<()> {
    natives.set(
        "builtin",
        Func::from(|name: String| builtin(&name).is_some()),
    )?;
    let state = Rc::clone(shared);
    let resolve = move |specifier: String, from: String, stack: String| {
        Answer(required(&state, &specifier, &from, &stack))
    };
    natives.set("resolve", Func::from(resolve))?;
    let state = Rc::clone(shared);
    natives.set(
        "compile",
        Func::from(move |ctx, path: String| compiled(&ctx, &path, &state)),
    )?;
    natives.set(
        "isPending",
        Func::from(|promise: Promise<'_>| promise.state() == PromiseState::Pending),
    )?;
    let state = Rc::clone(shared);
    natives.set(
        "expression",
        Func::from(move |ctx, name: String, text: String, require| {
            expression(&ctx, &name, &text, require, &state)
        }),
    )
}

/// What `require` finds for a specifier in a file: its sort and its name.
fn required(
    shared: &Shared,
    specifier: &str,
    from: &str,
    stack: &str,
) -> std::result::Result<Vec<String>, Failure> {
    let from = shared.absolute(from);
    let folder = from.parent().unwrap_or_else(|| Path::new("/"));
    let not_found = || Failure {
        message: format!("Cannot find module '{specifier}'"),
        code: "MODULE_NOT_FOUND",
        system: None,
    };
    match resolve(specifier, folder, Asking::Require) {
        Found::Builtin(name) => Ok(vec!["builtin".to_owned(), name]),
        Found::File(path) => match path.into_os_string().into_string() {
            Ok(path) => Ok(vec!["file".to_owned(), path]),
            Err(_) => Err(not_found()),
        },
        Found::Foreign => {
            shared.lacks_at(format!("a require of '{specifier}'"), stack);
            Err(not_found())
        }
        Found::Nothing => {
            if shared
                .task
                .env
                .get("NODE_PATH")
                .is_some_and(|path| !path.is_empty())
            {
                shared.lacks_at("NODE_PATH", stack);
            }
            Err(not_found())
        }
    }
}

/// A compiled file: its form and its content; an ES module has begun to run.
fn compiled<'js>(ctx: &Ctx<'js>, path: &str, shared: &Rc<Shared>) -> Result<Array<'js>> {
    let answer = Array::new(ctx.clone())?;
    match compile(ctx, path, shared)? {
        Form::CommonJs(function) => {
            answer.set(0, "function")?;
            answer.set(1, function)?;
        }
        Form::Json(text) => {
            answer.set(0, "json")?;
            answer.set(1, text)?;
        }
        Form::Module(module) => {
            if shared.imported.borrow().contains(path) {
                let what = format!("`require` of the ES module `{path}`, which is imported too,");
                shared.lacks(what, None);
            }
            let (module, promise) = module.eval()?;
            answer.set(0, "module")?;
            answer.set(1, promise)?;
            answer.set(2, module.namespace()?)?;
        }
    }
    Ok(answer)
}

/// The value of an expression that may call `require`.
fn expression<'js>(
    ctx: &Ctx<'js>,
    name: &str,
    text: &str,
    require: Value<'js>,
    shared: &Shared,
) -> Result<Value<'js>> {
    ctx.globals().set("require", require)?;
    shared.shifts.borrow_mut().insert(name.to_owned(), 1);
    evaluate(ctx, name, format!("({text}\n)"))
}

/// The natives that change the form of a text.
fn add_texts(natives: &Object<'_>) -> Result<()> {
    // The bytes come as a text of as many letters: the memory behind a JavaScript array cannot be
    // borrowed safely.
    let decode = |letters: String, encoding: String| decode(&encode(&letters, "latin1"), &encoding);
    natives.set("decode", Func::from(decode))?;
    let encode =
        |ctx, text: String, encoding: String| TypedArray::<u8>::new(ctx, encode(&text, &encoding));
    natives.set("encode", Func::from(encode))?;
    let dotenv = |text: String| -> Vec<Vec<String>> {
        let pairs = dotenv::parse(&text).into_iter();
        pairs.map(|(name, value)| vec![name, value]).collect()
    };
    natives.set("dotenv", Func::from(dotenv))?;
    natives.set("fileUrl", Func::from(|path: String| file_address(&path)))
}
