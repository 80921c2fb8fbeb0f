//! `completion`: scripts for shells, and the names that they ask for.

use std::ffi::OsStr;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::args::Cli;
use crate::context::Context;
use crate::exit::Exit;

/// The verbs after which an app is named.
const VERBS: &str = "start stop restart reload delete del describe show desc info logs log env pid id scale reset flush";

/// Prints the script for a shell, for the name under which this program was called.
pub(crate) fn run(shell: Shell, context: &mut Context) -> anyhow::Result<Exit> {
    let called = std::env::args_os().next();
    let called = called.as_deref().map(Path::new).and_then(Path::file_name);
    let name = called.and_then(OsStr::to_str).unwrap_or("wsctl");
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), name, &mut script);
    let script = String::from_utf8_lossy(&script);
    context.printer.out(&with_names(shell, name, &script))?;
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

/// The script with what makes the shell complete the names of apps; as it is where the shell has no
/// place for them.
fn with_names(shell: Shell, name: &str, script: &str) -> String {
    match shell {
        Shell::Bash => format!("{script}{}", bash(name)),
        Shell::Fish => format!("{script}{}", fish(name)),
        Shell::Zsh => zsh(name, script),
        Shell::Elvish | Shell::PowerShell | _ => script.to_owned(),
    }
}

fn bash(name: &str) -> String {
    format!(
        "\
_{name}_with_names() {{
    _{name} \"$@\"
    case \" {VERBS} \" in
        *\" ${{COMP_WORDS[1]}} \"*)
            COMPREPLY+=($(compgen -W \"$({name} __complete 2>/dev/null)\" -- \"${{COMP_WORDS[COMP_CWORD]}}\")) ;;
    esac
}}
complete -F _{name}_with_names -o nosort -o bashdefault -o default {name}"
    )
}

fn fish(name: &str) -> String {
    format!(
        "complete -c {name} -n '__fish_seen_subcommand_from {VERBS}' -a '({name} __complete 2>/dev/null)'"
    )
}

/// Zsh completes an argument by the action at the end of its line; the places of apps get one that
/// knows them.
fn zsh(name: &str, script: &str) -> String {
    let function = format!("_{name}_names");
    let definition = format!(
        "{function}() {{\n    local -a names\n    names=(${{(f)\"$({name} __complete 2>/dev/null)\"}})\n    \
         compadd -a names\n    _files\n}}\n\n"
    );
    let (head, rest) = script.split_once('\n').unwrap_or((script, ""));
    let lines = rest.lines().map(|line| {
        let takes_apps = ["'*::apps", "':app ", "'::app ", "'*::targets"]
            .iter()
            .any(|start| line.starts_with(start));
        if takes_apps {
            line.replace(":_default'", &format!(":{function}'"))
        } else {
            line.to_owned()
        }
    });
    let lines: Vec<String> = lines.collect();
    format!("{head}\n{definition}{}", lines.join("\n"))
}
