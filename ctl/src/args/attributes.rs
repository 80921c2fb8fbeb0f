//! The attributes of an app as flags, under PM2's names.
//!
//! They are checked in one place only, the configuration's lowering: here they are texts that get
//! the name of their attribute. The flags that this program knows and does not heed are taken too,
//! unlisted, so that the lowering can say so by name.

use clap::{ArgAction, Args};
use serde_json::{Map, Value, json};

/// The attributes of an app, as flags.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Attributes of the app")]
pub(crate) struct Attributes {
    /// The group that it belongs to
    #[arg(long)]
    namespace: Option<String>,
    /// How many instances: a number, `max`, or `-n` for n fewer than there are CPUs
    #[arg(short, long, value_name = "N", allow_negative_numbers = true)]
    instances: Option<String>,
    /// Who runs the script; `none`: it runs itself
    #[arg(long, value_name = "PROGRAM")]
    interpreter: Option<String>,
    /// Arguments to the interpreter
    #[arg(
        long,
        visible_alias = "node-args",
        value_name = "ARGS",
        allow_hyphen_values = true
    )]
    interpreter_args: Option<String>,
    /// Its working folder
    #[arg(long, value_name = "FOLDER")]
    cwd: Option<String>,
    /// Withhold variables whose name contains TEXT; may be repeated
    #[arg(long, value_name = "TEXT")]
    filter_env: Vec<String>,
    /// The variable that is one higher in each instance
    #[arg(long, value_name = "VARIABLE")]
    increment_var: Option<String>,
    /// The variable that tells an instance its number
    #[arg(long, value_name = "VARIABLE")]
    instance_var: Option<String>,
    /// The variable PORT of its environment
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// A file with variables, one `NAME=value` a line; may be repeated
    #[arg(long, value_name = "FILE")]
    env_file: Vec<String>,
    /// Put the name of the chosen environment behind its name
    #[arg(long)]
    append_env_to_name: bool,
    /// The user that it runs as
    #[arg(short, long, visible_alias = "user", value_name = "USER")]
    uid: Option<String>,
    /// The group that it runs as
    #[arg(long, value_name = "GROUP")]
    gid: Option<String>,
    #[command(flatten)]
    life: Life,
    #[command(flatten)]
    passing: Passing,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    unheeded: Unheeded,
    /// What follows `--`: the arguments of the script
    #[arg(last = true, value_name = "ARGS", help_heading = "Arguments")]
    script_args: Vec<String>,
}

/// When it is started, restarted and stopped.
#[derive(Debug, Clone, Default, Args)]
struct Life {
    /// Register it without starting it
    #[arg(long)]
    no_autostart: bool,
    /// Do not start it again when it ends
    #[arg(long)]
    no_autorestart: bool,
    /// Exit codes after which it is not started again
    #[arg(long, value_name = "CODE", num_args = 1.., value_delimiter = ',')]
    stop_exit_codes: Vec<i32>,
    /// How many early deaths in a row make it give up
    #[arg(long, value_name = "N")]
    max_restarts: Option<String>,
    /// A run that lived so long was no early death
    #[arg(long, value_name = "TIME")]
    min_uptime: Option<String>,
    /// The wait before it is started again
    #[arg(long, value_name = "TIME")]
    restart_delay: Option<String>,
    /// The first wait before it is started again; each further one is longer
    #[arg(long, value_name = "TIME")]
    exp_backoff_restart_delay: Option<String>,
    /// The time from the signal that stops it to SIGKILL
    #[arg(short, long, value_name = "TIME")]
    kill_timeout: Option<String>,
    /// The signal that stops it
    #[arg(long, value_name = "SIGNAL")]
    kill_signal: Option<String>,
    /// Signal the main process only, not what it started
    #[arg(long)]
    no_treekill: bool,
    /// It says itself when it is ready
    #[arg(long)]
    wait_ready: bool,
    /// The time it has to say so
    #[arg(long, value_name = "TIME")]
    listen_timeout: Option<String>,
}

/// How one run passes to the next.
#[derive(Debug, Clone, Default, Args)]
struct Passing {
    /// How a reload replaces it: `auto`, `overlap`, `queue` or `off`
    #[arg(long, value_name = "MODE")]
    handover: Option<String>,
    /// What a successor must answer before clients reach it, as `/health`
    #[arg(long, value_name = "PATH")]
    reload_check: Option<String>,
    /// The time for what a replaced run has begun, while its successor serves
    #[arg(long, value_name = "TIME")]
    drain_timeout: Option<String>,
    /// A socket that it is given, as `3013`, `127.0.0.1:3013` or `unix:FILE`; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    listen: Vec<String>,
}

