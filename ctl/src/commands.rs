//! The verbs: one file each.

pub(crate) mod list;

mod check;
mod completion;
mod delete;
mod describe;
mod doctor;
mod env;
mod events;
mod flush;
mod id;
mod init;
mod jlist;
mod kill;
mod logs;
mod pid;
mod ping;
mod reload;
mod renew;
mod reset;
mod restart;
mod resurrect;
mod save;
mod scale;
mod schema;
mod signal;
mod start;
mod stop;

use crate::args::Command;
use crate::context::Context;
use crate::exit::Exit;
use crate::spawn;

/// Does what was typed.
pub(crate) fn run(command: Command, context: &mut Context) -> anyhow::Result<Exit> {
    match command {
        Command::Start(args) => start::run(&args, context),
        Command::Stop(selected) => stop::run(&selected, context),
        Command::Restart(args) => restart::run(&args, context),
        Command::Reload(args) => reload::run(&args, context),
        Command::Delete(selected) => delete::run(&selected, context),
        Command::List => list::run(context),
        Command::Describe(selected) => describe::run(&selected, context),
        Command::Logs(args) => logs::run(&args, context),
        Command::Events => events::run(context),
        Command::Env(selected) => env::run(&selected, context),
        Command::Pid(selected) => pid::run(&selected, context),
        Command::Id(selected) => id::run(&selected, context),
        Command::Scale { app, to } => scale::run(&app, to, context),
        Command::Signal { signal, selected } => signal::run(signal, &selected, context),
        Command::Reset(selected) => reset::run(&selected, context),
        Command::Flush(selected) => flush::run(&selected, context),
        Command::Save => save::run(context),
        Command::Resurrect => resurrect::run(context),
        Command::Doctor => doctor::run(context),
        Command::Ping => ping::run(context),
        Command::Kill => kill::run(context),
        Command::Jlist { show_env } => jlist::run(show_env, context),
        Command::Check(args) => check::run(&args, context),
        Command::Schema => schema::run(context),
        Command::Init => init::run(context),
        Command::Completion { shell } => completion::run(shell, context),
        Command::Complete => completion::names(context),
        Command::Detach { program } => spawn::detach(&program),
    }
}
