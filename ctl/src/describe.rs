//! Everything about one instance, as rows of a name and a value.
//!
//! A row has the name that its value has in JSON, with a space for `_`.

mod handover;

use config::spec::{RestartDelay, RestartRule, Scope};
use protocol::view::{AppView, InstanceView, StateView};

use crate::ink::{Ink, Paint};
use crate::{memory, table, users, words};

/// How many of the last words of a dead run are shown.
const LAST_LINES_MAX: usize = 10;

/// The description of an instance as text, without a last line end.
pub(crate) fn drawn(app: &AppView, instance: &InstanceView, paint: Paint) -> String {
    let title = format!("{} (id {})", app.name, instance.id);
    let status = paint.with(table::ink(instance.state), instance.state.word());
    let mut lines = vec![format!("{}: {status}", paint.with(Ink::Strong, &title))];
    let rows = rows(app, instance);
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in rows {
        let name = paint.with(Ink::Faint, &format!("{name:width$}"));
        lines.push(format!("  {name}  {value}"));
    }
    lines.extend(last_lines(instance));
    lines.join("\n")
}

type Rows = Vec<(&'static str, String)>;

fn rows(app: &AppView, instance: &InstanceView) -> Rows {
    let mut rows = vec![("namespace", app.namespace.to_string())];
    rows.extend(life(app, instance));
    rows.extend(program(app, instance));
    rows.extend(rules(app));
    rows.extend(handover::rows(app, instance));
    rows.extend(files(app, instance));
    rows
}

/// What it is and what became of it.
fn life(app: &AppView, instance: &InstanceView) -> Rows {
    let mut rows = Vec::new();
    if let Some(pid) = instance.pid {
        rows.push(("pid", pid.to_string()));
        rows.extend(memory::resident(pid).map(|bytes| ("memory", words::bytes(bytes))));
    }
    rows.extend(
        instance
            .uptime
            .map(|uptime| ("uptime", words::span(uptime))),
    );
    rows.push(("restarts", instance.restarts.to_string()));
    let (deaths, limit) = instance.unstable;
    if app.restart.autorestart {
        rows.push(("early deaths", deaths.to_string()));
        rows.push(("gives up at", limit.to_string()));
    }
    if let Some(death) = &instance.last_death {
        rows.push(("last death", words::death(death)));
    } else if let Some(status) = instance.last_exit {
        rows.push(("last exit", status.to_string()));
    }
    rows.extend(next(app, instance).map(|next| ("next start", next)));
    rows
}

/// What comes next for an instance that is not where it should be, and which attempt that is.
fn next(app: &AppView, instance: &InstanceView) -> Option<String> {
    let attempt = instance.failures.saturating_add(1);
    match (instance.state, instance.next_in) {
        (StateView::Errored, _) => {
            let why = words::given_up(Some(&app.restart));
            Some(format!("none: {why}; start it when it is mended"))
        }
        (_, Some(wait)) => Some(format!("in {}, attempt {attempt}", words::span(wait))),
        (_, None) if instance.failures > 0 => Some(format!("this is attempt {attempt}")),
        (_, None) => None,
    }
}

fn program(app: &AppView, instance: &InstanceView) -> Rows {
    let exec = &app.exec;
    let mut rows = vec![("script", exec.script.display().to_string())];
    if !exec.args.is_empty() {
        rows.push(("args", shell_words::join(&exec.args)));
    }
    let interpreter = exec.interpreter.as_ref();
    let interpreter =
        interpreter.map_or_else(|| "none".to_owned(), |path| path.display().to_string());
    rows.push(("interpreter", interpreter));
    if !exec.interpreter_args.is_empty() {
        rows.push((
            "interpreter args",
            shell_words::join(&exec.interpreter_args),
        ));
    }
    rows.push(("cwd", app.cwd.display().to_string()));
    rows.push(("mode", words::mode(app.mode).to_owned()));
    let number = format!(
        "{} of {} ({})",
        instance.slot,
        words::count(app.instances.len(), "instance"),
        app.instance_var
    );
    rows.push(("instance", number));
    rows.extend(
        app.increment_var
            .as_ref()
            .map(|var| ("increment var", var.clone())),
    );
    rows.push((
        "user",
        users::name_of(app.uid.unwrap_or_else(users::own_uid)),
    ));
    rows
}

/// When it is started again, and when not.
fn again(rule: &RestartRule) -> String {
    let codes: Vec<String> = rule.stop_exit_codes.iter().map(i32::to_string).collect();
    let codes = codes.join(" or ");
    let has_codes = !codes.is_empty();
    match (rule.autorestart, rule.delay) {
        (false, _) if has_codes => format!("never; exit code {codes} is no failure"),
        (false, _) => "never".to_owned(),
        (true, delay) => {
            let wait = match delay {
                RestartDelay::Fixed(config::Span::ZERO) => "at once".to_owned(),
                RestartDelay::Fixed(delay) => format!("after {}", words::span(delay)),
                RestartDelay::Backoff(first) => {
                    format!("after {}, then longer", words::span(first))
                }
            };
            let unless = if has_codes {
                format!(", not after exit code {codes}")
            } else {
                String::new()
            };
            let early = words::span(rule.min_uptime);
            format!("{wait}{unless}; a run under {early} is an early death")
        }
    }
}

fn rules(app: &AppView) -> Rows {
    let again = again(&app.restart);
    let whom = match app.stop.scope {
        Scope::Leader => "the main process",
        Scope::Tree => "all its processes",
    };
    let stop = format!(
        "{} to {whom}, SIGKILL after {}",
        app.stop.signal,
        words::span(app.stop.timeout)
    );
    let mut rows = vec![("restart", again), ("stop", stop)];
    if app.ready.wait_ready {
        let within = words::span(app.ready.listen_timeout);
        rows.push(("ready", format!("when it says so, within {within}")));
    }
    rows
}

fn files(app: &AppView, instance: &InstanceView) -> Rows {
    let path = |path: &Option<std::path::PathBuf>| {
        path.as_ref()
            .map_or_else(|| "none".to_owned(), |path| path.display().to_string())
    };
    let logs = &instance.logs;
    let mut rows = vec![
        ("out file", path(&logs.out)),
        ("error file", path(&logs.err)),
    ];
    if logs.combined.is_some() {
        rows.push(("log file", path(&logs.combined)));
    }
    rows.extend(
        app.stamp
            .as_ref()
            .map(|stamp| ("log date format", stamp.clone())),
    );
    rows.push(("pid file", instance.pid_file.display().to_string()));
    if let Some(origin) = &app.origin {
        rows.push((
            "origin",
            format!("{}: {}", origin.file.display(), origin.place),
        ));
    }
    rows
}

/// The last words of the run that died last.
fn last_lines(instance: &InstanceView) -> Vec<String> {
    let Some(death) = instance
        .last_death
        .as_ref()
        .filter(|death| !death.last_lines.is_empty())
    else {
        return Vec::new();
    };
    let first = death.last_lines.len().saturating_sub(LAST_LINES_MAX);
    let last = death.last_lines.get(first..).unwrap_or_default();
    let quoted = last
        .iter()
        .map(|line| format!("    | {}", words::safe(line)));
    std::iter::once("  its last lines:".to_owned())
        .chain(quoted)
        .collect()
}
