//! How a run ended that nobody had asked to end.

use protocol::reply::{Death, DeathBy};
use protocol::{ExitStatus, LaunchError, LaunchStage};

use super::handover::{check_failure, not_listening};
use super::{errno, span};

/// ENOENT, EACCES and EMFILE, on every architecture that Linux runs on. Source: errno(3).
const NO_SUCH_FILE: i32 = 2;
const TOO_MANY_FILES: i32 = 24;
const PERMISSION_DENIED: i32 = 13;

/// What happened, in a few words: `exit code 1 after 120ms`.
pub(crate) fn death(death: &Death) -> String {
    lived(&death.how, death.lived)
}

/// How it ended and, where it ended by itself, how long it lived.
pub(crate) fn lived(how: &DeathBy, lived: config::Span) -> String {
    match how {
        DeathBy::Exit(_) => format!("{} after {}", end(how), span(lived)),
        DeathBy::Launch(_)
        | DeathBy::NotReady { .. }
        | DeathBy::NotListening { .. }
        | DeathBy::Unchecked { .. } => end(how),
    }
}

/// How it ended.
pub(crate) fn end(how: &DeathBy) -> String {
    match how {
        DeathBy::Exit(status) => ended(*status),
        DeathBy::Launch(error) => launch(error),
        DeathBy::NotReady { within } => {
            format!("it did not say that it is ready within {}", span(*within))
        }
        DeathBy::NotListening { within, at } => not_listening(*within, at),
        DeathBy::Unchecked { path, why } => check_failure(path, why),
    }
}

/// The step that failed, what it was done to, and the kernel's reason.
pub(crate) fn launch(error: &LaunchError) -> String {
    let on = visible(&error.on);
    let step = match error.stage {
        LaunchStage::Logs => format!("open the log file `{on}`"),
        LaunchStage::Descriptors => "make its pipes".to_owned(),
        LaunchStage::Spawn => "start the launcher".to_owned(),
        LaunchStage::Session => "make its session".to_owned(),
        LaunchStage::User => format!("become the user `{on}`"),
        LaunchStage::Cwd => format!("chdir `{on}`"),
        LaunchStage::Place => "place its descriptors".to_owned(),
        LaunchStage::Listen => format!("listen at `{on}`"),
        LaunchStage::Exec => format!("execute `{on}`"),
        LaunchStage::Vanished => return "the launcher ended without a word".to_owned(),
    };
    format!("{step}: {}", errno(error.errno))
}

/// What to do about a launch that failed, where that is known.
pub(crate) fn launch_hint(error: &LaunchError) -> Option<String> {
    let on = visible(&error.on);
    match (error.stage, error.errno) {
        (_, TOO_MANY_FILES) => Some(
            "the daemon may open no more files: raise its hard limit (`ulimit -Hn`, or \
             `LimitNOFILE=` of its unit) and start it anew"
                .to_owned(),
        ),
        (LaunchStage::Exec, NO_SUCH_FILE) if error.on.ends_with('\r') => Some(
            "the first line of the script ends in a carriage return, as on Windows: \
             `sed -i 's/\\r$//'` and its name mends it"
                .to_owned(),
        ),
        (LaunchStage::Exec, NO_SUCH_FILE) => Some(format!(
            "check that `{on}` is there, and that the interpreter in its first line is"
        )),
        (LaunchStage::Exec, PERMISSION_DENIED) => Some(format!(
            "make it executable (`chmod +x {on}`), or name an `interpreter`"
        )),
        (LaunchStage::Cwd, _) => Some("check `cwd`".to_owned()),
        (LaunchStage::Logs, _) => {
            Some("check `out_file` and `error_file`, and who may write there".to_owned())
        }
        (LaunchStage::Listen, _) => Some(
            "check `listen`: somebody else may have the address, or the app's user may not"
                .to_owned(),
        ),
        (LaunchStage::User, _) => Some("check `uid` and `gid`; the daemon must be root".to_owned()),
        (
            LaunchStage::Descriptors
            | LaunchStage::Spawn
            | LaunchStage::Session
            | LaunchStage::Place
            | LaunchStage::Exec
            | LaunchStage::Vanished,
            _,
        ) => None,
    }
}

