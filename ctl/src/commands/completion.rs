//! `completion`: scripts for shells, and the names that they ask for.

use std::ffi::OsStr;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::args::Cli;
use crate::context::Context;
use crate::exit::Exit;

/// The verbs after which an app is named.
const VERBS: &str =
    "start stop restart delete del describe show desc info logs log env pid id scale reset flush";

/// Prints the script for a shell, for the name under which this program was called.
pub(crate) fn run(shell: Shell, context: &mut Context) -> anyhow::Result<Exit> {
    let called = std::env::args_os().next();
    let called = called.as_deref().map(Path::new).and_then(Path::file_name);
    let name = called.and_then(OsStr::to_str).unwrap_or("wsctl");
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), name, &mut script);
    context.printer.bytes(&script)?;
    if let Some(names) = names_of_apps(shell, name) {
        context.printer.out(&names)?;
    }
    Ok(Exit::Done)
}

/// Prints the names and namespaces there are, one a line; nothing where nothing is known.
pub(crate) fn names(context: &mut Context) -> anyhow::Result<Exit> {
    let Ok(Some(known)) = context.known() else {
        return Ok(Exit::Done);
    };
    let mut names: Vec<&str> = known
        .apps
        .iter()
        .flat_map(|app| [app.name.as_str(), app.namespace.as_str()])
        .collect();
    names.sort_unstable();
    names.dedup();
    context.printer.out(&names.join("\n"))?;
    Ok(Exit::Done)
}

/// What makes a shell complete the names of apps; none where the script for it has no place for
/// them.
fn names_of_apps(shell: Shell, name: &str) -> Option<String> {
    match shell {
        Shell::Bash => Some(format!(
            "\
_{name}_with_names() {{
    _{name} \"$@\"
    case \" {VERBS} \" in
        *\" ${{COMP_WORDS[1]}} \"*)
            COMPREPLY+=($(compgen -W \"$({name} __complete 2>/dev/null)\" -- \"${{COMP_WORDS[COMP_CWORD]}}\")) ;;
    esac
}}
complete -F _{name}_with_names -o nosort -o bashdefault -o default {name}"
        )),
        Shell::Fish => Some(format!(
            "complete -c {name} -n '__fish_seen_subcommand_from {VERBS}' -a '({name} __complete 2>/dev/null)'"
        )),
        // Zsh's own list takes nothing besides; of the others, no one has asked.
        Shell::Zsh | Shell::Elvish | Shell::PowerShell | _ => None,
    }
}
