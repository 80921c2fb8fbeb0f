//! What clients see of a reload: every runtime, every load, every way, and PM2 beside them.
//!
//! `cargo run --release -p benches -- reload` takes more than an hour. What it takes:
//!
//! | | |
//! |---|---|
//! | `--rounds N` | reloads of each cell; 20 where nothing is said |
//! | `--only WORD` | only runtimes whose name holds this word |
//! | `--way WORD` | only ways whose name holds this word, `PM2` for example |
//! | `--load WORD` | only loads whose name holds this word |
//! | `--soak N` | instead of it all: so many reloads of one server, and what the daemon holds after them |

mod matrix;
mod soak;
mod subject;
mod way;

use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, bail};

use matrix::Matrix;

/// What was typed after `reload`.
#[derive(Debug)]
pub(crate) struct Wanted {
    rounds: u32,
    only: String,
    way: String,
    load: String,
    soak: Option<u32>,
}

impl Wanted {
    /// Reads the words.
    ///
    /// Errors: a word that has no meaning, or no number where one belongs.
    pub(crate) fn of(words: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut wanted = Self {
            rounds: 20,
            only: String::new(),
            way: String::new(),
            load: String::new(),
            soak: None,
        };
        let mut words = words.fuse();
        while let Some(word) = words.next() {
            let value = words.next();
            let value = value.with_context(|| format!("`{word}` needs a value"))?;
            match word.as_str() {
                "--rounds" => wanted.rounds = value.parse()?,
                "--only" => wanted.only = value,
                "--way" => wanted.way = value,
                "--load" => wanted.load = value,
                "--soak" => wanted.soak = Some(value.parse()?),
                _ => bail!("`{word}` has no meaning"),
            }
        }
        Ok(wanted)
    }
}

/// Runs what was asked for and prints it; whether nothing of ours has failed.
///
/// Errors: nothing can be measured here.
pub(crate) fn run(wanted: &Wanted, interrupted: &Arc<AtomicBool>) -> anyhow::Result<bool> {
    if let Some(rounds) = wanted.soak {
        let soak = soak::run(rounds, interrupted)?;
        io::stdout().write_all(soak.to_string().as_bytes())?;
        return Ok(soak.is_sound());
    }
    let mut matrix = Matrix::default();
    let is_enough = || interrupted.load(Ordering::SeqCst);
    matrix.fill(wanted, is_enough)?;
    io::stdout().write_all(matrix.to_string().as_bytes())?;
    Ok(matrix.is_whole() && !is_enough())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> anyhow::Result<Wanted> {
        Wanted::of(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn words_are_read_in_any_order() {
        let wanted = of(&["--only", "Bun", "--rounds", "3"]).unwrap();
        assert_eq!((wanted.rounds, wanted.only.as_str()), (3, "Bun"));
        assert!(of(&["--rounds"]).is_err());
        assert!(of(&["--quick", "1"]).is_err());
    }
}
