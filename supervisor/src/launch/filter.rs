//! The filter on `bind` and `listen`, as the launcher puts it on itself.
//!
//! A process may do so where it has `CAP_SYS_ADMIN`, or where it has given up, for itself and all
//! that it starts, to gain privileges by what it executes. Root has the former and keeps the latter;
//! so this comes before the user is changed. An ordinary user must give up, which is not done for an
//! executable that would gain something.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use config::handover::NoNewPrivs;
use nix::libc;
use protocol::{Lack, LackOf};

use super::image::shebang;
use crate::sys::seccomp;

/// What the kernel keeps of a file's own capabilities. Source: capabilities(7).
const CAPABILITIES: &str = "security.capability";

/// Puts the filter on this process. Returns where its calls arrive, or why it has none.
///
/// `program` is what will be executed.
pub(super) fn install(rule: NoNewPrivs, program: &str) -> Result<OwnedFd, Lack> {
    match seccomp::install() {
        Ok(calls) => Ok(calls),
        Err(error) if error.raw_os_error() == Some(libc::EACCES) => {
            give_up_privileges(rule, program)?;
            seccomp::install().map_err(|error| no_filter(&error))
        }
        Err(error) => Err(no_filter(&error)),
    }
}

fn give_up_privileges(rule: NoNewPrivs, program: &str) -> Result<(), Lack> {
    if rule == NoNewPrivs::Never {
        return Err(lack(LackOf::Unwanted));
    }
    if let Some(file) = privileged(program) {
        return Err(lack(LackOf::Privileged { file }));
    }
    rustix::thread::set_no_new_privs(true).map_err(|errno| no_filter(&errno.into()))
}

/// The file by which the program would gain privileges: itself, or the interpreter of a script, of
/// which alone they count.
fn privileged(program: &str) -> Option<PathBuf> {
    let file = shebang(program).unwrap_or_else(|| program.to_owned());
    let file = PathBuf::from(file);
    has_privileges(&file).then_some(file)
}

fn has_privileges(file: &Path) -> bool {
    let changes_user = |about: fs::Metadata| about.mode() & (libc::S_ISUID | libc::S_ISGID) != 0;
    let has_capabilities = || rustix::fs::getxattr_query(file, CAPABILITIES).is_ok();
    fs::metadata(file).is_ok_and(changes_user) || has_capabilities()
}

fn no_filter(error: &io::Error) -> Lack {
    Lack {
        of: LackOf::Filter,
        errno: error.raw_os_error().unwrap_or(0),
    }
}

const fn lack(of: LackOf) -> Lack {
    Lack { of, errno: 0 }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_program_is_privileged_by_its_own_bits_and_a_script_by_its_interpreters() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, text: &str, mode: u32| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path.to_string_lossy().into_owned()
        };
        let plain = make("plain", "", 0o755);
        let setuid = make("setuid", "", 0o4755);
        let setgid = make("setgid", "", 0o2755);
        let script = make("script", &format!("#!{setuid}\n"), 0o755);
        let bits_of_a_script = make("bits", &format!("#!{plain}\n"), 0o4755);
        assert_eq!(privileged(&plain), None);
        assert_eq!(privileged("/no/such/file"), None);
        assert_eq!(privileged(&bits_of_a_script), None);
        for (program, file) in [(&setuid, &setuid), (&setgid, &setgid), (&script, &setuid)] {
            assert_eq!(privileged(program), Some(PathBuf::from(file)));
        }
    }
}
