//! The engine, on a thread of its own, and a watch over it.
//!
//! The thread gives the engine a stack whose size is known. The caller waits for it as long as the
//! limit allows, then tells the engine to stop, which it looks for as it runs. What does not look
//! (one built-in function that loops over 2⁵³ places) is left behind with its thread: the caller
//! has its error in time in any case.

use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use rquickjs::{Context, Ctx, Function, Object, Persistent, Promise, Runtime};

use super::failure::{self, beyond_time};
use super::loader::{Modules, missing_name};
use super::natives::{natives, part};
use super::package::is_typescript;
use super::shared::{Entry, Lack, Shared, Task};
use super::{JsError, TYPESCRIPT};
use crate::env::Env;

/// The stack of the engine's thread, in bytes. Memory that is not used is not taken.
const STACK_BYTES: usize = 16 << 20;

/// How much of the stack JavaScript may use, in bytes; what runs beneath it has the rest.
const SCRIPT_STACK_BYTES: usize = 4 << 20;

/// How much the engine may hold before it looks for cycles, in bytes: more than a usual
/// configuration ever takes.
const GARBAGE_BYTES: usize = 16 << 20;

/// How long the engine may take to notice that its time is over.
const GRACE: Duration = Duration::from_secs(1);

/// What came of an evaluation by the engine.
pub(super) enum Outcome {
    /// A value.
    Value {
        /// What the file exports, as JSON.
        json: String,
        /// `process.env` at the end.
        env: Env,
    },
    /// The file used something that the engine does not have.
    Lack(Lack),
    /// The file failed.
    Failed(JsError),
}

/// What the thread hands back: what came of it, and the lines that were written with `console`.
type Finished = (Outcome, Vec<String>);

/// Evaluates a task with the engine.
pub(super) fn run(task: Task) -> Finished {
    let limit = task.limits.time;
    let name = task.name();
    let expired = Arc::new(AtomicBool::new(false));
    let (finished, waiting) = mpsc::channel();
    let watched = Arc::clone(&expired);
    let thread = thread::Builder::new()
        .name("configuration".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || evaluate(task, watched, &finished));
    if let Err(error) = thread {
        return failed(&name, format!("no thread for it: {error}"));
    }
    match waiting.recv_timeout(limit) {
        Ok(finished) => finished,
        Err(RecvTimeoutError::Disconnected) => failed(&name, "the engine failed".to_owned()),
        Err(RecvTimeoutError::Timeout) => {
            expired.store(true, Ordering::Relaxed);
            let late = || (Outcome::Failed(beyond_time(limit).or_in(&name)), Vec::new());
            waiting.recv_timeout(GRACE).unwrap_or_else(|_| late())
        }
    }
}

/// A failure that is not the file's.
fn failed(name: &str, why: String) -> Finished {
    (
        Outcome::Failed(JsError::at(None, why).or_in(name)),
        Vec::new(),
    )
}

/// Makes an engine, evaluates, hands over the result, and frees the engine.
///
/// When nobody waits any more, nobody wants the result.
fn evaluate(task: Task, expired: Arc<AtomicBool>, finished: &Sender<Finished>) {
    let name = task.name();
    let shared = Rc::new(Shared::new(task, expired));
    let engine = Runtime::new().and_then(|runtime| {
        let context = Context::full(&runtime)?;
        Ok((runtime, context))
    });
    let (runtime, context) = match engine {
        Ok(engine) => engine,
        Err(error) => {
            let failed = failed(&name, error.to_string());
            return finished.send(failed).unwrap_or_default();
        }
    };
    runtime.set_memory_limit(shared.task.limits.memory);
    runtime.set_max_stack_size(SCRIPT_STACK_BYTES);
    runtime.set_gc_threshold(GARBAGE_BYTES);
    let state = Rc::clone(&shared);
    runtime.set_interrupt_handler(Some(Box::new(move || state.is_over())));
    runtime.set_loader(Modules(Rc::clone(&shared)), Modules(Rc::clone(&shared)));

    let outcome = context.with(|ctx| in_context(&ctx, &shared));
    shared.host.take();
    let is_sound = matches!(outcome, Outcome::Value { .. });
    let console = shared.console.take();
    finished.send((outcome, console)).unwrap_or_default();
    if !is_sound {
        // An engine that was stopped halfway or ran out of memory may have lost objects, and
        // would end the process over them when it is freed.
        let _left = ManuallyDrop::new((runtime, context));
    }
}

/// Evaluates, and weighs what happened: a mark or a limit counts more than any result.
fn in_context(ctx: &Ctx<'_>, shared: &Rc<Shared>) -> Outcome {
    let result = driven(ctx, shared);
    let name = shared.task.name();
    if let Some(lack) = shared.lack() {
        return Outcome::Lack(lack);
    }
    if let Some((code, place)) = shared.exit() {
        return Outcome::Failed(failure::exited(code, place).or_in(&name));
    }
    if shared.is_expired() {
        return Outcome::Failed(beyond_time(shared.task.limits.time).or_in(&name));
    }
    match result {
        Ok(Some((json, env))) => Outcome::Value { json, env },
        Ok(None) => Outcome::Failed(never_settles().or_in(&name)),
        Err(error) => {
            let error = failure::of_error(ctx, &error, shared);
            match missing(&error, shared) {
                Some(what) => Outcome::Lack(Lack { what, place: None }),
                None => Outcome::Failed(error.or_in(&name)),
            }
        }
    }
}

/// What the engine lacks when this error is really its own fault.
///
/// Some types read as an expression: `f<string>(x)` compares `f` with a variable `string`.
fn missing(error: &JsError, shared: &Shared) -> Option<String> {
    let is_typescript = match &shared.task.entry {
        Entry::File(path) => is_typescript(path),
        Entry::Text { .. } | Entry::Expression { .. } => false,
    };
    let may_be_a_type = is_typescript && error.message.starts_with("ReferenceError");
    missing_name(&error.message, shared).or_else(|| may_be_a_type.then(|| TYPESCRIPT.to_owned()))
}

/// The error of a promise that waits for something that does not come.
fn never_settles() -> JsError {
    JsError::at(None, "it exports a promise that nothing settles")
}

/// Runs the file and everything that it queues. Nothing: its promise is still pending.
fn driven(ctx: &Ctx<'_>, shared: &Rc<Shared>) -> rquickjs::Result<Option<(String, Env)>> {
    let host: Object<'_> = part(ctx, "main")?.call((natives(ctx, shared)?,))?;
    *shared.host.borrow_mut() = Some(Persistent::save(ctx, host.clone()));
    let start: Function<'_> = host.get("start")?;
    let promise: Promise<'_> = match &shared.task.entry {
        Entry::File(path) => start.call(("file", &*path.to_string_lossy()))?,
        Entry::Text { name, .. } => start.call(("text", &**name))?,
        Entry::Expression { name, text } => start.call(("expression", &**name, &**text))?,
    };
    while !shared.is_over() && ctx.execute_pending_job() {}
    let Some(json) = promise.result::<String>() else {
        return Ok(None);
    };
    let env: Function<'_> = host.get("env")?;
    let pairs: Vec<Vec<String>> = env.call(())?;
    let env = pairs.into_iter().filter_map(|pair| {
        let [name, value] = <[String; 2]>::try_from(pair).ok()?;
        Some((name, value))
    });
    Ok(Some((json?, env.collect())))
}
