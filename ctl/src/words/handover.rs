//! How one run was replaced by the next, what was missing for it, and what to do about that.

use config::{Address, Span};
use nix::errno::Errno;
use protocol::{CheckFailure, Handed, Lack, LackOf, Mode, RunId, Tally};

use super::{count, ended, errno, safe, span};

/// The word for a way to replace a run.
pub(crate) const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Overlap => "overlap",
        Mode::Queue => "queue",
        Mode::Restart => "restart",
    }
}

/// What a way to replace a run means, as the end of "a reload: …".
pub(crate) const fn manner(mode: Mode) -> &'static str {
    match mode {
        Mode::Overlap => "its successor starts beside it and takes over when it is ready",
        Mode::Queue => "new connections wait while it ends and its successor starts",
        Mode::Restart => "it is stopped, then started",
    }
}

/// How an instance was replaced, as the end of "web (id 0): …".
///
/// `done` is what was asked for, in the past; `run` is the one that serves, `listens` where.
pub(crate) fn handed(
    done: &str,
    run: Option<RunId>,
    listens: &[Address],
    handed: &Handed,
) -> String {
    let mut facts = Vec::new();
    let word = match handed.mode {
        Mode::Overlap | Mode::Queue => "serves",
        Mode::Restart => "is up",
    };
    facts.extend(run.map(|run| format!("run {run} {word}")));
    facts.extend(meanwhile(listens, handed));
    facts.extend(tally(&handed.tally));
    let head = format!("{done} ({}) in {}", mode(handed.mode), span(handed.took));
    if facts.is_empty() {
        head
    } else {
        format!("{head}: {}", facts.join("; "))
    }
}

/// What those met who connected while no run served.
fn meanwhile(listens: &[Address], handed: &Handed) -> Option<String> {
    match handed.mode {
        Mode::Overlap => None,
        Mode::Queue => Some(format!("new connections waited {}", span(handed.pause))),
        Mode::Restart if !listens.is_empty() => {
            Some("new connections were refused meanwhile".to_owned())
        }
        Mode::Restart if !handed.lacks.is_empty() => {
            Some("if it listens, new connections were refused meanwhile".to_owned())
        }
        Mode::Restart => Some("it was not seen to listen".to_owned()),
    }
}

