//! What can be typed: the verbs with their arguments, as clap sees them.
//!
//! Verbs and flags bear PM2's names, so that what is in people's fingers and scripts keeps working;
//! what this program does not do has no verb.

mod attributes;
mod logs;
mod start;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};
use clap_complete::Shell;
use config::Signal;
use protocol::request::ScaleTo;

use crate::select::Typed;

pub(crate) use attributes::Attributes;
pub(crate) use logs::LogsArgs;
pub(crate) use start::{FileArgs, RenewArgs, StartArgs};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  asked for, but not reached: an app did not start, or was not reloaded; a name is unknown
  2  the command line or a configuration is wrong; nothing was done
  3  no daemon is running, or it does not answer

Environment:
  WSD_HOME  the folder of the daemon's socket, state and logs [default: ~/.wsd]
  NO_COLOR  no colours";

const NAMES: &str = "\
With --json, which is a list of objects, each row has the same name, with `_` for a space. There:
  times are in milliseconds, memory is in bytes, and what there is not is null;
  id, name and status stand in the title;
  instance is the number alone, its variable instance_var;
  next_start is the wait alone; its attempt is one more than failures;
  the last lines are in last_death; reload is the way alone;
  restart, stop, ready, handover and origin are objects, listens and lacks lists of them.";

const RELOAD: &str = "\
What listens gets its successor beside it: that one is started, and checked, while the old one
serves; then new connections go to it, and the old one ends when what it has begun is done. Where
the successor does not come up the old one serves on, and the exit code is 1. What is down is
started. `handover`, `reload_check`, `reload_batch`, `drain_timeout` and, with `queue`,
`queue_pause` of a configuration say how.

Examples:
  wsctl reload web
  wsctl reload ecosystem.config.cjs --only web    with what the file says now
  wsctl reload all --update-env";

const DOCTOR: &str = "\
The daemon tries it out on a process of its own user, which it starts for that and throws away. Apps
that run are not touched: of these is told what was missing when it was needed. The exit code is 1
where something is missing, or where that could not be found out.";

const ENVIRONMENTS: &str = "\
Of an app with several instances the first is shown; an id names another.
With --json one app is an object of its variables; several are a list of { id, name, env }.";

/// Keeps apps alive: starts, stops, lists and follows them.
#[derive(Debug, Parser)]
#[command(
    name = "wsctl",
    version,
    disable_version_flag = true,
    arg_required_else_help = true,
    after_help = EXIT_CODES,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every verb takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "General options")]
pub(crate) struct Global {
    /// Print what would be shown as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print no table and no chatter; errors and asked-for data remain
    #[arg(short, long, global = true)]
    pub(crate) silent: bool,
    /// Use no colours
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
    /// Print lists as blocks instead of a table
    #[arg(short, long, global = true)]
    pub(crate) mini_list: bool,
    /// Sort lists by name, namespace, pid, id, memory, uptime, restarts or status
    #[arg(long, global = true, value_name = "FIELD[:asc|desc]")]
    pub(crate) sort: Option<crate::table::Sort>,
    /// Print the version
    #[arg(short = 'v', long, action = ArgAction::Version)]
    version: Option<bool>,
}

