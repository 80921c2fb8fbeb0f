//! Reading what was saved, and what to do when it is not what was written.
//!
//! | `state.json` | the one before | what is taken |
//! |---|---|---|
//! | whole | any | `state.json` |
//! | absent | absent | nothing: a new home |
//! | absent, `.new` is whole | whole | the one before: a crash between two renames |
//! | absent | whole | the one before, and it is told |
//! | damaged | whole | the one before, it is told, and the damaged one is kept |
//! | damaged or absent | damaged | nothing: the daemon does not start |
//! | damaged | absent | nothing: the daemon does not start |
//! | a later version's | any | nothing: the daemon does not start |
//!
//! So a fleet is never silently empty, and no file is ever thrown away.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use protocol::Paths;
use protocol::reply::DiskError;
use protocol::saved::Saved;

use super::replace::beside;
use super::sealed::{self, Flaw};

/// What was saved.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Loaded {
    /// The goals; without apps in a new home.
    pub(crate) saved: Saved,
    /// Why these are the goals of the generation before; none when they are not.
    pub(crate) damage: Option<Damage>,
}

/// The latest generation could not be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    /// What is wrong with it.
    pub(crate) why: DiskError,
    /// Where it was put; where it was missing, the generation that was taken.
    pub(crate) kept_as: PathBuf,
}

impl Damage {
    /// What is wrong, what was done about it, and what to do, in one line.
    pub(crate) fn told(&self) -> String {
        let state = self.why.file.display();
        let kept_as = self.kept_as.display();
        let done = if self.why.errno == Some(Errno::ENOENT as i32) {
            format!(
                "the saved fleet `{state}` is missing; the generation before it, `{kept_as}`, was used"
            )
        } else {
            format!(
                "the saved fleet {}; it is kept as `{kept_as}`; the generation before it was used",
                told(std::slice::from_ref(&self.why))
            )
        };
        format!(
            "{done}: look with `wsctl list` whether what was changed last is missing, and do it again"
        )
    }
}

/// Why there are no goals to start with. Nothing was changed on disk.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// Both generations are damaged, or the only one is.
    #[error(
        "cannot read the saved fleet: {}; nothing was started and no file was changed; put a good \
         copy in the place of `{}`, or move these files away to begin with an empty fleet",
        told(damages),
        state.display()
    )]
    Damaged {
        /// The latest generation.
        state: PathBuf,
        /// What is wrong with each generation, the latest first.
        damages: Vec<DiskError>,
    },
    /// A later daemon wrote it.
    #[error(
        "cannot read the saved fleet: `{}` was written by a later wsd, in version {version} of \
         its form; nothing was started; run that wsd, or move the file away to begin with an \
         empty fleet",
        file.display()
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// The version it has.
        version: u32,
    },
    /// The kernel does not let us read it.
    #[error(
        "cannot read the saved fleet `{}`: {why}; make it readable to this user",
        file.display()
    )]
    Refused {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        why: io::Error,
    },
    /// A damaged file could not be put aside.
    #[error(
        "cannot put the damaged `{}` aside: {why}; nothing was started; move it away yourself, and \
         the generation before it is taken",
        file.display()
    )]
    NotKept {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        why: io::Error,
    },
}

/// Reads the goals of this home.
///
/// # Errors
/// [`Unreadable`], when nothing can be relied on; the daemon must not start then.
pub(crate) fn load(paths: &Paths) -> Result<Loaded, Unreadable> {
    let state = paths.state();
    let why = match look(&state)? {
        Found::Whole(saved) => {
            return Ok(Loaded {
                saved,
                damage: None,
            });
        }
        Found::Absent => return load_without_latest(paths),
        Found::Damaged(why) => why,
    };
    match look(&paths.state_before())? {
        Found::Whole(saved) => {
            let kept_as = put_aside(&state)?;
            let damage = Some(Damage { why, kept_as });
            Ok(Loaded { saved, damage })
        }
        Found::Absent => Err(damaged(state, [why])),
        Found::Damaged(before) => Err(damaged(state, [why, before])),
    }
}

/// Reads a dump.
///
/// Errors: what is wrong with it, or that there is none (ENOENT).
pub(super) fn read_dump(file: &Path) -> Result<Saved, DiskError> {
    let unusable = |why: String| DiskError::contents(file, why);
    let bytes = fs::read(file).map_err(|why| DiskError::new(file, &why))?;
    sealed::open(&bytes).map_err(|flaw| match flaw {
        Flaw::Damaged(why) => unusable(why),
        Flaw::Newer(version) => unusable(format!("a later wsd wrote it, in version {version}")),
    })
}

/// What lies at a path.
enum Found {
    Whole(Saved),
    Absent,
    Damaged(DiskError),
}

fn look(file: &Path) -> Result<Found, Unreadable> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Found::Absent),
        // A sector that cannot be read is damage like any other.
        Err(why) if why.raw_os_error() == Some(Errno::EIO as i32) => {
            return Ok(Found::Damaged(DiskError::new(file, &why)));
        }
        Err(why) => {
            let file = file.to_owned();
            return Err(Unreadable::Refused { file, why });
        }
    };
    match sealed::open(&bytes) {
        Ok(saved) => Ok(Found::Whole(saved)),
        Err(Flaw::Damaged(detail)) => Ok(Found::Damaged(DiskError::contents(file, detail))),
        Err(Flaw::Newer(version)) => Err(Unreadable::Newer {
            file: file.to_owned(),
            version,
        }),
    }
}

/// There is no latest generation: a new home, a crash between two renames, or somebody removed it.
fn load_without_latest(paths: &Paths) -> Result<Loaded, Unreadable> {
    let (state, before) = (paths.state(), paths.state_before());
    let saved = match look(&before)? {
        Found::Whole(saved) => saved,
        Found::Absent => {
            return Ok(Loaded {
                saved: Saved::default(),
                damage: None,
            });
        }
        Found::Damaged(why) => return Err(damaged(state, [why])),
    };
    let is_between_renames = matches!(look(&beside(&state)), Ok(Found::Whole(_)));
    let damage = (!is_between_renames).then(|| Damage {
        why: DiskError::new(state, &Errno::ENOENT.into()),
        kept_as: before,
    });
    Ok(Loaded { saved, damage })
}

/// Renames a damaged file to a name that nothing has; returns that.
///
/// The caller holds the home's lock, so nobody else looks for a name at the same time.
fn put_aside(file: &Path) -> Result<PathBuf, Unreadable> {
    let named = |number: u32| {
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".damaged-{number}"));
        PathBuf::from(name)
    };
    let free = (1..)
        .map(named)
        .find(|path| path.symlink_metadata().is_err());
    let kept_as = free.unwrap_or_else(|| named(0));
    fs::rename(file, &kept_as).map_err(|why| Unreadable::NotKept {
        file: file.to_owned(),
        why,
    })?;
    Ok(kept_as)
}

fn damaged(state: PathBuf, damages: impl Into<Vec<DiskError>>) -> Unreadable {
    Unreadable::Damaged {
        state,
        damages: damages.into(),
    }
}

/// What is wrong with each file, in words.
fn told(damages: &[DiskError]) -> String {
    let one = |damage: &DiskError| {
        let why = match damage.errno {
            Some(errno) => io::Error::from_raw_os_error(errno).to_string(),
            None => damage.detail.clone(),
        };
        format!("`{}` is damaged ({why})", damage.file.display())
    };
    damages.iter().map(one).collect::<Vec<_>>().join(" and ")
}