/// What became of the connections of the old run; empty where there were none left.
pub(crate) fn tally(tally: &Tally) -> Vec<String> {
    let many = |number: u32, noun: &str| {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        (number > 0).then(|| count(number, noun))
    };
    let kept = many(tally.adopted, "idle connection");
    let cut = many(tally.cut, "connection");
    let unknown = many(tally.cut_unknown, "WebSocket, stream or unknown connection");
    [
        kept.map(|number| format!("{number} kept")),
        cut.map(|number| format!("{number} cut in the middle of a request")),
        unknown.map(|number| format!("{number} cut")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What is missing for a hand-over without loss and what that means, as the end of "…: …".
pub(crate) fn lack(lack: &Lack) -> String {
    let what = match &lack.of {
        LackOf::Filter => {
            "no filter on `bind` and `listen` is allowed here, so its sockets cannot be kept"
        }
        LackOf::Privileged { file } => {
            let file = safe(&file.to_string_lossy());
            return format!(
                "`{file}` has privileges of its own, which a filter on `bind` and `listen` would \
                 take away, so it has none"
            );
        }
        LackOf::Unwanted => {
            "`no_new_privs` is `never`, and without it only root may put a filter on `bind` and \
             `listen`"
        }
        LackOf::Duplicate => "its sockets cannot be duplicated",
        LackOf::Trace => {
            "it cannot be traced, so its clients are not asked to leave, and busy kept-alive \
             connections are cut"
        }
        LackOf::Diagnosis => "the kernel does not tell which connections it has",
        LackOf::Stranger => "somebody else listens on the same port",
        LackOf::Selector => "the kernel cannot choose who gets a new connection",
        LackOf::Hold => {
            "no socket of the daemon can hold its new connections, so the old run got them until \
             its end"
        }
    };
    match lack.errno {
        0 => what.to_owned(),
        number => format!("{what} ({})", errno(number)),
    }
}

/// What to do about something that is missing, where that is known.
pub(crate) fn lack_hint(lack: &Lack) -> Option<String> {
    let hint = match (&lack.of, Errno::from_raw(lack.errno)) {
        (LackOf::Filter, Errno::EBUSY) => {
            "a container's runtime watches the same calls; run the daemon outside of it"
        }
        (LackOf::Filter, Errno::ENOSYS | Errno::EINVAL) => {
            "a kernel from 5.9 on has what it takes; gVisor has not"
        }
        (LackOf::Filter, Errno::EPERM | Errno::EACCES) => {
            "the container's policy forbids it; allow the call `seccomp` in its profile"
        }
        (LackOf::Duplicate, Errno::EPERM | Errno::EACCES) => {
            "in a container add the capability SYS_PTRACE; elsewhere look at `sysctl \
             kernel.yama.ptrace_scope`"
        }
        (LackOf::Privileged { file }, _) => {
            let file = safe(&file.to_string_lossy());
            return Some(format!(
                "run the daemon as root, or take them away where they are not needed (`getcap \
                 {file}`, `setcap -r {file}`)"
            ));
        }
        (LackOf::Unwanted, _) => {
            "leave `no_new_privs` out, unless the app calls sudo or the like; or run the daemon as \
             root"
        }
        (LackOf::Duplicate, Errno::ENOSYS) => "a kernel from 5.6 on has `pidfd_getfd`",
        (LackOf::Trace, _) => {
            "look for a debugger at the app, and at `sysctl kernel.yama.ptrace_scope`, which may \
             be 0 or 1"
        }
        (LackOf::Diagnosis, _) => "as root, `modprobe tcp_diag` and `modprobe unix_diag`",
        (LackOf::Stranger, _) => "`ss -ltnp` shows who",
        (LackOf::Filter | LackOf::Duplicate | LackOf::Selector | LackOf::Hold, _) => return None,
    };
    Some(hint.to_owned())
}

/// Why the check of a successor failed, as the end of "it …".
pub(crate) fn check_failure(path: &str, why: &CheckFailure) -> String {
    let path = safe(path);
    match why {
        CheckFailure::Status(status) => format!("it answered {status} to `{path}`"),
        CheckFailure::Late(within) => {
            format!("it did not answer `{path}` within {}", span(*within))
        }
        CheckFailure::Broken(number) => {
            format!("it could not be asked for `{path}`: {}", errno(*number))
        }
        CheckFailure::NotHttp => format!("what it answered to `{path}` is not HTTP"),
        CheckFailure::Ended(status) => {
            format!("it ended before it answered `{path}`: {}", ended(*status))
        }
        CheckFailure::NoPort => {
            format!("it listens on no TCP port at which `{path}` could be asked for")
        }
    }
}

/// Where a successor does not listen, as the end of "it …".
pub(crate) fn not_listening(within: Span, at: &[Address]) -> String {
    let within = span(within);
    match addresses(at) {
        None => format!("it did not listen within {within}"),
        Some(at) => format!("it did not listen at {at} within {within}"),
    }
}

/// Addresses in a row; none where there are none.
pub(crate) fn addresses(at: &[Address]) -> Option<String> {
    let shown: Vec<String> = at.iter().map(|at| safe(&at.to_string())).collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

#[cfg(test)]
mod tests {
    use protocol::ExitStatus;

    use super::*;

    fn passed(mode: Mode) -> Handed {
        Handed {
            mode,
            lacks: Vec::new(),
            tally: Tally::default(),
            pause: Span::millis(430),
            took: Span::millis(210),
        }
    }

    fn port() -> Vec<Address> {
        vec![Address::Tcp(([127, 0, 0, 1], 3013).into())]
    }

    #[test]
    fn a_hand_over_says_in_which_way_how_long_and_who_serves() {
        let said =
            |mode, listens: &[Address]| handed("reloaded", Some(RunId(12)), listens, &passed(mode));
        assert_eq!(
            said(Mode::Overlap, &port()),
            "reloaded (overlap) in 210ms: run 12 serves"
        );
        assert_eq!(
            said(Mode::Queue, &port()),
            "reloaded (queue) in 210ms: run 12 serves; new connections waited 430ms"
        );
        assert_eq!(
            said(Mode::Restart, &port()),
            "reloaded (restart) in 210ms: run 12 is up; new connections were refused meanwhile"
        );
        assert_eq!(
            said(Mode::Restart, &[]),
            "reloaded (restart) in 210ms: run 12 is up; it was not seen to listen"
        );
    }

    #[test]
    fn what_was_cut_is_counted() {
        let all = Tally {
            adopted: 3,
            cut: 1,
            cut_unknown: 2,
        };
        assert_eq!(
            tally(&all),
            [
                "3 idle connections kept",
                "1 connection cut in the middle of a request",
                "2 WebSocket, stream or unknown connections cut",
            ]
        );
        assert!(tally(&Tally::default()).is_empty());
    }

    #[test]
    fn a_lack_has_the_kernels_reason_where_there_is_one() {
        let of = |of, errno| lack(&Lack { of, errno });
        assert_eq!(
            of(LackOf::Duplicate, Errno::EPERM as i32),
            "its sockets cannot be duplicated (operation not permitted)"
        );
        assert_eq!(
            of(LackOf::Stranger, 0),
            "somebody else listens on the same port"
        );
    }

    #[test]
    fn a_hint_depends_on_the_kernels_reason() {
        let hint = |errno| {
            lack_hint(&Lack {
                of: LackOf::Filter,
                errno,
            })
        };
        assert!(
            hint(Errno::EBUSY as i32)
                .unwrap()
                .contains("container's runtime")
        );
        assert!(hint(Errno::ENOSYS as i32).unwrap().contains("5.9"));
        assert_eq!(hint(5), None);
    }

    #[test]
    fn each_failed_check_names_the_path_and_what_came() {
        let said = |why| check_failure("/health", &why);
        assert_eq!(
            said(CheckFailure::Status(500)),
            "it answered 500 to `/health`"
        );
        assert_eq!(
            said(CheckFailure::Late(Span::secs(10))),
            "it did not answer `/health` within 10s"
        );
        assert_eq!(
            said(CheckFailure::Broken(104)),
            "it could not be asked for `/health`: connection reset by peer"
        );
        assert_eq!(
            said(CheckFailure::Ended(ExitStatus::Code(1))),
            "it ended before it answered `/health`: exit code 1"
        );
    }

    #[test]
    fn addresses_that_are_missing_are_named() {
        assert_eq!(
            not_listening(Span::secs(10), &port()),
            "it did not listen at 127.0.0.1:3013 within 10s"
        );
        assert_eq!(
            not_listening(Span::secs(10), &[]),
            "it did not listen within 10s"
        );
    }
}