/// Where its output goes.
#[derive(Debug, Clone, Default, Args)]
struct Files {
    /// The file for standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
    /// The file for standard error
    #[arg(short, long, value_name = "FILE")]
    error: Option<String>,
    /// A file for both together, besides
    #[arg(short, long, value_name = "FILE", num_args = 0..=1, default_missing_value = "")]
    log: Option<String>,
    /// Write all instances to the same files
    #[arg(long)]
    merge_logs: bool,
    /// Stamp each line, as `YYYY-MM-DD HH:mm:ss Z`
    #[arg(long, value_name = "FORMAT")]
    log_date_format: Option<String>,
    /// Stamp each line with date and time
    #[arg(long)]
    time: bool,
    /// The file for the process id
    #[arg(short, long, value_name = "FILE")]
    pid: Option<String>,
}

/// What PM2 knows and the lowering answers with a warning, or with nothing where it has no meaning.
#[derive(Debug, Clone, Default, Args)]
struct Unheeded {
    #[arg(long, hide = true)]
    max_memory_restart: Option<String>,
    #[arg(short = 'c', long, alias = "cron", hide = true)]
    cron_restart: Option<String>,
    #[arg(long, hide = true, num_args = 0..=1, default_missing_value = "")]
    watch: Option<String>,
    #[arg(long, hide = true)]
    ignore_watch: Vec<String>,
    #[arg(long, hide = true)]
    watch_delay: Option<String>,
    #[arg(short = 'x', long, hide = true)]
    execute_command: bool,
    #[arg(long, hide = true)]
    disable_logs: bool,
    #[arg(long, hide = true)]
    log_type: Option<String>,
    #[arg(long, hide = true)]
    shutdown_with_message: bool,
    #[arg(long, hide = true, action = ArgAction::SetTrue)]
    no_vizion: bool,
    #[arg(long, hide = true)]
    no_pmx: bool,
    #[arg(long, hide = true)]
    no_automation: bool,
    #[arg(long, hide = true)]
    source_map_support: bool,
    #[arg(long, hide = true)]
    disable_source_map_support: bool,
    #[command(flatten)]
    strangers: Strangers,
}

/// PM2's flags that are no attributes of an app and do nothing here.
#[derive(Debug, Clone, Default, Args)]
struct Strangers {
    #[arg(short = 'w', long, hide = true)]
    write: bool,
    #[arg(long, hide = true, value_name = "N")]
    parallel: Option<String>,
    #[arg(long, hide = true, value_name = "EXTENSIONS")]
    ext: Option<String>,
    #[arg(long, hide = true, value_name = "FOLDER")]
    hp: Option<String>,
    #[arg(long, hide = true)]
    trace: bool,
    #[arg(long, hide = true)]
    v8: bool,
    #[arg(long, hide = true)]
    attach: bool,
    #[arg(long, hide = true)]
    no_daemon: bool,
}

impl Attributes {
    /// What was given, by the attributes' names in a configuration. Order: as in the help.
    pub(crate) fn given(&self) -> Map<String, Value> {
        let mut given = Given::default();
        given.text("namespace", &self.namespace);
        given.number("instances", &self.instances);
        given.text("interpreter", &self.interpreter);
        given.text("interpreter_args", &self.interpreter_args);
        given.text("cwd", &self.cwd);
        given.list("filter_env", &self.filter_env);
        given.text("increment_var", &self.increment_var);
        given.text("instance_var", &self.instance_var);
        given.number("port", &self.port);
        given.one_or_list("env_file", &self.env_file);
        given.on("append_env_to_name", self.append_env_to_name);
        given.number("uid", &self.uid);
        given.number("gid", &self.gid);
        given.list("args", &self.script_args);
        self.life.add_to(&mut given);
        self.passing.add_to(&mut given);
        self.files.add_to(&mut given);
        self.unheeded.add_to(&mut given);
        given.0
    }

    /// What was given and does nothing, with what does it instead.
    pub(crate) fn without_effect(&self) -> Vec<(&'static str, &'static str)> {
        self.unheeded.strangers.given()
    }
}

impl Strangers {
    fn given(&self) -> Vec<(&'static str, &'static str)> {
        let all = [
            (self.write, "--write", "a configuration is written by hand"),
            (
                self.parallel.is_some(),
                "--parallel",
                "all apps are started at once",
            ),
            (self.ext.is_some(), "--ext", "files are not watched"),
            (self.hp.is_some(), "--hp", "the home is WSD_HOME"),
            (self.trace, "--trace", "nothing is sent anywhere"),
            (self.v8, "--v8", "nothing is sent anywhere"),
            (self.attach, "--attach", "`wsctl logs` follows"),
            (
                self.no_daemon,
                "--no-daemon",
                "`wsd run` is the daemon in the foreground",
            ),
        ];
        let given = all.into_iter().filter(|(is_given, ..)| *is_given);
        given.map(|(_, flag, instead)| (flag, instead)).collect()
    }
}