/// What to do about a program that has said itself what is wrong, where that is known.
pub(crate) fn last_words_hint(last_lines: &[String]) -> Option<String> {
    let taken = |line: &String| {
        let line = line.to_lowercase();
        line.contains("eaddrinuse") || line.contains("address already in use")
    };
    last_lines.iter().any(taken).then(|| {
        "its port is taken; `ss -ltnp` shows by whom, and `wsctl list` whether it is an app"
            .to_owned()
    })
}

/// How a process ended, as the end of "it …": `exit code 1`, `killed by SIGSEGV`.
pub(crate) fn ended(status: ExitStatus) -> String {
    match status {
        ExitStatus::Code(_) => status.to_string(),
        ExitStatus::Signal { .. } => format!("killed by {status}"),
        ExitStatus::Unknown => "ended in an unknown way".to_owned(),
    }
}

/// A name in which what cannot be seen is written out.
fn visible(name: &str) -> String {
    let shown = |letter: char| {
        let hidden = letter.is_control();
        let escaped = hidden.then(|| letter.escape_default().to_string());
        escaped.unwrap_or_else(|| letter.to_string())
    };
    name.chars().map(shown).collect()
}

/// An app's line as it can be shown anywhere: without escape sequences and control characters, which
/// could move the cursor and repaint what is not theirs.
pub(crate) fn safe(line: &str) -> String {
    let bare = anstream::adapter::strip_str(line).to_string();
    bare.replace('\t', "    ")
        .chars()
        .filter(|letter| !letter.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use config::{Signal, Span};

    use super::*;

    #[test]
    fn a_port_that_is_taken_is_seen_in_the_words_of_node_python_and_go() {
        let hint = |line: &str| last_words_hint(&["at listen".to_owned(), line.to_owned()]);
        for line in [
            "  code: 'EADDRINUSE',",
            "OSError: [Errno 98] Address already in use",
            "listen tcp :8080: bind: address already in use",
        ] {
            assert!(hint(line).is_some(), "{line}");
        }
        assert_eq!(hint("Error: connect ECONNREFUSED 127.0.0.1:3306"), None);
    }

    #[test]
    fn each_death_says_what_how_and_after_how_long() {
        let said = |how| lived(&how, Span(120));
        assert_eq!(
            said(DeathBy::Exit(ExitStatus::Code(1))),
            "exit code 1 after 120ms"
        );
        let killed = ExitStatus::Signal {
            signal: Signal::KILL,
            core: false,
        };
        assert_eq!(said(DeathBy::Exit(killed)), "killed by SIGKILL after 120ms");
        let within = Span::secs(3);
        assert_eq!(
            said(DeathBy::NotReady { within }),
            "it did not say that it is ready within 3s"
        );
    }

    #[test]
    fn a_failed_launch_names_the_step_the_thing_and_the_reason() {
        let error = LaunchError {
            stage: LaunchStage::Cwd,
            on: "/srv/app".to_owned(),
            errno: PERMISSION_DENIED,
        };
        assert_eq!(launch(&error), "chdir `/srv/app`: permission denied");
        assert_eq!(launch_hint(&error).as_deref(), Some("check `cwd`"));
    }

    #[test]
    fn a_script_with_line_ends_of_windows_is_told_from_a_missing_interpreter() {
        let error = LaunchError {
            stage: LaunchStage::Exec,
            on: "/bin/sh\r".to_owned(),
            errno: NO_SUCH_FILE,
        };
        assert_eq!(
            launch(&error),
            "execute `/bin/sh\\r`: no such file or directory"
        );
        let hint = launch_hint(&error).unwrap();
        assert!(hint.contains("carriage return"), "{hint}");
    }

    #[test]
    fn an_apps_line_cannot_repaint_the_screen() {
        assert_eq!(safe("\u{1b}[31mred\u{1b}[0m\t\u{7}end\r"), "red    end");
    }
}