/// Apps that are there: by name, id, namespace, `/regex/`, `all`, or the file that describes them.
#[derive(Debug, Clone, Args)]
pub(crate) struct Selected {
    /// Names, ids, namespaces, `/regex/`, `all`, configuration files, or `-` for one on stdin
    #[arg(required_unless_present = "config", value_name = "APP")]
    apps: Vec<String>,
    /// A configuration file, whatever its name
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The same, where none means all.
#[derive(Debug, Clone, Args)]
pub(crate) struct SelectedOrAll {
    /// Names, ids, namespaces, `/regex/`, `all`, configuration files, or `-` for one on stdin;
    /// none: all apps
    #[arg(value_name = "APP")]
    apps: Vec<String>,
    /// A configuration file, whatever its name
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Selected {
    /// What was typed.
    pub(crate) fn typed(&self) -> Typed<'_> {
        Typed {
            words: &self.apps,
            config: self.config.as_deref(),
        }
    }
}

impl SelectedOrAll {
    /// What was typed; maybe nothing.
    pub(crate) fn typed(&self) -> Typed<'_> {
        Typed {
            words: &self.apps,
            config: self.config.as_deref(),
        }
    }
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start apps from a configuration, a script, a command, or by name
    Start(Box<StartArgs>),
    /// Stop apps; they stay in the list
    Stop(Selected),
    /// Stop apps, then start them; who connects to one that listens waits meanwhile
    #[command(alias = "startOrRestart")]
    Restart(Box<RenewArgs>),
    /// Replace what runs without losing a request, as far as that is possible
    #[command(
        aliases = ["gracefulReload", "softReload", "startOrReload", "startOrGracefulReload"],
        after_help = RELOAD
    )]
    Reload(Box<RenewArgs>),
    /// Stop apps and forget them
    #[command(visible_alias = "del")]
    Delete(Selected),
    /// List all apps
    #[command(visible_aliases = ["ls", "l", "ps", "status"])]
    List,
    /// Show everything about an app
    #[command(visible_aliases = ["show", "desc", "info"], after_help = NAMES)]
    Describe(Selected),
    /// Print the logs of apps and follow them
    #[command(visible_alias = "log")]
    Logs(LogsArgs),
    /// Print what happens to apps, as it happens
    Events,
    /// Print the environment of an app; of several, each under its name
    #[command(after_help = ENVIRONMENTS)]
    Env(Selected),
    /// Print process ids, one a line; 0 for what does not run
    Pid(SelectedOrAll),
    /// Print the ids of apps
    Id(Selected),
    /// Change the number of instances of an app
    Scale {
        /// The name of the app
        app: String,
        /// So many, `+n` more, or `-n` fewer
        #[arg(value_name = "N", allow_hyphen_values = true, value_parser = scale_to)]
        to: ScaleTo,
    },
    /// Send a signal to apps
    #[command(visible_alias = "sendSignal")]
    Signal {
        /// The signal, as `SIGUSR1`, `usr1` or `10`
        signal: Signal,
        #[command(flatten)]
        selected: Selected,
    },
    /// Zero the restart counters of apps
    Reset(Selected),
    /// Empty the log files of apps
    Flush(SelectedOrAll),
    /// Write the list of apps to a file for `resurrect`
    #[command(visible_alias = "dump")]
    Save,
    /// Bring back the apps that `save` wrote
    Resurrect,
    /// Say whether the daemon answers
    Ping,
    /// Say what this machine lacks for reloads without loss, and which apps do
    #[command(after_help = DOCTOR)]
    Doctor,
    /// Stop all apps and end the daemon; the next one brings them back
    Kill,
    /// Print the list as `pm2 jlist` does
    Jlist {
        /// With the environments, which may hold secrets
        #[arg(long)]
        show_env: bool,
    },
    /// Check a configuration; start nothing
    Check(CheckArgs),
    /// Print the JSON Schema of configurations, for editors
    Schema,
    /// Write an example `ecosystem.config.cjs` into this folder
    #[command(visible_alias = "ecosystem")]
    Init,
    /// Print completions for a shell
    Completion {
        /// The shell
        shell: Shell,
    },
    /// Names that can be completed
    #[command(name = "__complete", hide = true)]
    Complete,
    /// Leaves the session and becomes another program
    #[command(name = "__detach", hide = true)]
    Detach {
        /// The program and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        program: Vec<std::ffi::OsString>,
    },
}

/// What `check` takes.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The configuration, or `-` for one on stdin; none: the ecosystem file of this folder
    pub(crate) file: Option<PathBuf>,
    /// Use the `env_<NAME>` of the apps
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<String>,
    /// Only these apps
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// With the values of declared variables, which may hold secrets
    #[arg(long)]
    pub(crate) show_env: bool,
}

fn scale_to(text: &str) -> Result<ScaleTo, String> {
    let count = |digits: &str| {
        digits
            .parse()
            .map_err(|_not_a_count: std::num::ParseIntError| {
                "give a count: `4`, `+2` or `-1`".to_owned()
            })
    };
    if let Some(more) = text.strip_prefix('+') {
        count(more).map(ScaleTo::Up)
    } else if let Some(fewer) = text.strip_prefix('-') {
        count(fewer).map(ScaleTo::Down)
    } else {
        count(text).map(ScaleTo::Exactly)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_scale_goes_up_down_or_to_a_number() {
        assert_eq!(scale_to("4"), Ok(ScaleTo::Exactly(4)));
        assert_eq!(scale_to("+2"), Ok(ScaleTo::Up(2)));
        assert_eq!(scale_to("-1"), Ok(ScaleTo::Down(1)));
        assert!(scale_to("many").is_err());
        assert!(scale_to("+-2").is_err());
    }

    #[test]
    fn a_negative_scale_is_no_flag() {
        let cli = Cli::try_parse_from(["wsctl", "scale", "web", "-2"]).unwrap();
        let Command::Scale { to, .. } = cli.command else {
            panic!("another verb");
        };
        assert_eq!(to, ScaleTo::Down(2));
    }

    #[test]
    fn pm2s_order_of_signal_and_name_is_understood() {
        let cli = Cli::try_parse_from(["wsctl", "sendSignal", "SIGUSR2", "web"]).unwrap();
        let Command::Signal { signal, selected } = cli.command else {
            panic!("another verb");
        };
        assert_eq!(signal.to_string(), "SIGUSR2");
        assert_eq!(selected.typed().words, ["web"]);
    }
}