impl Life {
    fn add_to(&self, given: &mut Given) {
        given.off("autostart", self.no_autostart);
        given.off("autorestart", self.no_autorestart);
        given.list("stop_exit_codes", &self.stop_exit_codes);
        given.number("max_restarts", &self.max_restarts);
        given.number("min_uptime", &self.min_uptime);
        given.number("restart_delay", &self.restart_delay);
        given.number("exp_backoff_restart_delay", &self.exp_backoff_restart_delay);
        given.number("kill_timeout", &self.kill_timeout);
        given.text("kill_signal", &self.kill_signal);
        given.off("treekill", self.no_treekill);
        given.on("wait_ready", self.wait_ready);
        given.number("listen_timeout", &self.listen_timeout);
    }
}

impl Passing {
    fn add_to(&self, given: &mut Given) {
        given.text("handover", &self.handover);
        given.text("reload_check", &self.reload_check);
        given.number("drain_timeout", &self.drain_timeout);
        given.list("listen", &self.listen);
    }
}

impl Files {
    fn add_to(&self, given: &mut Given) {
        given.text("out_file", &self.output);
        given.text("error_file", &self.error);
        given.text_or_true("log_file", &self.log);
        given.on("merge_logs", self.merge_logs);
        given.text("log_date_format", &self.log_date_format);
        given.on("time", self.time);
        given.text("pid_file", &self.pid);
    }
}

impl Unheeded {
    fn add_to(&self, given: &mut Given) {
        given.text("max_memory_restart", &self.max_memory_restart);
        given.text("cron_restart", &self.cron_restart);
        given.text_or_true("watch", &self.watch);
        given.list("ignore_watch", &self.ignore_watch);
        given.number("watch_delay", &self.watch_delay);
        given.on("execute_command", self.execute_command);
        given.on("disable_logs", self.disable_logs);
        given.text("log_type", &self.log_type);
        given.on("shutdown_with_message", self.shutdown_with_message);
        given.off("vizion", self.no_vizion);
        given.off("pmx", self.no_pmx);
        given.off("automation", self.no_automation);
        given.on("source_map_support", self.source_map_support);
        given.on(
            "disable_source_map_support",
            self.disable_source_map_support,
        );
    }
}

/// Attributes under their names.
#[derive(Debug, Default)]
struct Given(Map<String, Value>);

impl Given {
    fn text(&mut self, name: &str, value: &Option<String>) {
        if let Some(text) = value {
            self.0.insert(name.to_owned(), json!(text));
        }
    }

    /// A number where the text is one; else the text, which may have a unit or be wrong.
    fn number(&mut self, name: &str, value: &Option<String>) {
        if let Some(text) = value {
            let number = text.parse::<i64>().map(Value::from);
            self.0
                .insert(name.to_owned(), number.unwrap_or_else(|_| json!(text)));
        }
    }

    /// The text, or `true` where the flag came without one.
    fn text_or_true(&mut self, name: &str, value: &Option<String>) {
        if let Some(text) = value {
            let value = if text.is_empty() {
                json!(true)
            } else {
                json!(text)
            };
            self.0.insert(name.to_owned(), value);
        }
    }

    /// The text where there is one, the list where there are several.
    fn one_or_list(&mut self, name: &str, values: &[String]) {
        match values {
            [one] => self.text(name, &Some(one.clone())),
            several => self.list(name, several),
        }
    }

    fn list<T: serde::Serialize>(&mut self, name: &str, values: &[T]) {
        if !values.is_empty() {
            self.0.insert(name.to_owned(), json!(values));
        }
    }

    fn on(&mut self, name: &str, flag: bool) {
        if flag {
            self.0.insert(name.to_owned(), json!(true));
        }
    }

    fn off(&mut self, name: &str, flag: bool) {
        if flag {
            self.0.insert(name.to_owned(), json!(false));
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Cli, Command};
    use super::*;

    #[test]
    fn flags_become_attributes_under_their_names_in_a_file() {
        let given = given(&[
            "start",
            "app.js",
            "-n",
            "web",
            "-i",
            "2",
            "--kill-timeout",
            "3s",
            "--no-autorestart",
            "--stop-exit-codes",
            "0",
            "2",
            "-l",
            "--max-restarts",
            "4",
            "--",
            "--port",
            "1",
        ]);
        let expected = json!({
            "name": "web",
            "instances": 2,
            "args": ["--port", "1"],
            "autorestart": false,
            "stop_exit_codes": [0, 2],
            "max_restarts": 4,
            "kill_timeout": "3s",
            "log_file": true,
        });
        assert_eq!(Value::Object(given), expected);
    }

    #[test]
    fn fewer_instances_than_cpus_are_no_flag() {
        assert_eq!(
            given(&["start", "a.js", "-i", "-1"])["instances"],
            json!(-1)
        );
    }

    #[test]
    fn no_flag_is_no_attribute() {
        assert!(given(&["start", "app.js"]).is_empty());
    }

    fn given(typed: &[&str]) -> Map<String, Value> {
        let typed = std::iter::once("wsctl").chain(typed.iter().copied());
        let cli = Cli::try_parse_from(typed).unwrap_or_else(|error| panic!("{error}"));
        let Command::Start(args) = cli.command else {
            panic!("another verb");
        };
        args.given()
    }
}
