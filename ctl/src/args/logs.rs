//! The arguments of `logs`.

use clap::Args;

use super::SelectedOrAll;

/// What `logs` takes.
#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    #[command(flatten)]
    pub(crate) selected: SelectedOrAll,
    /// How many lines of each file come first
    #[arg(long, default_value_t = 15, value_name = "N")]
    pub(crate) lines: u64,
    /// Print what is there and end
    #[arg(long)]
    pub(crate) nostream: bool,
    /// Follow the files; this is the default
    #[arg(short, long, conflicts_with = "nostream")]
    pub(crate) follow: bool,
    /// Only standard error
    #[arg(long, conflicts_with = "out")]
    pub(crate) err: bool,
    /// Only standard output
    #[arg(long)]
    pub(crate) out: bool,
    /// Print the bytes of the files as they are
    #[arg(long)]
    pub(crate) raw: bool,
}
