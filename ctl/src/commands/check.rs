//! `check`: what is wrong with a configuration; nothing is started.

use config::load::{Loaded, Source, Wanted, load};
use serde_json::{Value, json};

use crate::args::CheckArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::{load as loading, words};

/// Checks a configuration, else the one of this folder.
pub(crate) fn run(args: &CheckArgs, context: &mut Context) -> anyhow::Result<Exit> {
    let source = match &args.file {
        Some(file) => loading::source(file)?,
        None => loading::ecosystem(context)?,
    };
    let wanted = Wanted {
        env_name: args.env.clone(),
        only: args.only.clone(),
        ..Wanted::default()
    };
    let loaded = load(&source, &context.asker(), &wanted);
    if context.json {
        context.printer.json(&shape(&loaded, args.show_env)?)?;
    } else {
        loading::say(&loaded, context);
        conclude(&source, &loaded, context)?;
    }
    Ok(if loaded.errors.is_empty() {
        Exit::Done
    } else {
        Exit::Usage
    })
}

fn conclude(source: &Source, loaded: &Loaded, context: &mut Context) -> anyhow::Result<()> {
    let name = loading::name_of(source);
    let warnings = words::count(loaded.warnings.len(), "warning");
    if !loaded.errors.is_empty() {
        let errors = words::count(loaded.errors.len(), "error");
        return Err(Failure::new(Exit::Usage, format!("{name}: {errors}, {warnings}")).into());
    }
    let apps = words::count(loaded.specs.len(), "app");
    context
        .printer
        .out(&format!("{name}: {apps}, {warnings}"))?;
    for spec in &loaded.specs {
        let instances = words::count(usize::try_from(spec.instances)?, "instance");
        let script = spec.exec.script.display();
        let program = match &spec.exec.interpreter {
            Some(interpreter) => format!("{} {script}", interpreter.display()),
            None => script.to_string(),
        };
        context
            .printer
            .out(&format!("  {}: {instances} of {program}", spec.name))?;
    }
    Ok(())
}

/// The facts. What the person has in the environment is never in them, what the configuration
/// declares only by name, unless its values were asked for.
fn shape(loaded: &Loaded, show_env: bool) -> anyhow::Result<Value> {
    let mut specs = serde_json::to_value(&loaded.specs)?;
    for spec in specs.as_array_mut().into_iter().flatten() {
        if let Some(fields) = spec.as_object_mut() {
            fields.shift_remove("inherited");
        }
        let env = spec["env"].as_object_mut().filter(|_| !show_env);
        for value in env.into_iter().flat_map(|env| env.values_mut()) {
            *value = json!("hidden");
        }
    }
    Ok(json!({
        "specs": specs,
        "errors": loaded.errors,
        "warnings": loaded.warnings,
    }))
}
