//! `logs`: what apps have printed, and what they go on to print.

use std::collections::BTreeSet;

use crate::args::LogsArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::follow::{self, Format, LogFile, Stream, Wish};
use crate::known::{Known, KnownApp, KnownInstance};
use crate::select::{self, Typed};

/// Prints the ends of log files and follows them. The daemon is asked for their places and nothing
/// else; where none runs, the state that the last one saved knows them.
pub(crate) fn run(args: &LogsArgs, context: &mut Context) -> anyhow::Result<Exit> {
    let known = context.known()?.ok_or_else(|| context.no_daemon())?;
    let files = files(&known, args, context)?;
    if files.is_empty() {
        context.printer.note("nothing that was named writes a log");
        return Ok(Exit::Done);
    }
    let format = match (args.raw, context.json) {
        (true, _) => Format::Raw,
        (false, true) => Format::Json,
        (false, false) => Format::prefixed(&files, context.printer.out_paint()),
    };
    let wish = Wish {
        lines: args.lines,
        follow: !args.nostream,
        format,
    };
    follow::run(files, &wish, context)
}

/// The files of all that is meant, each once, under the first instance that writes to it.
fn files(known: &Known, args: &LogsArgs, context: &Context) -> anyhow::Result<Vec<LogFile>> {
    let all = ["all".to_owned()];
    let typed = args.selected.typed();
    let typed = if typed.is_empty() {
        Typed {
            words: &all,
            config: None,
        }
    } else {
        typed
    };
    let mut files = Vec::new();
    let mut taken = BTreeSet::new();
    for word in select::words(typed, known, context)? {
        for (app, instance) in select::of_word(&word, known)? {
            let of_instance = of_instance(app, instance, args);
            files.extend(of_instance.filter(|file| taken.insert(file.path.clone())));
        }
    }
    Ok(files)
}

fn of_instance<'a>(
    app: &'a KnownApp,
    instance: &'a KnownInstance,
    args: &LogsArgs,
) -> impl Iterator<Item = LogFile> + 'a {
    let out = instance.logs.out.as_ref().filter(|_| !args.err);
    let err = instance.logs.err.as_ref().filter(|_| !args.out);
    let both = [(out, Stream::Out), (err, Stream::Err)];
    both.into_iter().filter_map(|(path, stream)| {
        Some(LogFile {
            path: path?.clone(),
            app: app.name.clone(),
            id: instance.id,
            stream,
        })
    })
}
