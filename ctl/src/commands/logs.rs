//! `logs`: what apps have printed, and what they go on to print.

use std::collections::BTreeSet;

use crate::args::LogsArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::follow::{self, Format, LogFile, Stream, Wish};
use crate::known::{Known, KnownApp, KnownInstance};

/// Prints the ends of log files and follows them. The daemon is asked for their places and nothing
/// else; where none runs, the state that the last one saved knows them.
pub(crate) fn run(args: &LogsArgs, context: &mut Context) -> anyhow::Result<Exit> {
    let known = context.known()?.ok_or_else(|| context.no_daemon())?;
    let files = files(&known, args)?;
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
fn files(known: &Known, args: &LogsArgs) -> Result<Vec<LogFile>, Failure> {
    let all = ["all".to_owned()];
    let typed = if args.apps.is_empty() {
        all.as_slice()
    } else {
        &args.apps
    };
    let mut files = Vec::new();
    let mut taken = BTreeSet::new();
    for word in typed {
        let meant = known.meant(word)?;
        if meant.is_empty() && word != "all" {
            return Err(known.unknown(word));
        }
        for (app, instance) in meant {
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
