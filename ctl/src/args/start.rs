//! The arguments of `start`, `restart` and `reload`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::Attributes;

/// What `start` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wsctl start                                     the ecosystem file of this folder
  wsctl start ecosystem.config.cjs --only web
  wsctl start server.js --name web -i 2 -- --port 3000
  wsctl start \"npm run dev\" --name dev
  wsctl start web                                 an app that is in the list")]
pub(crate) struct StartArgs {
    /// Configurations, scripts, commands, or apps that are there; `-` for a configuration on stdin
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// Its name [default: the script's, without its last extension]
    #[arg(short, long)]
    name: Option<String>,
    /// PM2's flag; a start gives a script the environment of this shell in any case
    #[arg(short = 'a', long, hide = true)]
    update_env: bool,
    /// Replace an app of the same name that is running
    #[arg(short, long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) file: FileArgs,
    #[command(flatten)]
    pub(crate) attributes: Attributes,
}

impl StartArgs {
    /// The attributes that were given, by their names in a configuration.
    pub(crate) fn given(&self) -> Map<String, Value> {
        let mut given = self.attributes.given();
        if let Some(name) = &self.name {
            given.insert("name".to_owned(), json!(name));
        }
        given
    }
}

/// What `restart` and `reload` take.
#[derive(Debug, Args)]
pub(crate) struct RenewArgs {
    /// Names, ids, namespaces, `/regex/`, `all`, configuration files, or `-` for one on stdin
    #[arg(value_name = "APP", required_unless_present = "config")]
    pub(crate) targets: Vec<String>,
    /// Give the apps the environment of this shell
    #[arg(short = 'a', long)]
    pub(crate) update_env: bool,
    /// PM2's flag, which there goes over a lock that a broken reload left
    #[arg(short, long, hide = true)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) file: FileArgs,
    #[command(flatten)]
    pub(crate) attributes: Attributes,
}

/// What concerns configuration files.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Configuration files")]
pub(crate) struct FileArgs {
    /// A configuration file, whatever its name
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Only the apps with these names
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Use the `env_<NAME>` of the apps
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<String>,
}
